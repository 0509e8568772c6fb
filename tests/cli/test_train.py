"""train: refused before any work, and a folder that scores."""

import pandas as pd

from riskmodel import RESEARCH_USE


def test_train_then_score_from_the_folder(cli, simulated, small, tiny_design, tmp_path):
    model, scores = tmp_path / "model", tmp_path / "scores.csv"
    code, out, err = cli(
        "train", simulated, "--stage", "pre_infusion", "--labels", "adjudicated",
        "--design", tiny_design, "--out", model, "--no-track",
    )  # fmt: skip
    assert code == 0, err
    assert "auroc" in out
    assert RESEARCH_USE in out
    code, out, err = cli("score", small, "--model", model, "--at", "pre-infusion", "--out", scores)
    assert code == 0, err
    table = pd.read_csv(scores)
    assert len(table) == 12
    assert table["risk"].between(0, 1).all()
    assert (table["definition"] == "adjudicated").all()
    assert table["note"].str.contains("Trained on simulated patients").all()


def test_a_cohort_without_events_cannot_be_trained_on(cli, one_sentence, small, tmp_path):
    events = pd.read_csv(small / "events.csv", dtype=str)
    events[events["event"] != "iec_hs"].to_csv(small / "events.csv", index=False)
    code, _, err = cli(
        "train", small, "--stage", "pre_infusion", "--labels", "adjudicated",
        "--out", tmp_path / "model", "--no-track",
    )  # fmt: skip
    assert code == 1
    one_sentence(err)
    assert "no event to train on" in err
    assert not (tmp_path / "model").exists()


def test_training_is_refused_before_any_work(cli, one_sentence, simulated, tmp_path, monkeypatch):
    """A place, name, store, definition or design that cannot be used costs no training."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    words = ["train", simulated, "--stage", "pre_infusion", "--design", "quick"]
    for more, part in (
        (["--out", tmp_path / "file"], "is a file"),
        (["--out", tmp_path / "file" / "model"], "is a file"),
        (["--out", "m", "--register", "a/b"], "'a/b' is not usable"),
        (["--out", "m", "--definition", "nosuch"], "'nosuch' is unknown"),
        (
            ["--out", "m", "--design", "nosuch"],
            "Shipped: day-21, day-30, default, leave-one-centre-out, quick, shipped",
        ),
    ):
        code, _, err = cli(*words, *more)
        assert code == 1, more
        one_sentence(err)
        assert part in err
        assert "cross-validation" not in err
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "foo://user:secret@host")
    code, _, err = cli(*words, "--out", "m")
    assert code == 1
    one_sentence(err)
    assert "secret" not in err
    assert not (tmp_path / "m").exists()


def test_a_folder_that_is_no_model_is_never_overwritten(
    cli, one_sentence, simulated, tiny_design, tmp_path
):
    treasure = tmp_path / "thesis"
    treasure.mkdir()
    (treasure / "chapter.txt").write_text("years of work")
    code, _, err = cli(
        "train", simulated, "--stage", "pre_infusion", "--design", tiny_design,
        "--out", treasure, "--no-track",
    )  # fmt: skip
    assert code == 1
    one_sentence(err)
    assert (treasure / "chapter.txt").read_text() == "years of work"
