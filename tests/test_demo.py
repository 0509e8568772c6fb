"""The demo, smaller: everything its table names is there, and running it again is safe."""

import re
from pathlib import Path

import pytest

from riskmodel import RESEARCH_USE
from riskmodel.demo import run_demo
from riskmodel.errors import SchemaError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An empty working folder with MLflow's default store."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    yield tmp_path
    import mlflow

    mlflow.set_tracking_uri(None)


def test_everything_in_the_table_exists(folder, capsys):
    run_demo(Path("out"), patients=150, seed=4)
    out = capsys.readouterr().out
    named = re.findall(r"(out/\S*[^\s,])", out)
    assert len(named) > 12
    assert [path for path in named if not (folder / path).exists()] == []
    assert RESEARCH_USE in out
    assert "simulated patients" in out
    assert out.rstrip("\n") == (folder / "out" / "summary.txt").read_text().rstrip("\n")


def test_a_folder_that_is_not_the_demos_is_left_alone(folder):
    (folder / "mine").mkdir()
    (folder / "mine" / "notes.txt").write_text("keep")
    with pytest.raises(SchemaError, match="did not make"):
        run_demo(Path("mine"))
    assert [p.name for p in (folder / "mine").iterdir()] == ["notes.txt"]
