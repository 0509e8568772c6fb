"""A first mapping of spreadsheets from their headings and cells; a person decides the rest."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from riskmodel.cohort.schema import COLUMNS, COMPARATORS, EVENT_NAMES
from riskmodel.cohort.sheets.files import Sheet
from riskmodel.cohort.sheets.mapping import EXTRA, OPEN
from riskmodel.cohort.sheets.rows import heading_time
from riskmodel.cohort.tables.events import category
from riskmodel.cohort.units import analytes, find_analyte, ucum, unit_factor
from riskmodel.cohort.written.dates import date_order, iso_time
from riskmodel.cohort.written.notation import NUMBER_COLUMNS
from riskmodel.cohort.written.number_text import decimal_sign
from riskmodel.cohort.written.numbers import signs_of
from riskmodel.files import read_toml

SURE, LIKELY, UNSURE = "sure", "likely", "to decide"
_HEADED = (
    re.compile(r"^(.*?)\s*[\[(]([^\])]*)[\])]\s*$"),
    re.compile(r"^([^\[(]*?)\s*[\[(](.*)[\])]\s*$"),
)


_MEASURED = {
    "weight_kg": ("kg", "kgs", "kilogram", "kilograms"),
    "age_years": (
        "years",
        "year",
        "yrs",
        "yr",
        "y",
        "a",
        "jahre",
        "ans",
        "años",
        "anni",
        "år",
        "歳",
    ),
    "hours_from_infusion": ("h", "hours", "hour", "hrs"),
    "day": ("d", "day", "days", "tage", "jours", "días"),
}
"""Units that a heading may name in brackets, by a column that has one unit."""


@dataclass
class Guess:
    """What a sheet is taken for, with how sure each line is."""

    sheet: Sheet
    table: str
    columns: dict[str, tuple[str, str]] = field(default_factory=dict)
    results: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    across: list[str] = field(default_factory=list)
    events: dict[str, dict[str, str]] = field(default_factory=dict)
    ignore: list[str] = field(default_factory=list)
    dates: str = ""
    decimal: str = ""
    infusion_day: str = ""
    infusion_open: bool = False

    @property
    def used(self) -> set[str]:
        """Columns that it reads."""
        events = {c for parts in self.events.values() for c in parts.values()}
        return {c for c, _ in self.columns.values()} | set(self.results) | set(self.across) | events


@cache
def _headers() -> Mapping[str, Mapping[str, list[str]]]:
    return read_toml(Path(__file__).parent / "headers.toml")


def heading_column(heading: str) -> str:
    """Column of the contract, or of `EXTRA`, that a heading means; empty where none.

    Examples
    --------
    >>> heading_column("Collection Date"), heading_column("MRN"), heading_column("Remark")
    ('time', 'patient_id', '')
    >>> heading_column("Weight (kg)"), heading_column("Weight (lbs)")
    ('weight_kg', '')
    """
    meant = _meanings().get(plain_heading(heading), "")
    told = re.findall(r"[\[(]\s*(.*?)\s*[\])]", heading.casefold())
    return "" if any(unit not in _MEASURED[meant] for unit in told if meant in _MEASURED) else meant


@cache
def _meanings() -> Mapping[str, str]:
    own = {name.replace("_", " "): name for names in COLUMNS.values() for name in names}
    told = {text: name for name, texts in _headers()["columns"].items() for text in texts}
    return {**told, **own}


def plain_heading(text: str) -> str:
    """A heading in small letters, its words apart by one space, without what is in brackets.

    Examples
    --------
    >>> plain_heading("Patient_ID"), plain_heading("CRS max. grade (ASTCT)")
    ('patient id', 'crs max grade')
    """
    without = re.sub(r"[\[(].*?[\])]", " ", text)
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", without)
    return " ".join(re.findall(r"[^\W_]+", spaced.casefold()))


def guess_mapping(sheets: Sequence[Sheet]) -> list[Guess]:
    """What each sheet is taken for; a sheet of patients may hold results and events as well."""
    found = []
    for sheet in sheets:
        if not sheet.rows.empty and not sheet.hidden:
            found += _of_sheet(sheet)
    people = [one for one in found if one.table == "patients"]
    if people and not any("infusion_time" in one.columns for one in people):
        people[0].infusion_open = any(_by_dates(one) for one in found)
    return found


def _by_dates(one: Guess) -> bool:
    """Whether a sheet tells when by dates, which mean nothing without that of the infusion."""
    dated = "time" in one.columns or any("time" in parts for parts in one.events.values())
    across = any("hours_from_infusion" not in heading_time(text) for text in one.across)
    return one.table != "patients" and (dated or across)


def _of_sheet(sheet: Sheet) -> list[Guess]:
    headings = {c: sheet.titles.get(c, c) for c in map(str, sheet.rows.columns)}
    columns: dict[str, tuple[str, str]] = {}
    results: dict[str, tuple[str, str, str]] = {}
    events: dict[str, dict[str, str]] = {}
    across: list[str] = []
    for column, heading in headings.items():
        meant = heading_column(column) or heading_column(heading)
        name, unit = heading_result(heading)
        percent = bool(name) and ucum(unit) == "%" and analytes()[name].percent is not None
        if name and not percent and unit_factor(analytes()[name], unit) is None:
            unit = ""
        event = _event_part(heading) or _event_part(column)
        if meant and meant not in columns:
            columns[meant] = (column, SURE)
        elif "comparator" not in columns and _compares(sheet.rows[column]):
            columns["comparator"] = (column, SURE)
        elif name:
            results[column] = (name, unit, SURE if unit else _unit_needed(name))
        elif event and event[1] not in events.get(event[0], {}):
            events.setdefault(event[0], {})[event[1]] = column
        elif heading_time(heading) or iso_time(heading) is None:
            across.append(column)
    if "patient_id" not in columns and (key := _key(sheet, headings)):
        columns["patient_id"] = (key, LIKELY)
    tables = _tables(columns, results, events, across)
    guesses = []
    for table in tables:
        allowed = {*COLUMNS[table], *EXTRA[table]}
        mine = Guess(sheet, table, {n: c for n, c in columns.items() if n in allowed})
        if table == "labs" and "value" not in columns:
            mine.results = results
            mine.across = [] if results else across
        if table == "events" and "event" not in columns:
            mine.events = events
            mine.columns = {"patient_id": columns["patient_id"]} if "patient_id" in columns else {}
        mine.dates, mine.decimal = _dates(sheet, mine), _decimal(sheet, mine)
        mine.infusion_day = _infusion_day(sheet, mine)
        guesses.append(mine)
    used = {column for one in guesses for column in one.used}
    guesses[0].ignore = [c for c in headings if c not in used]
    return guesses


def _tables(
    columns: Mapping[str, Any],
    results: Mapping[str, Any],
    events: Mapping[str, Any],
    across: Sequence[str],
) -> list[str]:
    """The tables that a sheet is taken for, at least one."""
    found = []
    people = set(columns) & (set(COLUMNS["patients"]) - {"patient_id"})
    if people:
        found.append("patients")
    named = {"analyte", "loinc_code"} & set(columns)
    if ("value" in columns and named) or results or (across and "analyte" in columns):
        found.append("labs")
    if "event" in columns or events:
        found.append("events")
    return found or ["labs"]


def heading_result(heading: str) -> tuple[str, str]:
    """Analyte and unit of the heading of a column of results, empty where it has none.

    Examples
    --------
    >>> heading_result("WBC (x10(9)/L)"), heading_result("Ferritin ng/mL"), heading_result("LDH")
    (('wbc', 'x10(9)/L'), ('ferritin', 'ng/mL'), ('ldh', ''))
    >>> heading_result("Remark")
    ('', '')
    """
    text = heading.replace("_", " ").strip()
    splits = [match.groups() for form in _HEADED if (match := form.match(text))]
    head, _, tail = text.rpartition(" ")
    splits += [(head, tail)] if "/" in tail else []
    found = [(name, unit) for part, unit in splits if (name := find_analyte(part, ""))]
    known = [pair for pair in found if unit_factor(analytes()[pair[0]], pair[1]) is not None]
    whole = find_analyte(text, "")
    return next(iter(known), None) or ((whole, "") if whole else next(iter(found), ("", "")))


def _unit_needed(name: str) -> str:
    return SURE if analytes()[name].unit_optional else UNSURE


def _event_part(heading: str) -> tuple[str, str] | None:
    """Event that a heading names, and what the column tells of it."""
    words = plain_heading(heading)
    parts = _headers()["parts"]
    for name, texts in _headers()["events"].items():
        for text in sorted(texts, key=len, reverse=True):
            if not re.search(rf"\b{re.escape(text)}\b", words):
                continue
            rest = " ".join(re.sub(rf"\b{re.escape(text)}\b", " ", words).split())
            rest = re.sub(r"^of | of$", "", rest)
            for part, known in parts.items():
                if rest in known:
                    return name, "time" if text.startswith("date of") else part
    return None


def _key(sheet: Sheet, headings: Mapping[str, str]) -> str:
    """The first column, where its heading says that it identifies."""
    first = next(iter(headings))
    return first if re.search(r"\b(?:id|nr|no|number)\b", plain_heading(headings[first])) else ""


def _dates(sheet: Sheet, one: Guess) -> str:
    """How a sheet writes its dates, where they do not tell it themselves."""
    times = [c for n, (c, _) in one.columns.items() if n in ("time", "infusion_time")]
    times += [parts["time"] for parts in one.events.values() if "time" in parts]
    cells = [text for c in times for text in sheet.rows[c].dropna().astype("str")] + one.across
    if cells and all(re.fullmatch(r"[2-7]\d{4}(?:\.\d+)?", text) for text in cells):
        return "excel"
    order = date_order(cells)
    return OPEN if any(iso_time(text, order) is None for text in cells) else ""


def _compares(cells: Iterable[Any]) -> bool:
    """Whether a column holds comparators and nothing else."""
    found = {str(cell).strip() for cell in cells if cell is not None}
    return bool(found - {"="}) and found <= {*COMPARATORS, "=", "\u2264", "\u2265"}


def _infusion_day(sheet: Sheet, one: Guess) -> str:
    """Open where days are counted without a day 0, as trials do: the infusion may be day 1."""
    columns = [c for n, (c, _) in one.columns.items() if n == "day"]
    columns += [parts["day"] for parts in one.events.values() if "day" in parts]
    days = {
        day / 24
        for column in columns
        for cell in sheet.rows[column].dropna().astype("str")
        if (day := heading_time(cell).get("hours_from_infusion")) is not None
    }
    days |= {
        day / 24
        for column in one.across
        if (day := heading_time(column).get("hours_from_infusion")) is not None
    }
    named = any("study" in plain_heading(sheet.titles.get(c, c)) for c in columns)
    without = 0 not in days and 1 in days and min(days) < 0
    return OPEN if without or (named and 0 not in days) else ""


def _decimal(sheet: Sheet, one: Guess) -> str:
    """Open where a number can be read in two ways and no other of the sheet tells which."""
    named = [c for n, (c, _) in one.columns.items() if n in NUMBER_COLUMNS[one.table]]
    columns = [sheet.rows[c] for c in (*named, *one.results, *one.across)]
    if sheet.separator == ";" or any(signs_of(column) for column in columns):
        return ""
    cells = (cell for column in columns for cell in column if isinstance(cell, str))
    return OPEN if any(decimal_sign(cell) == "?" for cell in cells) else ""


def written_mapping(guesses: Sequence[Guess], sheets: Sequence[Sheet]) -> str:
    """The mapping as TOML, each line with how sure it is."""
    lines = [
        "# A first mapping, from headings and cells. Lines marked 'to decide' hold '?': fill them",
        "# in, or move the column to 'ignore'. 'riskmodel convert table' reads nothing before.",
    ]
    done = {id(one.sheet) for one in guesses}
    left = [s.name or s.file for s in sheets if id(s) not in done]
    if left:
        why = "hidden in the workbook, or empty" if any(s.hidden for s in sheets) else "empty"
        lines.append(f"ignore_sheets = {_toml(left)}  # {LIKELY}: {why}")
    if not any(one.table == "patients" for one in guesses):
        lines.append("# to decide: no sheet holds the infusion of each patient; add one.")
    for one in guesses:
        lines += ["", "[[sheet]]", f"file = {_toml(one.sheet.file)}"]
        if one.sheet.name:
            lines.append(f"sheet = {_toml(one.sheet.name)}")
        lines.append(f"table = {_toml(one.table)}")
        if one.dates == OPEN:
            lines.append('dates = "?"  # to decide: "day first" or "month first"')
        elif one.dates:
            lines.append(f"dates = {_toml(one.dates)}  # {LIKELY}: days since 1899-12-30")
        if one.decimal:
            lines.append('decimal = "?"  # to decide: "," or "."; such as 1.234')
        if one.infusion_day:
            lines.append('infusion_day = "?"  # to decide: 0 or 1, the number of its day')
        if one.across:
            lines.append(f"across = {_toml(one.across)}  # {SURE}: headings that are times")
        if one.ignore:
            lines.append(f"ignore = {_toml(one.ignore)}  # {LIKELY}: not of the contract")
        lines += _column_lines(one)
        if one.results:
            lines.append("[sheet.results]")
        for column, (name, unit, sure) in one.results.items():
            stated = unit or ("" if sure == SURE else OPEN)
            entry = f"{{ analyte = {_toml(name)}, unit = {_toml(stated)} }}"
            lines.append(f"{_toml(column)} = {entry}  # {sure}")
        for event, parts in one.events.items():
            lines += ["[[sheet.event]]", f"event = {_toml(event)}  # {LIKELY}"]
            lines += [f"{part} = {_toml(column)}" for part, column in parts.items()]
            if "time" not in parts:
                lines.append(f"time = {_toml(OPEN)}  # {UNSURE}: no column tells when")
    return "\n".join(lines) + "\n"


def _column_lines(one: Guess) -> list[str]:
    lines = ["[sheet.columns]"]
    lines += [f"{name} = {_toml(c)}  # {sure}" for name, (c, sure) in one.columns.items()]
    if "patient_id" not in one.columns:
        lines.append(f"patient_id = {_toml(OPEN)}  # {UNSURE}: no column names the patient")
    if one.infusion_open:
        lines.append(f"infusion_time = {_toml(OPEN)}  # {UNSURE}: no column tells the infusion")
    timed = {"time", "day", "hours_from_infusion"} & set(one.columns)
    if one.table != "patients" and not (timed or one.across or one.events):
        lines.append(f"time = {_toml(OPEN)}  # {UNSURE}: no column tells when")
    if "event" in one.columns:
        lines += _event_values(one)
    if "analyte" in one.columns:
        cells = one.sheet.rows[one.columns["analyte"][0]].dropna().astype("str").str.strip()
        other = [text for text in cells.unique() if find_analyte(text, "") is None]
        if other:
            shown = ", ".join(_toml(text) for text in other[:20])
            lines.append(f"# {len(other)} names are no analyte of the contract, not read: {shown}")
            lines.append(
                '# To read one, add [sheet.values.analyte] with a line "name" = "analyte".'
            )
    return lines


def _event_values(one: Guess) -> list[str]:
    """Names of events that the contract does not know, to be told."""
    cells = one.sheet.rows[one.columns["event"][0]].dropna().astype("str").str.strip().unique()
    unknown = [text for text in cells if category(text) is None]
    if not unknown:
        return []
    lines = ["[sheet.values.event]"]
    for text in unknown[:40]:
        found = _event_part(text)
        meant, sure = (found[0], LIKELY) if found else (OPEN, UNSURE)
        lines.append(f"{_toml(text)} = {_toml(meant)}  # {sure}; one of {len(EVENT_NAMES)} events")
    return lines


def _toml(value: str | list[str]) -> str:
    """A value as TOML writes it."""
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    text = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda c: f"\\u{ord(c[0]):04x}", text) + '"'
