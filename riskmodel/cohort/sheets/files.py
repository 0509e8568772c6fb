"""Files that hold spreadsheets, as sheets of cells: text, numbers that were typed, or nothing."""

import csv
import io
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
_NEEDS = "Install the readers of spreadsheets: pip install 'riskmodel[tables]'."


@dataclass(frozen=True)
class Sheet:
    """One sheet of a file.

    Attributes
    ----------
    file, name : str
        Name of the file, and of the sheet in it (empty where it has one only).
    rows : DataFrame
        Cells as text, number or None; columns as headed.
    titles : dict
        What a column is called in words, where the file tells.
    separator : str
        Of a text file.
    first_line : int
        Line of the first row.
    notes : tuple of str
        What was done to read it.
    """

    file: str
    name: str
    rows: pd.DataFrame
    titles: dict[str, str] = field(default_factory=dict)
    separator: str = ""
    first_line: int = 2
    notes: tuple[str, ...] = ()

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


def cut_text(text: str) -> tuple[str, list[tuple[int, list[str]]]]:
    """The separator that the first line has most of; non-empty lines cut by it, with numbers.

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
    first = text.lstrip().partition("\n")[0]
    separator = stated or max("\t;,|", key=first.count)
    source = io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n"))
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


def _text_sheet(name: str, text: str, notes: tuple[str, ...]) -> Sheet:
    separator, lines = cut_text(text)
    rows = [line for _, line in lines]
    first = lines[1][0] if len(lines) > 1 else 2
    return Sheet(name, "", _frame(name, rows), separator=separator, first_line=first, notes=notes)


def _frame(title: str, lines: Sequence[Sequence[Any]]) -> pd.DataFrame:
    """Lines under their heading; a row that is longer than the heading is a fault."""
    if not lines:
        return pd.DataFrame()
    heading = [str(cell or "").strip() for cell in lines[0]]
    while heading and not heading[-1]:
        heading.pop()
    names = [name or f"column {k}" for k, name in enumerate(heading, start=1)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SchemaError(f"'{title}' has column '{twice[0]}' twice. Rename one.")
    width = len(names)
    for number, line in enumerate(lines[1:], start=2):
        if any(_cell(cell) is not None for cell in line[width:]):
            raise SchemaError(
                f"Row {number} of '{title}' has more cells than its heading. Add or remove a "
                "separator there, or quote the cell."
            )
    padded = ([*line[:width], *[None] * (width - len(line))] for line in lines[1:])
    cells = [[_cell(cell) for cell in line] for line in padded]
    return pd.DataFrame(cells, columns=names, dtype=object)


def _cell(value: Any) -> str | float | None:
    """A cell as text or number; dates in the form of ISO 8601."""
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, bool):
        return str(int(value))
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
        names = book.sheetnames
        for name in names:
            lines = [list(row) for row in book[name].iter_rows(values_only=True)]
            start = next((k for k, row in enumerate(lines) if any(map(_cell, row))), None)
            if start is None:
                continue
            kept = [row for row in lines[start:] if any(_cell(cell) is not None for cell in row)]
            rows = _frame(f"{path.name}, sheet '{name}'", kept)
            yield Sheet(path.name, name if len(names) > 1 else "", rows, first_line=start + 2)
    finally:
        book.close()


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
    rows = pd.DataFrame(cells, dtype=object, columns=list(frame.columns))
    return Sheet(path.name, "", rows, titles, first_line=1)


def named(sheets: Iterable[Sheet], file: str, name: str) -> Sheet | None:
    """The sheet of a file by both names; a file of one sheet needs no name of it."""
    found = [s for s in sheets if s.file == file and (not name or s.name == name)]
    return found[0] if len(found) == 1 else None
