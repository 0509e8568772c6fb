"""From rows of a request to a cohort, by the way of every reader: `riskmodel.cohort`."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd
from pydantic import BaseModel

from riskmodel.cohort import MISSING, REASONS, Cohort, Rejections, assemble
from riskmodel.web.api.bodies import Records
from riskmodel.web.problems import ProblemError
from riskmodel.web.settings import Limits

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "patients": ("patient_id",),
    "labs": ("patient_id", "hours_from_infusion", "time", "analyte", "loinc_code", "value",
             "comparator", "unit", "reference_low", "reference_high"),
    "events": ("patient_id", "event", "hours_from_infusion", "time", "grade", "value"),
}  # fmt: skip
"""Columns that a table has also without a row."""

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


def cohort_of(patients: Rows, labs: Rows = (), events: Rows = ()) -> Cohort:
    """The cohort of three tables of rows."""
    frames = {
        "patients": frame(patients, "patients"),
        "labs": frame(labs, "labs"),
        "events": frame(events, "events"),
    }
    return assemble(frames, Rejections(), "request")


def cohort_of_records(records: Records, limits: Limits) -> Cohort:
    """The cohort of a request's body.

    Raises
    ------
    ProblemError
        When it has more rows than one request may have.
    """
    total = len(records.labs) + len(records.events)
    if total > limits.rows:
        raise ProblemError(
            413,
            f"The request has {total:,} results and events; one request takes {limits.rows:,}. "
            "Send some patients at a time.",
        )
    return cohort_of(*map(_rows, (records.patients, records.labs, records.events)))


def _rows(rows: Iterable[BaseModel]) -> list[dict[str, Any]]:
    return [row.model_dump(exclude_none=True) for row in rows]


def rejected(cohort: Cohort) -> list[dict[str, Any]]:
    """Rows and cells of a request that could not be used, with their field and reason."""
    return [
        {
            "field": f"{table}[{int(row) - 1}]" + (f".{column}" if column else ""),
            "reason": reason,
            "detail": f"It {REASONS[reason]}" + (f" ({detail})." if detail else "."),
        }
        for table, row, column, reason, detail in rejections(cohort)
    ]


def rejections(cohort: Cohort) -> Iterator[tuple[str, str, str, str, str]]:
    """Table, row, column, reason and detail of each rejection, as text."""
    found = cohort.rejected[["table", "row", "column", "reason", "detail"]].astype("str")
    for row in found.to_numpy(dtype=object).tolist():
        yield (row[0], row[1], row[2], row[3], row[4])
