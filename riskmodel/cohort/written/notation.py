"""How a file writes its numbers and dates, decided from all of it before a cell is read.

``1.234`` is a thousand in one file and a little more than one in another; ``00:00`` is a time of
day in one and no time of day in another.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from riskmodel.cohort.schema import PATIENT_NUMBERS
from riskmodel.cohort.written.number_text import POINT
from riskmodel.cohort.written.numbers import signs_of
from riskmodel.cohort.written.times import clocks_of
from riskmodel.errors import SchemaError

NUMBER_COLUMNS: Mapping[str, Sequence[str]] = {
    "patients": tuple(PATIENT_NUMBERS),
    "labs": ("value", "reference_low", "reference_high", "hours_from_infusion"),
    "events": ("grade", "hours_from_infusion"),
}
REPORT = "conversion_report.txt"
"""Stands in a folder that a conversion wrote, always with a decimal point."""

TIME_COLUMNS: Mapping[str, str] = {"patients": "infusion_time", "labs": "time", "events": "time"}


@dataclass(frozen=True)
class Notation:
    """How the three tables are written.

    Attributes
    ----------
    signs : mapping of str to str
        Decimal sign by ``table.column``, where the file tells it.
    dates : sequence of str
        Tables whose every time of day is midnight: they hold dates.
    unknown : {"", POINT}
        What holds for a column that is not in `signs`.
    """

    signs: Mapping[str, str] = field(default_factory=dict)
    dates: Sequence[str] = ()
    unknown: str = ""

    def decimal(self, table: str, column: str) -> str:
        """Decimal sign of a column; `unknown` where its file does not tell."""
        return self.signs.get(f"{table}.{column}", self.unknown)


PLAIN = Notation(unknown=POINT)
"""Rows of a standard, or of a request: a point is the decimal sign."""


class Evidence:
    """What the rows seen so far tell of how their files are written.

    Attributes
    ----------
    marks : set of (str, str)
        A column and a decimal sign in it, or a table and ``midnight`` or ``clock``: times of day
        at midnight, and others.
    """

    _POINT = ("cohort", ".")
    _STATED = "stated"

    def __init__(self, marks: Iterable[tuple[str, str]] = (), folder: Path | None = None) -> None:
        self.marks = set(marks)
        if folder is not None and (folder / REPORT).is_file():
            self.marks.add(self._POINT)

    def state(self, decimal: str) -> None:
        """Take note of a decimal sign that was stated; an empty one says nothing."""
        if decimal:
            self.marks.add((self._STATED, decimal))

    def see(self, table: str, rows: pd.DataFrame) -> None:
        """Take note of some rows of a table."""
        for name in set(NUMBER_COLUMNS[table]) & set(rows.columns):
            column = f"{table}.{name}"
            if not {(column, ","), (column, ".")} <= self.marks:
                self.marks |= {(column, sign) for sign in signs_of(rows[name])}
        name = TIME_COLUMNS[table]
        if name in rows and (table, "clock") not in self.marks:
            self.marks |= {(table, kind) for kind in clocks_of(rows[name])}

    def notation(self, decimal: str = "") -> Notation:
        """What follows; a decimal sign that is stated goes before all evidence."""
        decimal = decimal or next((sign for kind, sign in self.marks if kind == self._STATED), "")
        signs = {}
        for table, names in NUMBER_COLUMNS.items():
            columns = {f"{table}.{name}" for name in names}
            whole = {sign for column, sign in self.marks if column in {*columns, self._POINT[0]}}
            for column in sorted(columns):
                own = {sign for name, sign in self.marks if name == column}
                known = {decimal} if decimal else own or whole
                if len(known) == 1:
                    signs[column] = next(iter(known))
        dates = [
            table
            for table in NUMBER_COLUMNS
            if (table, "midnight") in self.marks and (table, "clock") not in self.marks
        ]
        return Notation(signs, dates)


def with_decimal(notation: Notation, decimal: str) -> Notation:
    """A notation with one decimal sign for every column; an empty one changes nothing."""
    if not decimal:
        return notation
    columns = [f"{table}.{name}" for table, names in NUMBER_COLUMNS.items() for name in names]
    return replace(notation, signs=dict.fromkeys(columns, decimal))


def notation_of(
    frames: Mapping[str, pd.DataFrame], decimal: str = "", folder: Path | None = None
) -> Notation:
    """How charted tables, of a folder, are written."""
    evidence = Evidence(folder=folder)
    for table, rows in frames.items():
        evidence.see(table, rows)
    return evidence.notation(decimal)


def stated_decimal(decimal: str, thousands: str) -> str:
    """The decimal sign that a user states, directly or by the sign of thousands.

    Raises
    ------
    SchemaError
        When it is no such sign, or both are the same.

    Examples
    --------
    >>> stated_decimal(",", ""), stated_decimal("", "."), stated_decimal("", "")
    (',', ',', '')
    """
    if decimal not in ("", ",", ".") or (decimal and decimal == thousands):
        raise SchemaError(
            f"The decimal sign is '{decimal}' and that of thousands '{thousands}'. Allowed: a "
            "comma or a point, and another sign for thousands. Correct them, or leave them out."
        )
    return decimal or {",": ".", ".": ","}.get(thousands, "")
