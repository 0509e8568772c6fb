"""What every command does around its one call."""

import pytest


@pytest.mark.parametrize("command", ["check", "label", "features", "score", "train"])
def test_structural_faults_end_with_one_sentence_and_no_file(
    cli, one_sentence, small, model_folders, tmp_path, command
):
    out = tmp_path / "out.csv"
    more = {
        "check": [],
        "label": ["--out", out],
        "features": ["--at", "day-1", "--out", out],
        "score": ["--model", model_folders["early"], "--at", "day-1", "--out", out],
        "train": ["--stage", "early", "--out", tmp_path / "model", "--no-track"],
    }[command]
    (small / "labs.csv").unlink()
    code, _, err = cli(command, small, *more)
    assert code == 1
    one_sentence(err)
    assert "labs.csv" in err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["small"]
