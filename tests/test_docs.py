"""The worked example of docs/retraining.md runs as it is printed."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from riskmodel.cli import app


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty working folder with MLflow's default store."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    yield tmp_path
    import mlflow

    mlflow.set_tracking_uri(None)


def commands(page: Path) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def said(line: str) -> str:
    """What a line prints: one command, or a second one where the first is refused.

    In this process: a shell would import MLflow anew for each of them.
    """
    for command in line.split(" || "):
        program, *arguments = shlex.split(command)
        assert program == "riskmodel"
        done = CliRunner().invoke(app, arguments)
        if done.exit_code == 0:
            return done.stdout
    raise AssertionError(f"{line}\n{done.output}\n{done.exception}")


def test_the_worked_example_runs(checkout: Path, folder: Path) -> None:
    lines = commands(checkout / "docs" / "retraining.md")
    assert len(lines) > 10
    told = {line: said(line) for line in lines}
    assert (folder / "evaluation" / "report.html").is_file()
    assert (folder / "monitoring.html").is_file()
    (monitored,) = [text for line, text in told.items() if line.startswith("riskmodel monitor")]
    assert "False-alarm rate" in monitored
    (last,) = [text for line, text in told.items() if "--rollback" in line]
    assert "models:/centre@champion is version 1" in last


@pytest.mark.filterwarnings("ignore::riskmodel.models.estimator.FewEventsWarning")
@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::FutureWarning"
)  # of shap's drawing
def test_the_page_for_python_runs(checkout: Path, folder: Path) -> None:
    text = (checkout / "docs" / "python.md").read_text(encoding="utf-8")
    found: dict[str, object] = {}
    try:
        for block in re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL):
            exec(block, found)
    finally:
        import matplotlib.pyplot as plt
        import sklearn

        sklearn.set_config(enable_metadata_routing=False)
        plt.close("all")
    assert len(found["scores"]) == 1
    assert found["found"].shape[0] == len(found["known"])
