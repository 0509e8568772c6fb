"""A cohort from rows in memory: a request's body, a form, a pasted table."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from riskmodel.cohort.frames import MISSING
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.schema import COLUMNS
from riskmodel.cohort.tables.cohort import Cohort, assemble
from riskmodel.cohort.tables.data_frames import cell
from riskmodel.cohort.written.notation import PLAIN, notation_of

Rows = Iterable[Mapping[str, Any]]


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
