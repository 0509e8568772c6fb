"""simulate: the same seed gives the same bytes, and what goes with what."""


def test_the_same_seed_gives_the_same_bytes(cli, tmp_path):
    for name in ("a", "b"):
        code, said, _ = cli(
            "simulate", tmp_path / name, "--patients", 5, "--seed", 3, "--products", "axi-cel"
        )
        assert code == 0
        assert "Wrote 5 simulated patients (world literature, seed 3, products axi-cel)" in said
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert "truth.csv" in names
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_what_goes_with_what(cli, tmp_path):
    for words in (
        [],
        [tmp_path / "out"],
        ["--patients", "5"],
        [tmp_path / "out", "--patients", "5", "--seed", "1", "--world", "nosuch"],
        ["--report", tmp_path / "page.pdf"],
    ):
        assert cli("simulate", *words)[0] == 2
    assert list(tmp_path.iterdir()) == []
