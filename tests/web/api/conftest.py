"""The first patients of the simulated cohort as a request's body."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

Body = dict[str, list[dict[str, object]]]


def body_of(folder: Path, patients: int) -> Body:
    """The first patients of a cohort folder as a request's body, numbers as numbers."""
    found = {}
    chosen = pd.read_csv(folder / "patients.csv", dtype=str).head(patients)["patient_id"]
    for table in ("patients", "labs", "events"):
        rows = pd.read_csv(folder / f"{table}.csv", dtype=str)
        rows = rows[rows["patient_id"].isin(chosen)]
        found[table] = [
            {key: _cell(key, value) for key, value in row.items() if isinstance(value, str)}
            for row in rows.to_dict(orient="records")
        ]
    return found


def _cell(name: str, text: str) -> object:
    if name in ("hours_from_infusion", "reference_low", "reference_high", "age_years", "grade"):
        return float(text)
    try:
        return text if name in ("patient_id", "unit", "time", "infusion_time") else float(text)
    except ValueError:
        return text


@pytest.fixture(scope="session")
def body(simulated: Path) -> Body:
    return body_of(simulated, 4)


@pytest.fixture(scope="session")
def bodies(simulated: Path) -> Callable[[int], Body]:
    """The body of as many patients as asked for."""
    return lambda patients: body_of(simulated, patients)
