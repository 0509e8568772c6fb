"""promote: what goes with what; the gate itself is tested in the room training."""


def test_a_version_or_rollback_and_not_both(cli):
    code, _, err = cli("promote", "centre")
    assert code == 2
    assert "VERSION is missing" in err
    code, _, err = cli("promote", "centre", "2", "--rollback")
    assert code == 2
    assert "--rollback goes with NAME and --why alone" in " ".join(err.split())


def test_a_model_that_is_not_registered_is_one_sentence(cli, one_sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    code, _, err = cli("promote", "nobody", "1")
    assert code == 1
    one_sentence(err)
    assert "nobody" in err
