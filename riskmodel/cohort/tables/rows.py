"""A cohort from rows in memory: a request's body, a form, a pasted table."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from riskmodel.cohort.frames import MISSING
from riskmodel.cohort.notation import PLAIN, notation_of
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.schema import COLUMNS, Cohort
from riskmodel.cohort.tables.read import assemble

Rows = Iterable[Mapping[str, Any]]


def cell(value: Any) -> str | None:
    """A value as a CSV file would hold it, None for unknown.

    Examples
    --------
    >>> cell(3.0), cell(0.1), cell(True), cell("  "), cell(None)
    ('3', '0.1', '1', None, None)
    """
    if value is None:
        return None
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value).strip() or None


def frame(rows: Rows, table: str) -> pd.DataFrame:
    """A table of text, as a CSV file is read."""
    columns: dict[str, list[str | None]] = {name: [] for name in COLUMNS[table]}
    held = list(rows)
    for name in dict.fromkeys(name for row in held for name in row):
        columns.setdefault(name, [])
    for row in held:
        for name, column in columns.items():
            text = cell(row.get(name))
            known = name == "patient_id" or text not in MISSING
            column.append(text if known else None)
    return pd.DataFrame({n: pd.Series(column, dtype="str") for n, column in columns.items()})


def cohort_of(patients: Rows, labs: Rows = (), events: Rows = (), *, decimal: str = "") -> Cohort:
    """The cohort of three tables of rows.

    Rows of one patient are never read by those of another: a text has a decimal point, and
    ``1,234`` is refused unless `decimal` tells its decimal sign.
    """
    frames = {
        "patients": frame(patients, "patients"),
        "labs": frame(labs, "labs"),
        "events": frame(events, "events"),
    }
    return assemble(frames, Rejections(), "request", notation_of({}, decimal) if decimal else PLAIN)
