"""Rows of the contract from one sheet by its mapping, numbers and dates made plain by the sheet."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pandas as pd

from riskmodel.cohort.frames import MISSING
from riskmodel.cohort.sheets.files import Sheet, cell_text
from riskmodel.cohort.sheets.mapping import SheetMapping
from riskmodel.cohort.tables.grades import said_no
from riskmodel.cohort.written.dates import DAY_FIRST, MIXED, MONTH_FIRST, date_order, iso_time
from riskmodel.cohort.written.notation import NUMBER_COLUMNS, TIME_COLUMNS
from riskmodel.cohort.written.number_text import plain_number
from riskmodel.cohort.written.numbers import signs_of
from riskmodel.cohort.written.times import parse_times

LINE = "__line"
_DAY = re.compile(r"(?:day|d|tag|dag|jour|día|giorno)?[\s_+]*([-+]?\d+(?:[.,]\d+)?)", re.IGNORECASE)
_ISO_DAY = re.compile(r"\d{4}-\d{2}-(\d{2})(?=T|$)")
_FIGURES = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-]\d")
_PLAIN = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_FIRST_SERIAL, _LAST_SERIAL = 20_000, 80_000
"""Days that a spreadsheet counts from 1899-12-30: the years 1954 to 2119."""

_STATED = (DAY_FIRST, MONTH_FIRST)


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
    base[LINE] = known.index
    for name, column in spec.columns.items():
        base[name] = known[column]
    for name, value in spec.constants.items():
        text = str(value).replace("{sheet}", sheet.name).replace("{file}", sheet.file)
        base[name] = base[name].where(base[name].notna(), text) if name in base else text
    if spec.results:
        plain = _plain_columns(known, list(spec.results), sheet, spec)
        rows = _melted(base, plain, {c: r.model_dump() for c, r in spec.results.items()})
    elif spec.across:
        plain = _plain_columns(known, list(spec.across), sheet, spec)
        rows = _melted(base, plain, {c: heading_time(c, spec) for c in spec.across})
    elif spec.event:
        rows = _events(base, known, spec)
    else:
        rows = base[known.notna().any(axis=1)]
    for name, meanings in spec.values.items():
        if name in rows:
            folded = {text.strip().casefold(): meant for text, meant in meanings.items()}
            rows[name] = rows[name].map(
                lambda cell, folded=folded: folded.get(cell_text(cell).casefold(), cell)
            )
    rows = _plain_times(_with_clock(rows, spec), sheet, spec).reset_index(drop=True)
    done = {"value"} if spec.results or spec.across else set()
    names = [n for n in NUMBER_COLUMNS[spec.table] if n in rows and n not in done]
    return _plain_columns(rows, names, sheet, spec)


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
        no = told[["grade", "value"]].map(
            lambda cell: cell_text(cell) == "" or said_no(cell_text(cell))
        )
        parts.append(part[~(silent & no.all(axis=1))])
    return pd.concat(parts).sort_values(LINE, kind="stable")


def heading_time(heading: str, spec: SheetMapping | None = None) -> dict[str, Any]:
    """The time that a heading names: a date, or a day after the infusion.

    Examples
    --------
    >>> heading_time("Day +3"), heading_time("2024-05-10"), heading_time("d-1")
    ({'hours_from_infusion': 72.0}, {'time': '2024-05-10'}, {'hours_from_infusion': -24.0})
    >>> heading_time("Remark")
    {}
    """
    text = heading.strip()
    if _DAY.fullmatch(text):
        return {"hours_from_infusion": _hours(text, spec.infusion_day if spec else 0)}
    order = "" if spec is None else _order(spec, spec.across)
    plain = iso_time(text, order) or text
    read = parse_times(pd.Series([plain], dtype="str"))[0]
    return {} if pd.isna(read[0]) else {"time": text}


def _with_clock(rows: pd.DataFrame, spec: SheetMapping) -> pd.DataFrame:
    """A date and the time of day beside it as one; a day as hours."""
    if "clock" in rows:
        name = "infusion_time" if "infusion_time" in rows else "time"
        both = rows[name].map(cell_text) + " " + rows["clock"].map(cell_text)
        rows = rows.assign(**{name: both.str.strip().where(rows[name].notna(), None)})
        rows = rows.drop(columns="clock")
    if "day" in rows:
        hours = [_hours(cell, spec.infusion_day) for cell in rows["day"]]
        days = pd.Series(hours, index=rows.index, dtype=object)
        own = rows.get("hours_from_infusion", days)
        rows = rows.assign(hours_from_infusion=own.where(own.notna(), days)).drop(columns="day")
    return rows


def _hours(cell: Any, infusion_day: Any) -> Any:
    """Hours of a day; one that is none, and a day 0 where the infusion is day 1, as it stands."""
    found = _DAY.fullmatch(cell_text(cell))
    if found is None:
        return cell
    day = float(found[1].replace(",", "."))
    if infusion_day != 1:
        return 24.0 * day
    return "no day 0" if day == 0 else 24.0 * (day - 1 if day > 0 else day)


def _order(spec: SheetMapping, texts: Sequence[str]) -> str:
    """Order of the dates of a sheet, as stated, else as they show it; `MIXED` where both differ."""
    found = date_order(texts)
    if spec.dates not in _STATED:
        return found
    return MIXED if found not in ("", spec.dates) else spec.dates


def _plain_times(rows: pd.DataFrame, sheet: Sheet, spec: SheetMapping) -> pd.DataFrame:
    """Dates in the form of ISO 8601, by all of them; one that can be two stays as it is.

    A program that reads dates by another order than they are written in takes those of which it
    can make one, and leaves the others as text: the ones that it took are then wrong.
    """
    name = TIME_COLUMNS[spec.table]
    if name not in rows:
        return rows
    cells = [None if cell is None or cell != cell else cell for cell in rows[name]]
    texts = [cell_text(cell) for cell in cells]
    found = _order(spec, texts)
    taken = [_ISO_DAY.match(text) for text in texts]
    left = [match for text in texts if (match := _FIGURES.match(text))]
    exchanged = bool(left) and all(max(int(m[1]), int(m[2])) > 12 for m in left)
    if exchanged and all(int(m[1]) <= 12 for m in taken if m):
        said = "{} or its day and month exchanged"
        cells = [said.format(m[0]) if m else c for m, c in zip(taken, cells, strict=True)]
    plain = [_time(cell, found, sheet if spec.dates == "excel" else None) for cell in cells]
    return rows.assign(**{name: pd.Series(plain, index=rows.index, dtype=object)})


def _time(cell: Any, order: str, serial: Sheet | None) -> str | None:
    if cell is None:
        return None
    text = cell_text(cell)
    if serial is not None and re.fullmatch(r"\d{5}(?:[.,]\d+)?", text):
        number = float(text.replace(",", "."))
        if _FIRST_SERIAL <= number <= _LAST_SERIAL:
            exact = serial.start + timedelta(days=number)
            rounded = (exact + timedelta(milliseconds=500)).replace(microsecond=0)
            return rounded.date().isoformat() if number.is_integer() else rounded.isoformat()
    return iso_time(text, order) or text


def _plain_columns(
    rows: pd.DataFrame, names: Sequence[str], sheet: Sheet, spec: SheetMapping
) -> pd.DataFrame:
    """Columns of numbers with a decimal point where the column, else the sheet, tells its sign.

    A sheet that is cut by semicolons and shows no sign was written where the comma is one.
    """
    own = {name: signs_of(rows[name]) for name in names}
    whole = set().union(*own.values())
    if not whole and sheet.separator == ";":
        whole = {","}
    plain = {}
    for name in names:
        known = {spec.decimal} if spec.decimal else own[name] or whole
        sign = next(iter(known)) if len(known) == 1 else ""
        plain[name] = rows[name].map(lambda cell, sign=sign: _number(cell, sign))
    return rows.assign(**plain)


def _number(cell: Any, sign: str) -> Any:
    if not isinstance(cell, str) or not sign:
        return cell
    plain = plain_number(cell, sign)
    return float(plain) if plain and _PLAIN.fullmatch(plain) else plain
