"""evaluate: figures on the terminal, a report in the folder, and the line of research use."""

from riskmodel import RESEARCH_USE


def test_the_figures_are_printed_and_the_report_is_written(cli, simulated, model_folders, tmp_path):
    out = tmp_path / "evaluation"
    code, said, err = cli(
        "evaluate", simulated, "--model", model_folders["pre_infusion"], "--out", out,
        "--draws", 20,
    )  # fmt: skip
    assert code == 0, err
    assert "auroc 0." in said
    assert said.splitlines()[-1] == RESEARCH_USE
    assert (out / "report.html").is_file()


def test_an_unknown_definition_is_one_sentence(cli, one_sentence, small, model_folders, tmp_path):
    code, _, err = cli(
        "evaluate", small, "--model", model_folders["pre_infusion"], "--out", tmp_path / "e",
        "--definition", "nosuch",
    )  # fmt: skip
    assert code == 1
    one_sentence(err)
    assert "'nosuch' is unknown" in err
    assert not (tmp_path / "e").exists()
