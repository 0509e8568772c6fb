"""The MLflow project of training/, run by `mlflow run` in a process of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def project(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the folder, so that what a run writes stays out of the checkout."""
    folder = tmp_path_factory.mktemp("project") / "training"
    shutil.copytree(checkout / "training", folder)
    return folder


def run(project: Path, entry: str, **parameters: object) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(BIN), os.environ.get("PATH", "")])
    # A run or experiment of an earlier test is not this project's.
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")}
    environment = {
        **inherited,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PATH": path,
        "MLFLOW_TRACKING_URI": f"sqlite:///{project.parent / 'mlflow.db'}",
    }
    given = [part for key, value in parameters.items() for part in ("-P", f"{key}={value}")]
    command = [BIN / "mlflow", "run", ".", "-e", entry, *given, "--env-manager", "local"]
    return subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False
    )


def test_the_project_trains_registers_and_scores(
    project: Path, simulated: Path, tiny_design: Path
) -> None:
    trained = run(
        project, "train", cohort=simulated, stage="pre_infusion", design=tiny_design,
        register="from-project",
    )  # fmt: skip
    assert trained.returncode == 0, trained.stderr
    assert (project / "trained-model" / "model.json").is_file()
    scored = run(
        project, "score", cohort=simulated, model="models:/from-project@champion",
        at="pre-infusion", out=project.parent / "scores.csv",
    )  # fmt: skip
    assert scored.returncode == 0, scored.stderr
    scores = pd.read_csv(project.parent / "scores.csv")
    assert scores["risk"].between(0, 1).any()
    assert set(scores["model_version"].astype(str)) == {"1"}


def test_the_projects_at_the_top_and_in_training_are_one(checkout: Path) -> None:
    for name in ("MLproject", "python_env.yaml"):
        assert (checkout / name).read_text() == (checkout / "training" / name).read_text()


def test_every_entry_point_is_a_command(checkout: Path) -> None:
    from typer.main import get_command

    from riskmodel.cli import app

    commands = get_command(app).commands  # type: ignore[attr-defined]
    project = yaml.safe_load((checkout / "training" / "MLproject").read_text(encoding="utf-8"))
    assert set(project["entry_points"]) == {"train", "evaluate", "score", "promote"}
    for name, entry in project["entry_points"].items():
        program, command, *_ = entry["command"].split()
        assert (program, command) == ("riskmodel", name)
        assert command in commands
