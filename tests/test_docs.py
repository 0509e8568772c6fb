"""The worked example of docs/retraining.md runs as it is printed."""

import os
import re
import shlex
import subprocess
import sys
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


def test_a_first_cohort_of_thirty_dirty_files_is_what_they_mean(
    checkout: Path, tmp_path: Path
) -> None:
    import importlib.util

    from riskmodel.cohort import read_cohort

    spec = importlib.util.spec_from_file_location("export", checkout / "docs" / "make_export.py")
    export = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(export)
    lines = commands(checkout / "docs" / "first_cohort.md")
    assert len(lines) == 7
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path, "RISKMODEL": str(checkout)}
    for line in lines:
        done = subprocess.run(
            ["bash", "-c", line], cwd=tmp_path, env=environment, text=True,
            stdin=subprocess.DEVNULL, capture_output=True,
        )  # fmt: skip
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        if "riskmodel map" in line:
            assert "'dates' of labs_P10.csv is '?'" in done.stderr
    assert len(list((tmp_path / "export").iterdir())) == 30
    cohort = read_cohort(tmp_path / "cohort")
    for code, who in enumerate(cohort.patient_id):
        expected = sorted(
            (24.0 * day - 2, name, value, 2 if sign else 0)
            for day, name, value, sign in export.results(int(who[1:]))
        )
        labs = cohort.labs[cohort.labs["patient"] == code]
        names = labs["analyte"].astype(str)
        rows = zip(labs["hours"], names, labs["value"], labs["comparator"], strict=True)
        found = sorted((h, a, round(v, 9), c) for h, a, v, c in rows)
        assert found == expected, who
    events = cohort.events.groupby("event", observed=True)["patient"].nunique()
    assert events.to_dict() == {"crs": 21, "tocilizumab": 14}
    with (tmp_path / "cohort" / "rejected.csv").open() as file:
        assert {line.split(",")[4] for line in file} == {"reason", "value_sentinel"}
