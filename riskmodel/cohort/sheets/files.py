"""Files that hold spreadsheets, as sheets of cells: text, numbers that were typed, or nothing."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pandas as pd

from riskmodel.errors import SchemaError

TEXT_ENDINGS = (".csv", ".tsv", ".txt")
WORKBOOK_ENDINGS = (".xlsx", ".xlsm")
STATISTICS_ENDINGS = (".sav", ".zsav", ".por", ".sas7bdat", ".xpt", ".dta")
_LEADING = 15
"""Lines in which a heading is looked for: titles and dates of printing stand above some."""

_NEEDS = "Install the readers of spreadsheets: pip install 'riskmodel-iechs[tables]'."


@dataclass(frozen=True)
class Sheet:
    """One sheet of a file.

    Attributes
    ----------
    file, name : str
        Name of the file, and of the sheet in it (empty where it has one only).
    rows : DataFrame
        Cells as text, number or None; columns as headed, the index the lines of the file.
    titles : dict
        What a column is called in words, where the file tells.
    separator : str
        Of a text file.
    notes : tuple of str
        What was done to read it.
    checks : tuple of str
        What a person has to look at.
    hidden : bool
        Whether the workbook does not show it.
    start : datetime
        From which numbers count days, where they are dates.
    """

    file: str
    name: str
    rows: pd.DataFrame
    titles: dict[str, str] = field(default_factory=dict)
    separator: str = ""
    notes: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    hidden: bool = False
    start: datetime = datetime(1899, 12, 30)

    @property
    def title(self) -> str:
        """How messages name it."""
        return f"{self.file}, sheet '{self.name}'" if self.name else self.file


def read_sheets(source: Path) -> list[Sheet]:
    """The sheets of a file, or of every such file of a folder; empty ones are left out.

    Raises
    ------
    SchemaError
        When there is none, a file is none of these, or its reader is not installed.
    """
    if source.is_dir():
        known = (*TEXT_ENDINGS, *WORKBOOK_ENDINGS, *STATISTICS_ENDINGS)
        paths = sorted(
            path
            for path in source.iterdir()
            if path.suffix.lower() in known and not path.name.startswith((".", "~$"))
        )
        if not paths:
            raise SchemaError(
                f"Folder '{source}' holds no spreadsheet. Allowed endings: {', '.join(known)}."
            )
        return [sheet for path in paths for sheet in read_sheets(path)]
    if not source.is_file():
        raise SchemaError(f"'{source}' does not exist. Give a file or a folder of spreadsheets.")
    ending = source.suffix.lower()
    if ending in TEXT_ENDINGS:
        return [_text_sheet(source.name, *_decoded(source))]
    if ending in WORKBOOK_ENDINGS:
        return list(_workbook(source))
    if ending in STATISTICS_ENDINGS:
        return [_statistics(source)]
    raise SchemaError(
        f"File '{source.name}' ends in '{ending}'. Allowed endings: "
        f"{', '.join((*TEXT_ENDINGS, *WORKBOOK_ENDINGS, *STATISTICS_ENDINGS))}."
    )


def _decoded(path: Path) -> tuple[str, tuple[str, ...]]:
    """Text of a file, and by which encoding where it is not UTF-8."""
    sent = path.read_bytes()
    if sent.startswith((b"\xff\xfe", b"\xfe\xff")):
        return sent.decode("utf-16", "replace"), ("read as UTF-16",)
    try:
        return sent.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        if b"\0" in sent:
            raise SchemaError(
                f"File '{path.name}' is no text. Save it as CSV, or as a workbook."
            ) from None
        return sent.decode("cp1252", "replace"), ("read as Windows-1252",)


def cell_text(cell: object) -> str:
    """A cell as a person would type it: whole numbers without a decimal point, empty as no text."""
    if isinstance(cell, float):
        return "" if cell != cell else str(int(cell)) if cell.is_integer() else repr(cell)
    return "" if cell is None else str(cell).strip()


def cut_text(text: str) -> tuple[str, list[tuple[int, list[str]]]]:
    """The separator that most of the first lines have as often; the lines cut by it, with numbers.

    Raises
    ------
    SchemaError
        When a quotation mark is never closed.
    """
    skipped = 0
    if text[:4].casefold() == "sep=" and "\n" in text:
        stated, text = text[4:5], text.partition("\n")[2]
        skipped = 1
    else:
        stated = ""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    separator = stated or _separator(text)
    source = io.StringIO(text)
    reader = csv.reader(source, delimiter=separator, strict=True, skipinitialspace=True)
    try:
        lines = [
            (reader.line_num + skipped, row) for row in reader if any(cell.strip() for cell in row)
        ]
    except csv.Error as error:
        raise SchemaError(
            f"Line {reader.line_num + skipped} of the table cannot be read ({error}). Look for a "
            "quotation mark that is never closed."
        ) from None
    return separator, lines


def _separator(text: str) -> str:
    """Of the first lines, without what stands in quotation marks."""
    lines = [line for line in text.split("\n", _LEADING)[:_LEADING] if line.strip()]
    plain = [re.sub(r'"[^"]*"', "", line) for line in lines]

    def often(mark: str) -> tuple[int, int]:
        counts = Counter(count for line in plain if (count := line.count(mark)))
        return max(((lines, count) for count, lines in counts.items()), default=(0, 0))

    return max("\t;,|", key=often)


def _text_sheet(name: str, text: str, notes: tuple[str, ...]) -> Sheet:
    separator, lines = cut_text(text)
    rows, told = _frame(name, lines)
    return Sheet(name, "", rows, separator=separator, notes=(*notes, *told))


def _frame(
    title: str, lines: Sequence[tuple[int, Sequence[Any]]]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Numbered lines under their heading, and what was passed over above it.

    A row that is longer than the heading is a fault.
    """
    filled = [sum(_cell(cell) is not None for cell in line) for _, line in lines[:_LEADING]]
    above = next((k for k, count in enumerate(filled) if count > 1), 0)
    told = (f"{above} lines above the heading passed over",) if above else ()
    lines = lines[above:]
    if not lines:
        return pd.DataFrame(), told
    heading = [str(_cell(cell) or "").strip() for cell in lines[0][1]]
    while heading and not heading[-1]:
        heading.pop()
    names = [name or f"column {k}" for k, name in enumerate(heading, start=1)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SchemaError(f"'{title}' has column '{twice[0]}' twice. Rename one.")
    width = len(names)
    for number, line in lines[1:]:
        if any(_cell(cell) is not None for cell in line[width:]):
            raise SchemaError(
                f"Row {number} of '{title}' has more cells than its heading. Add or remove a "
                "separator there, or quote the cell."
            )
    padded = ([*line[:width], *[None] * (width - len(line))] for _, line in lines[1:])
    cells = [[_cell(cell) for cell in line] for line in padded]
    index = pd.Index([number for number, _ in lines[1:]], dtype="int64")
    return pd.DataFrame(cells, columns=names, dtype=object, index=index), told


def _cell(value: Any) -> str | float | None:
    """A cell as text or number; dates in the form of ISO 8601."""
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"  # never the number 1
    if isinstance(value, datetime):
        plain = value.time() == time() and value.tzinfo is None
        return value.date().isoformat() if plain else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float):
        return float(value)
    return str(value).strip("\u200b\ufeff \t\r\n\xa0") or None


def _workbook(path: Path) -> Iterator[Sheet]:
    try:
        from openpyxl import load_workbook
        from openpyxl.utils.exceptions import InvalidFileException
    except ImportError:
        raise SchemaError(f"'{path.name}' is a workbook. {_NEEDS}") from None
    import zipfile

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise SchemaError(
            f"'{path.name}' cannot be read as a workbook: {type(error).__name__}. Save it again."
        ) from None
    try:
        names = [name for name in book.sheetnames if name not in _charts(book)]
        lost = _uncalculated(path)
        start = datetime(1904, 1, 1) if book.epoch.year == 1904 else datetime(1899, 12, 30)
        for name in names:
            lines = [
                (number, [_shown(cell) for cell in row])
                for number, row in enumerate(book[name].iter_rows(), start=1)
            ]
            kept = [(k, row) for k, row in lines if any(_cell(cell) is not None for cell in row)]
            if not kept:
                continue
            rows, told = _frame(f"{path.name}, sheet '{name}'", kept)
            hidden = book[name].sheet_state != "visible"
            checks = [f"sheet '{name}' is hidden in the workbook"] if hidden else []
            if lost.get(name):
                checks.append(
                    f"sheet '{name}' has {lost[name]} formulas that were never calculated: their "
                    "cells are empty (open the workbook and save it)"
                )
            yield Sheet(
                path.name,
                name if len(names) > 1 else "",
                rows,
                notes=told,
                checks=tuple(checks),
                hidden=hidden,
                start=start,
            )
    finally:
        book.close()


def _charts(book: Any) -> set[str]:
    return {sheet.title for sheet in book.chartsheets}


def _shown(cell: Any) -> Any:
    """The value of a cell; of one that is shown as a percentage, that."""
    value = cell.value
    if isinstance(value, int | float) and not isinstance(value, bool) and "%" in cell.number_format:
        return f"{value * 100:.12g} %"
    return value


def _uncalculated(path: Path) -> dict[str, int]:
    """Formulas without a value, by sheet: a program that is no spreadsheet writes them so."""
    import zipfile

    from openpyxl import load_workbook

    with zipfile.ZipFile(path) as parts:
        sheets = [name for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
        if not any(b"<f" in parts.read(name) for name in sheets):
            return {}
    found: dict[str, int] = {}
    told, valued = (load_workbook(path, read_only=True, data_only=only) for only in (False, True))
    try:
        for name in told.sheetnames:
            if name in _charts(told):
                continue
            both = zip(told[name].iter_rows(), valued[name].iter_rows(), strict=False)
            found[name] = sum(
                formula.data_type == "f" and value.value is None
                for row in both
                for formula, value in zip(*row, strict=False)
            )
    finally:
        told.close()
        valued.close()
    return found


def _statistics(path: Path) -> Sheet:
    """A file of SPSS, SAS or Stata, its labels of values applied."""
    try:
        import pyreadstat
    except ImportError:
        raise SchemaError(f"'{path.name}' is a file of SPSS, SAS or Stata. {_NEEDS}") from None
    readers: dict[str, Any] = {
        ".sav": pyreadstat.read_sav,
        ".zsav": pyreadstat.read_sav,
        ".por": pyreadstat.read_por,
        ".sas7bdat": pyreadstat.read_sas7bdat,
        ".xpt": pyreadstat.read_xport,
        ".dta": pyreadstat.read_dta,
    }
    try:
        ending = path.suffix.lower()
        words = {} if ending in (".xpt", ".sas7bdat") else {"apply_value_formats": True}
        frame, told = readers[ending](str(path), **words)
    except (pyreadstat.ReadstatError, UnicodeDecodeError, ValueError) as error:
        raise SchemaError(
            f"'{path.name}' cannot be read: {type(error).__name__}. Save it again, or as CSV."
        ) from None
    cells = {name: [_cell(value) for value in frame[name].astype(object)] for name in frame}
    titles = {name: text for name, text in told.column_names_to_labels.items() if text}
    lines = pd.RangeIndex(1, len(frame) + 1)
    rows = pd.DataFrame(cells, dtype=object, columns=list(frame.columns)).set_axis(lines)
    return Sheet(path.name, "", rows, titles)


def named(sheets: Iterable[Sheet], file: str, name: str) -> Sheet | None:
    """The sheet of a file by both names; a file of one sheet needs no name of it."""
    found = [s for s in sheets if s.file == file and (not name or s.name == name)]
    return found[0] if len(found) == 1 else None
