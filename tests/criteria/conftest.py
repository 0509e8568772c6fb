"""Small cohorts from one line of text a patient.

``ferritin@24=>10000; ast@24=130/40; death@120; iec_hs@168#3`` is a ferritin above 10,000 at hour
24, an AST of 130 with an upper limit of 40, a death, an onset of grade 3. ``anc@0:312:24=3``
repeats from hour 0 to 312 every 24 hours. ``fibrinogen@24=1.7[g/L]`` is in another unit, and
``fibrinogen@24=170/200-400`` has a lower limit too. ``{normal}`` and ``{onset}`` are written out
below.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskmodel.cohort import Cohort, analytes
from riskmodel.cohort.schema import COMPARATORS, EVENT_COLUMNS, EVENT_NAMES, LAB_COLUMNS
from riskmodel.cohort.units import resolve

_NORMAL = {
    "ferritin": "500",
    "ast": "20",
    "alt": "20",
    "fibrinogen": "300",
    "anc": "3",
    "hemoglobin": "12",
    "platelets": "200",
}
_SHORT = {
    "{normal}": "; ".join(f"{name}@0:312:24={value}" for name, value in _NORMAL.items()),
    "{onset}": "ferritin@24=20000; fibrinogen@24=100; cytopenia_anc@24; cytopenia_platelets@24",
}
_ENTRY = re.compile(
    r"(\w+)@([-.:\d]+)(?:=(<=|>=|<|>|)([^#/\[]*))?(?:\[([^]]+)\])?"
    r"(?:/(?:([\d.]+)-)?([\d.]+))?(?:#(\d))?"
)


def _hours(text: str) -> list[float]:
    parts = [float(part) for part in text.split(":")]
    if len(parts) == 1:
        return parts
    first, last, step = parts
    return list(np.arange(first, last + step / 2, step))


def _read(code: int, line: str, labs: list[tuple], events: list[tuple]) -> None:
    for short, long in _SHORT.items():
        line = line.replace(short, long)
    for entry in filter(None, (part.strip() for part in line.split(";"))):
        match = _ENTRY.fullmatch(entry)
        assert match, f"unreadable record '{entry}'"
        name, when, comparator, value, unit, lower, limit, grade = match.groups()
        for hours in _hours(when):
            if name in analytes():
                reference = float(limit) if limit else np.nan
                bound = COMPARATORS[comparator or ""]
                low = float(lower) if lower else np.nan
                factor = resolve(name, "", unit).factor if unit else 1.0
                labs.append((code, hours, name, float(value) * factor, bound, low, reference))
            else:
                assert name in EVENT_NAMES, name
                graded = float(grade) if grade else np.nan
                events.append((code, hours, name, graded, value or ""))


def build(lines: Sequence[str], targets: Sequence[str | None] | None = None) -> Cohort:
    """A cohort of one patient a line; `targets` are their target antigens."""
    labs: list[tuple] = []
    events: list[tuple] = []
    for code, line in enumerate(lines):
        _read(code, line, labs, events)
    wanted = list(targets) if targets is not None else ["CD19"] * len(lines)
    patients = pd.DataFrame(
        {
            "patient_id": pd.Series([f"P{k:03d}" for k in range(len(lines))], dtype="str"),
            "target_antigen": pd.Series(wanted, dtype="str"),
        }
    )
    return Cohort(patients, _labs(labs), _events(events))


def _labs(rows: list[tuple]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(LAB_COLUMNS)).astype(
        {"patient": "int64", "hours": "float64", "value": "float64", "comparator": "int8"}
        | {"reference_low": "float64", "reference_high": "float64"}
    )
    table["analyte"] = pd.Categorical(table["analyte"], categories=list(analytes()))
    return table.sort_values(
        ["patient", "hours", "analyte", "value", "comparator"], ignore_index=True
    )


def _events(rows: list[tuple]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(EVENT_COLUMNS)).astype(
        {"patient": "int64", "hours": "float64", "grade": "float64", "value": "str"}
    )
    table["event"] = pd.Categorical(table["event"], categories=sorted(EVENT_NAMES))
    return table.sort_values(list(EVENT_COLUMNS), ignore_index=True)


@pytest.fixture(scope="session")
def cohort_of() -> Callable[..., Cohort]:
    """`build`, for tests and for hypothesis."""
    return build


@pytest.fixture(scope="session")
def golden() -> pd.DataFrame:
    """The table of edges: one row an edge, all columns text."""
    path = Path(__file__).parent / "definitions" / "golden_astct_2024.csv"
    return pd.read_csv(path, dtype="str", keep_default_na=False)
