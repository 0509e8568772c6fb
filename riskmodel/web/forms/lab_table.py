"""A pasted or uploaded table of results: long or wide, by comma, semicolon or tab."""

from dataclasses import dataclass
from typing import Any

from riskmodel.cohort import (
    TWO_DATES,
    TWO_WAYS,
    common_sign,
    cut_text,
    date_order,
    heading_column,
    heading_result,
    heading_time,
    iso_time,
    plain_number,
)
from riskmodel.errors import SchemaError
from riskmodel.web.forms.fields import PATIENT

MOST_ROWS = 5_000
MOST_CHARACTERS = 1_000_000
_TIMES = ("hours_from_infusion", "day", "time")
_NAMES = (
    "analyte", "loinc_code", "value", "unit", "comparator", "reference_low", "reference_high",
)  # fmt: skip
_NUMBERS = ("value", "reference_low", "reference_high")


@dataclass(frozen=True)
class Table:
    """Rows of the labs table, and where each stands in what was sent.

    Attributes
    ----------
    rows : tuple of dict
    places : tuple of str
    refused : tuple of str
        Rows that can be read in two ways, each with its place and reason.
    """

    rows: tuple[dict[str, str], ...]
    places: tuple[str, ...]
    refused: tuple[str, ...] = ()


def hours_of_day(day: str) -> str:
    """Hours from the infusion of a day; text that is no number stays as it is.

    Examples
    --------
    >>> hours_of_day("2.5"), hours_of_day(""), hours_of_day("Monday")
    ('60.0', '', 'Monday')
    """
    try:
        return repr(24.0 * float(day.replace(",", "."))) if day else ""
    except ValueError:
        return day


def decoded(sent: bytes) -> str:
    """Text of an uploaded file.

    Raises
    ------
    SchemaError
        When it is not UTF-8 text.
    """
    try:
        text = sent.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SchemaError(
            f"The file is not UTF-8 text (byte {error.start + 1}). Save it as CSV in UTF-8 and "
            "send it again."
        ) from None
    if "\0" in text:
        raise SchemaError("The file holds zero bytes: it is no text. Save it as CSV and try again.")
    return text


def read_table(text: str) -> Table:
    """Results of a table.

    Long: a row a result, with the columns ``day`` (or ``hours``, ``time``), ``analyte``,
    ``value``, ``unit``. Wide: a row a time, with a column an analyte, its unit in brackets.

    Raises
    ------
    SchemaError
        When the table has no time column, no analyte, too many rows, or a row of another length.
    """
    if len(text) > MOST_CHARACTERS:
        raise SchemaError(
            f"The table has {len(text):,} characters; {MOST_CHARACTERS:,} are taken. "
            "Send fewer days."
        )
    separator, lines = cut_text(text)
    if len(lines) < 2:
        raise SchemaError(
            "The table has no rows under its heading. Its first line names the columns, such as: "
            "day, analyte, value, unit."
        )
    heading = [name.strip() for name in lines[0][1]]
    for number, cells in lines[1:]:
        if len(cells) != len(heading):
            raise SchemaError(
                f"Line {number} of the table has {len(cells)} cells, its heading {len(heading)}. "
                "Add or remove a separator there."
            )
    meant = {k: heading_column(name) for k, name in enumerate(heading)}
    times = {k: name for k, name in meant.items() if name in _TIMES}
    across = {k: found for k, name in enumerate(heading) if (found := heading_time(name))}
    names = {k: name for k, name in meant.items() if name in _NAMES}
    known = set(names.values())
    if not times and across:
        table = _across(names, lines[1:], across)
    elif not times:
        raise SchemaError(
            f"The table has no column for the time (columns seen: {_listed(heading)}). "
            "Add 'day', 'hours' or 'time'."
        )
    elif "value" in known and known & {"analyte", "loinc_code"}:
        table = _long(names, lines[1:], times)
    else:
        table = _wide(heading, lines[1:], times)
    if len(table.rows) > MOST_ROWS:
        raise SchemaError(
            f"The table has {len(table.rows):,} results; {MOST_ROWS:,} are taken. Send fewer days."
        )
    return _plain(table, separator)


def _plain(table: Table, separator: str) -> Table:
    """Numbers and dates as they were meant, by the whole table; two ways to read one refuse it."""
    numbers = [row[name] for row in table.rows for name in _NUMBERS if name in row]
    sign = common_sign(numbers, separator)
    first = date_order(row["time"] for row in table.rows if "time" in row)
    rows, places, refused = [], [], []
    for row, place in zip(table.rows, table.places, strict=True):
        plain = {name: plain_number(row[name], sign) for name in _NUMBERS if name in row}
        time = iso_time(row["time"], first) if "time" in row else ""
        if None in plain.values() or time is None:
            refused.append(f"{place}: it has {TWO_DATES if time is None else TWO_WAYS}.")
            continue
        known = {name: value for name, value in plain.items() if value is not None}
        rows.append({**row, **known, **({"time": time} if "time" in row else {})})
        places.append(place)
    return Table(tuple(rows), tuple(places), tuple(refused))


def _when(cells: list[str], times: dict[int, str]) -> dict[str, str]:
    found = {}
    for k, kind in times.items():
        text = cells[k].strip()
        if kind == "day":
            found["hours_from_infusion"] = hours_of_day(text)
        elif text:
            found[kind] = text
    return found


def _long(
    names: dict[int, str], lines: list[tuple[int, list[str]]], times: dict[int, str]
) -> Table:
    rows, places = [], []
    for number, cells in lines:
        given = {name: cells[k].strip() for k, name in names.items() if cells[k].strip()}
        rows.append({"patient_id": PATIENT, **_when(cells, times), **given})
        places.append(f"line {number}")
    return Table(tuple(rows), tuple(places))


def _across(
    names: dict[int, str],
    lines: list[tuple[int, list[str]]],
    times: dict[int, dict[str, Any]],
) -> Table:
    """A flowsheet: a row an analyte, a column a time."""
    if not set(names.values()) & {"analyte", "loinc_code"}:
        names = {**names, min(set(range(len(lines[0][1]))) - set(times), default=0): "analyte"}
    rows, places = [], []
    for number, cells in lines:
        given = {name: cells[k].strip() for k, name in names.items() if cells[k].strip()}
        for k, time in times.items():
            if cells[k].strip():
                told = {name: str(when) for name, when in time.items()}
                rows.append({"patient_id": PATIENT, **given, **told, "value": cells[k].strip()})
                places.append(f"line {number}, column {k + 1}")
    return Table(tuple(rows), tuple(places))


def _wide(heading: list[str], lines: list[tuple[int, list[str]]], times: dict[int, str]) -> Table:
    columns: dict[int, tuple[str, str]] = {}
    for k, name in enumerate(heading):
        found, unit = heading_result(name)
        if k not in times and found:
            columns[k] = (found, unit)
    if not columns:
        raise SchemaError(
            f"The table has neither the columns 'analyte' and 'value', nor a column named after "
            f"an analyte such as 'ferritin [ng/mL]' (columns seen: {_listed(heading)}). "
            "Rename its columns."
        )
    rows, places = [], []
    for number, cells in lines:
        for k, (analyte, unit) in columns.items():
            if cells[k].strip():
                given = {"analyte": analyte, "value": cells[k].strip(), "unit": unit}
                rows.append({"patient_id": PATIENT, **_when(cells, times), **given})
                places.append(f"line {number}, {analyte}")
    return Table(tuple(rows), tuple(places))


def _listed(heading: list[str]) -> str:
    return ", ".join(name[:40] for name in heading[:12]) or "none"
