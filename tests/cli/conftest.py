"""The commands as a user runs them: the entry point in this process, and a cohort to be broken."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from riskmodel.cli import main


def run(capfd: pytest.CaptureFixture[str], monkeypatch, *words: object) -> tuple[int, str, str]:
    """Run the entry point in this process and return its exit code and both outputs."""
    monkeypatch.setattr("sys.argv", ["riskmodel", *map(str, words)])
    with pytest.raises(SystemExit) as stop:
        main()
    out, err = capfd.readouterr()
    return int(stop.value.code or 0), out, err


@pytest.fixture
def cli(capfd, monkeypatch):
    """Run a command of the command line."""
    return lambda *words: run(capfd, monkeypatch, *words)


@pytest.fixture
def small(simulated: Path, tmp_path: Path) -> Path:
    """A copy of the simulated cohort's first patients, to be broken by the test."""
    folder = tmp_path / "small"
    folder.mkdir()
    patients = pd.read_csv(simulated / "patients.csv", dtype=str).head(12)
    patients.to_csv(folder / "patients.csv", index=False)
    for name in ("labs", "events"):
        rows = pd.read_csv(simulated / f"{name}.csv", dtype=str)
        kept = rows[rows["patient_id"].isin(patients["patient_id"])]
        kept.to_csv(folder / f"{name}.csv", index=False)
    return folder


@pytest.fixture(scope="session")
def one_sentence() -> Callable[[str], None]:
    """The refusal is text for a person: no traceback, and it ends in a full stop."""

    def check(err: str) -> None:
        assert "Traceback" not in err
        last = err.strip().splitlines()[-1]
        assert last.startswith("Error: ")
        assert last.endswith(".")

    return check
