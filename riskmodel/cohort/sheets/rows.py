"""Rows of the contract from one sheet by its mapping, numbers and dates made plain by the sheet."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from riskmodel.cohort.frames import MISSING
from riskmodel.cohort.sheets.files import Sheet
from riskmodel.cohort.sheets.mapping import SheetMapping
from riskmodel.cohort.tables.grades import said_no
from riskmodel.cohort.written.notation import NUMBER_COLUMNS, TIME_COLUMNS, notation_of
from riskmodel.cohort.written.number_text import plain_number
from riskmodel.cohort.written.times import day_first, iso_time, parse_times

LINE = "__line"
_DAY = re.compile(r"(?:day|d|tag|dag|jour|día|giorno)?[\s_+]*([-+]?\d+(?:[.,]\d+)?)", re.IGNORECASE)
_FIRST_SERIAL, _LAST_SERIAL = 20_000, 80_000
"""Days that a spreadsheet counts from 1899-12-30: the years 1954 to 2119."""


def contract_rows(sheet: Sheet, spec: SheetMapping) -> pd.DataFrame:
    """Rows of one table of the contract, each with its line in the sheet.

    Parameters
    ----------
    sheet : Sheet
    spec : SheetMapping
        Complete: see `check_complete`.

    Returns
    -------
    DataFrame
        Columns of the contract as text or numbers, and ``__line``. A number that can be read in
        two ways, and a date that can, stay as they are: no reader takes them.
    """
    known = sheet.rows.map(lambda cell: None if cell in MISSING else cell)
    base = pd.DataFrame(index=known.index)
    base[LINE] = known.index + sheet.first_line
    for name, column in spec.columns.items():
        base[name] = known[column]
    for name, value in spec.constants.items():
        text = str(value).replace("{sheet}", sheet.name).replace("{file}", sheet.file)
        base[name] = base[name].where(base[name].notna(), text) if name in base else text
    if spec.results:
        rows = _melted(base, known, {c: r.model_dump() for c, r in spec.results.items()})
    elif spec.across:
        rows = _melted(
            base, known, {column: heading_time(column, spec.dates) for column in spec.across}
        )
    elif spec.event:
        rows = _events(base, known, spec)
    else:
        rows = base[known.notna().any(axis=1)]
    for name, meanings in spec.values.items():
        if name in rows:
            folded = {text.strip().casefold(): meant for text, meant in meanings.items()}
            rows[name] = rows[name].map(
                lambda cell, folded=folded: folded.get(_text(cell).casefold(), cell)
            )
    rows = _plain_times(_with_clock(rows), spec)
    return _plain_numbers(rows.reset_index(drop=True), sheet, spec)


def _text(cell: object) -> str:
    if isinstance(cell, float):
        return "" if cell != cell else str(int(cell)) if cell.is_integer() else repr(cell)
    return "" if cell is None else str(cell).strip()


def _melted(
    base: pd.DataFrame, cells: pd.DataFrame, columns: Mapping[str, Mapping[str, Any]]
) -> pd.DataFrame:
    """One row for each filled cell of some columns, in the order of the sheet."""
    parts = []
    for column, given in columns.items():
        filled = cells[column].notna()
        part = base[filled].assign(**given, value=cells.loc[filled, column])
        parts.append(part)
    return pd.concat(parts).sort_values(LINE, kind="stable")


def _events(base: pd.DataFrame, cells: pd.DataFrame, spec: SheetMapping) -> pd.DataFrame:
    """One row for each event of a row of the sheet: where it has a time, a grade or says yes."""
    parts = []
    for event in spec.event:
        part = base.assign(event=event.event)
        for name in ("time", "day", "clock", "grade", "value"):
            if getattr(event, name):
                part[name] = cells[getattr(event, name)]
        told = part.reindex(columns=["time", "day", "grade", "value"])
        silent = told[["time", "day"]].isna().all(axis=1)
        no = told[["grade", "value"]].map(lambda cell: _text(cell) == "" or said_no(_text(cell)))
        parts.append(part[~(silent & no.all(axis=1))])
    return pd.concat(parts).sort_values(LINE, kind="stable")


def heading_time(heading: str, dates: str = "") -> dict[str, Any]:
    """The time that a heading names: a date, or a day after the infusion.

    Examples
    --------
    >>> heading_time("Day +3"), heading_time("2024-05-10"), heading_time("d-1")
    ({'hours_from_infusion': 72.0}, {'time': '2024-05-10'}, {'hours_from_infusion': -24.0})
    >>> heading_time("Remark")
    {}
    """
    text = heading.strip()
    if day := _DAY.fullmatch(text):
        return {"hours_from_infusion": 24.0 * float(day[1].replace(",", "."))}
    plain = iso_time(text, {"day first": True, "month first": False}.get(dates)) or text
    read = parse_times(pd.Series([plain], dtype="str"))[0]
    return {} if pd.isna(read[0]) else {"time": text}


def _with_clock(rows: pd.DataFrame) -> pd.DataFrame:
    """A date and the time of day beside it as one; a day as hours."""
    if "clock" in rows:
        name = "infusion_time" if "infusion_time" in rows else "time"
        both = rows[name].map(_text) + " " + rows["clock"].map(_text)
        rows = rows.assign(**{name: both.str.strip().where(rows[name].notna(), None)})
        rows = rows.drop(columns="clock")
    if "day" in rows:
        days = pd.Series([_hours(cell) for cell in rows["day"]], index=rows.index, dtype=object)
        own = rows.get("hours_from_infusion", days)
        rows = rows.assign(hours_from_infusion=own.where(own.notna(), days)).drop(columns="day")
    return rows


def _hours(cell: Any) -> Any:
    if isinstance(cell, float):
        return 24.0 * cell
    day = _DAY.fullmatch(_text(cell))
    return 24.0 * float(day[1].replace(",", ".")) if day else cell


def _plain_times(rows: pd.DataFrame, spec: SheetMapping) -> pd.DataFrame:
    """Dates in the form of ISO 8601, by all of them; one that can be two stays as it is."""
    name = TIME_COLUMNS[spec.table]
    if name not in rows:
        return rows
    cells = rows[name]
    first = {"day first": True, "month first": False}.get(
        spec.dates, day_first(_text(cell) for cell in cells)
    )
    plain = [_time(cell, first, spec.dates == "excel") for cell in cells]
    return rows.assign(**{name: pd.Series(plain, index=rows.index, dtype=object)})


def _time(cell: object, first: bool | None, excel: bool) -> str | None:
    if cell is None or cell != cell:
        return None
    number = cell if isinstance(cell, float) else None
    if excel and number is None and re.fullmatch(r"\d{5}(?:\.\d+)?", _text(cell)):
        number = float(_text(cell))
    if number is not None and excel and _FIRST_SERIAL <= number <= _LAST_SERIAL:
        start = datetime(1899, 12, 30) + timedelta(days=number)
        rounded = (start + timedelta(milliseconds=500)).replace(microsecond=0)
        return rounded.date().isoformat() if number.is_integer() else rounded.isoformat()
    return iso_time(_text(cell), first) or _text(cell)


def _plain_numbers(rows: pd.DataFrame, sheet: Sheet, spec: SheetMapping) -> pd.DataFrame:
    """Numbers with a decimal point where the sheet tells its sign."""
    notation = notation_of({spec.table: rows}, spec.decimal)
    for name in NUMBER_COLUMNS[spec.table]:
        if name in rows:
            sign = notation.decimal(spec.table, name)
            if not sign and not notation.signs and sheet.separator == ";":
                sign = ","
            rows[name] = rows[name].map(lambda cell, sign=sign: _number(cell, sign))
    return rows


def _number(cell: Any, sign: str) -> Any:
    if not isinstance(cell, str) or not sign:
        return cell
    plain = plain_number(cell, sign)
    try:
        return float(plain or cell)
    except ValueError:
        return plain
