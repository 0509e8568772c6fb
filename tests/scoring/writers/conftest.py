"""Score rows without a cohort, and batches in every form."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskmodel.scoring.batch.run import score_batch
from riskmodel.scoring.score_table import rows_of
from riskmodel.scoring.writers.formats import INFUSION, OUTCOME

TIMES = ["pre-infusion", "day-4"]


@pytest.fixture(scope="session")
def rows_with() -> Callable[..., pd.DataFrame]:
    """Scored rows at day 4; columns are said otherwise by name, one value or one a row."""

    def make(n: int = 1, **changes: object) -> pd.DataFrame:
        table = {
            "patient_id": [f"P{k}" for k in range(n)],
            "stage": "early",
            "status": "scored",
            "reason": "",
            "risk": 0.1,
            "risk_low": 0.05,
            "risk_high": 0.2,
            "risk_group": "intermediate",
            "model_name": "early",
            "model_version": "1",
            "definition": "astct-2024",
            "horizon_days": 14.0,
        }
        own = {INFUSION: pd.Timestamp("2024-03-01T10:00"), OUTCOME: "no_event"}
        for key in own:
            if key in changes:
                own[key] = changes.pop(key)
        hours = changes.pop("prediction_time_hours", 96.0)
        parts = {key: changes.pop(key) for key in list(changes) if key.startswith("contribution_")}
        rows = rows_of({**table, **changes}, n, None, hours).assign(**parts)
        for key, value in own.items():
            rows[key] = value
        return rows.astype({INFUSION: "datetime64[us]"})

    return make


@pytest.fixture(scope="session")
def models(model_folders: dict[str, Path]) -> list[Path]:
    return list(model_folders.values())


@pytest.fixture(scope="session")
def dated(simulated: Path, once: Callable[..., Path]) -> Path:
    """A hundred patients with infusion times but one, one out of scope, one without a name."""
    return once("dated", lambda top: _write(simulated, top / "cohort")) / "cohort"


def _write(simulated: Path, folder: Path) -> None:
    folder.mkdir()
    patients = pd.read_csv(simulated / "patients.csv", dtype=str).head(100)
    days = pd.date_range("2024-01-01T10:00:00Z", periods=len(patients), freq="D")
    patients["infusion_time"] = days.strftime("%Y-%m-%dT%H:%M:%SZ")
    patients.loc[2, "infusion_time"] = np.nan
    patients.loc[3, "disease"] = "SLE"
    ids = patients["patient_id"].copy()
    patients.loc[4, "patient_id"] = np.nan
    patients.to_csv(folder / "patients.csv", index=False)
    for name in ("labs", "events"):
        rows = pd.read_csv(simulated / f"{name}.csv", dtype=str)
        rows[rows["patient_id"].isin(ids)].to_csv(folder / f"{name}.csv", index=False)


@pytest.fixture(scope="session")
def scores(dated: Path, models: list[Path], once: Callable[..., Path]) -> pd.DataFrame:
    def fill(top: Path) -> None:
        score_batch(dated, models, TIMES, top / "scores.parquet", explain=True)

    return pd.read_parquet(once("scores", fill) / "scores.parquet")


@pytest.fixture(scope="session")
def written(dated: Path, models: list[Path]) -> Callable[[Path, str], Path]:
    """The batch of `scores` in another form, in several shards."""

    def write(out: Path, form: str) -> Path:
        score_batch(dated, models, TIMES, out, form=form, explain=True, rows_of_shard=9000)
        return out

    return write
