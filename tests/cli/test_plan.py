"""plan: sizes on the terminal, wrong numbers as wrong usage."""


def test_the_sizes_are_printed(cli):
    code, said, _ = cli("plan", "--prevalence", 0.2, "--parameters", 30, "--auroc", 0.78,
                        "--per-month", 10)  # fmt: skip
    assert code == 0
    assert "Development, 30 parameters, prevalence 20.0%, AUROC 0.78" in said
    assert "1,545 patients    309 events   155 months" in said
    assert "External validation, threshold 10%" in said


def test_wrong_numbers_are_wrong_usage(cli):
    for words in (
        ["--prevalence", 20, "--parameters", 5, "--auroc", 0.8],
        ["--prevalence", 0.2, "--parameters", 0, "--auroc", 0.8],
        ["--prevalence", 0.2, "--parameters", 5, "--auroc", 0.4],
        ["--prevalence", 0.2, "--parameters", 5],
    ):
        code, said, _ = cli("plan", *words)
        assert code == 2
        assert "patients" not in said
