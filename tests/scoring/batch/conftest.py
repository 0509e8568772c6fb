"""A cohort with one of every fault, and a run of it that nothing disturbed."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from riskmodel.scoring.batch.run import score_batch

TIMES = ["pre-infusion", "day-4", "today"]
ROWS = 1200


@pytest.fixture(scope="session")
def models(model_folders: dict[str, Path]) -> list[Path]:
    return list(model_folders.values())


@pytest.fixture(scope="session")
def hostile(simulated: Path, once: Callable[..., Path]) -> Path:
    """Two dozen patients, their rows out of order, and one of every fault between them."""
    return once("hostile", lambda top: _write(simulated, top / "cohort")) / "cohort"


def _write(simulated: Path, folder: Path) -> None:
    folder.mkdir()
    tables = {name: pd.read_csv(simulated / f"{name}.csv", dtype=str) for name in
              ("patients", "labs", "events")}  # fmt: skip
    ids = tables["patients"]["patient_id"].head(24)
    kept = {n: t[t["patient_id"].isin(ids)] for n, t in tables.items()}
    patients = kept["patients"].copy()
    patients.loc[patients.index[3], "age_years"] = "fifty"
    patients.loc[patients.index[4], "patient_id"] = "=cmd|'/c'!A1"
    patients.loc[patients.index[5], "patient_id"] = " S00001 "
    patients.loc[patients.index[5], "disease"] = "MM"
    patients.loc[patients.index[6], "patient_id"] = ""
    patients.loc[patients.index[7], "product"] = "Someone's; own product"
    patients.loc[patients.index[8], "disease"] = "SLE"
    patients = pd.concat([patients, patients.iloc[[10]]])
    labs = kept["labs"].sample(frac=1, random_state=3)
    labs.iloc[5, labs.columns.get_loc("value")] = "lots"
    labs.iloc[6, labs.columns.get_loc("unit")] = "furlong"
    labs.iloc[7, labs.columns.get_loc("patient_id")] = "nobody"
    labs.iloc[8, labs.columns.get_loc("patient_id")] = ""
    labs.iloc[9, labs.columns.get_loc("hours_from_infusion")] = "noon"
    patients.to_csv(folder / "patients.csv", index=False)
    labs.to_csv(folder / "labs.csv", index=False)
    kept["events"].sample(frac=1, random_state=4).to_csv(folder / "events.csv", index=False)
    with (folder / "events.csv").open("a") as file:
        file.write("S00002,fever,1,2,3,4,5\nS00002,flying,30.0,,\n")


@pytest.fixture(scope="session")
def batch() -> Callable[..., object]:
    """`score_batch` at three times, in shards of a few patients, with contributions."""

    def run(folder: Path, models: list[Path], out: Path, **options: object) -> object:
        options = {"rows_of_shard": ROWS, "explain": True} | options
        return score_batch(folder, models, TIMES, out, **options)

    return run


@pytest.fixture(scope="session")
def complete(batch, hostile, models, once) -> tuple[Path, dict]:
    """The output of a run that nothing disturbed, alone in its folder, and its manifest."""

    def fill(top: Path) -> None:
        made = batch(hostile, models, top / "alone" / "scores.csv").manifest
        (top / "returned.json").write_text(json.dumps(made), encoding="utf-8")

    top = once("complete", fill)
    return top / "alone" / "scores.csv", json.loads((top / "returned.json").read_text())
