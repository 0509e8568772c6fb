"""A pasted or uploaded table of results: long or wide, by comma, semicolon or tab."""

import csv
import io
import re
from dataclasses import dataclass

from riskmodel.cohort import (
    TWO_DATES,
    TWO_WAYS,
    common_sign,
    day_first,
    find_analyte,
    iso_time,
    plain_number,
)
from riskmodel.errors import SchemaError
from riskmodel.web.forms.fields import PATIENT

MOST_ROWS = 5_000
MOST_CHARACTERS = 1_000_000
_TIMES = {
    "hours_from_infusion": "hours_from_infusion",
    "hours": "hours_from_infusion",
    "hour": "hours_from_infusion",
    "day": "day",
    "days": "day",
    "time": "time",
    "date": "time",
}
_NAMES = {
    "analyte": "analyte",
    "test": "analyte",
    "loinc": "loinc_code",
    "loinc_code": "loinc_code",
    "value": "value",
    "result": "value",
    "unit": "unit",
    "units": "unit",
    "comparator": "comparator",
    "reference_low": "reference_low",
    "reference_high": "reference_high",
    "uln": "reference_high",
}
_NUMBERS = ("value", "reference_low", "reference_high")
_HEADED = re.compile(r"^(.*?)\s*[\[(]([^\])]*)[\])]\s*$")


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
    separator, lines = _cells(text)
    if len(lines) < 2:
        raise SchemaError(
            "The table has no rows under its heading. Its first line names the columns, such as: "
            "day, analyte, value, unit."
        )
    heading = [name.strip() for name in lines[0][1]]
    folded = [re.sub(r"[\s_]+", "_", name.casefold()) for name in heading]
    times = {k: _TIMES[name] for k, name in enumerate(folded) if name in _TIMES}
    if not times:
        raise SchemaError(
            f"The table has no column for the time (columns seen: {_listed(heading)}). "
            "Add 'day', 'hours' or 'time'."
        )
    for number, cells in lines[1:]:
        if len(cells) != len(heading):
            raise SchemaError(
                f"Line {number} of the table has {len(cells)} cells, its heading {len(heading)}. "
                "Add or remove a separator there."
            )
    known = {_NAMES[name] for name in folded if name in _NAMES}
    if "value" in known and known & {"analyte", "loinc_code"}:
        table = _long(folded, lines[1:], times)
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
    first = day_first(row["time"] for row in table.rows if "time" in row)
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


def _cells(text: str) -> tuple[str, list[tuple[int, list[str]]]]:
    """The separator that the first line has most of; non-empty lines cut by it, with numbers."""
    first = text.lstrip().partition("\n")[0]
    separator = max("\t;,", key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True, skipinitialspace=True)
    try:
        lines = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise SchemaError(
            f"Line {reader.line_num} of the table cannot be read ({error}). Look for a quotation "
            "mark that is never closed."
        ) from None
    return separator, lines


def _when(cells: list[str], times: dict[int, str]) -> dict[str, str]:
    found = {}
    for k, kind in times.items():
        text = cells[k].strip()
        if kind == "day":
            found["hours_from_infusion"] = hours_of_day(text)
        elif text:
            found[kind] = text
    return found


def _long(names: list[str], lines: list[tuple[int, list[str]]], times: dict[int, str]) -> Table:
    rows, places = [], []
    for number, cells in lines:
        row = {"patient_id": PATIENT, **_when(cells, times)}
        for k, name in enumerate(names):
            if name in _NAMES and cells[k].strip():
                row[_NAMES[name]] = cells[k].strip()
        rows.append(row)
        places.append(f"line {number}")
    return Table(tuple(rows), tuple(places))


def _wide(heading: list[str], lines: list[tuple[int, list[str]]], times: dict[int, str]) -> Table:
    columns: dict[int, tuple[str, str]] = {}
    for k, name in enumerate(heading):
        match = _HEADED.match(name)
        analyte, unit = (match[1], match[2]) if match else (name, "")
        found = find_analyte(analyte, "")
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
