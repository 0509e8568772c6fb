"""Read the three tables of a cohort folder as text, with every structural fault at once."""

import codecs
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.schema import COLUMNS
from riskmodel.errors import SchemaError

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK_BYTES = 1 << 20
"""Of a CSV file, read at once where nothing else is asked for; no row may be longer."""

KEY = "patient_id"
TABLES = ("patients", "labs", "events")
_NEEDED = {
    "patients": (("patient_id",),),
    "labs": (
        ("patient_id",),
        ("hours_from_infusion", "time"),
        ("analyte", "loinc_code"),
        ("value",),
    ),
    "events": (("patient_id",), ("event",), ("hours_from_infusion", "time")),
}
_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
MISSING = ("NA", "NaN", "nan", "NULL", "null", "None", "N/A", "n/a", "<NA>")


def _check_bytes(path: Path) -> None:
    """Refuse a CSV file that is not UTF-8, or that never closes a quotation mark.

    The rest of the file would be one cell.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    quotations = read = 0
    with path.open("rb") as source:
        while chunk := source.read(1 << 22):
            quotations += chunk.count(b'"')
            begun = len(decoder.getstate()[0])
            try:
                if begun or not chunk.isascii():
                    decoder.decode(chunk)
            except UnicodeDecodeError as error:
                source.seek(0)
                line = source.read(read - begun + error.start).count(b"\n") + 1
                raise _not_csv(path, f"line {line} is not UTF-8") from None
            read += len(chunk)
    if quotations % 2 == 1:
        raise SchemaError(
            f"File '{path}' has a quotation mark that is never closed. Close it or remove it."
        )
    if decoder.getstate()[0]:
        raise _not_csv(path, "its last character is not UTF-8")


def _not_csv(path: Path, reason: str) -> SchemaError:
    return SchemaError(
        f"File '{path}' cannot be read as CSV in UTF-8: {reason}. "
        "Save it again as comma-separated UTF-8 text."
    )


def _not_parquet(path: Path, error: Exception) -> SchemaError:
    said = str(error).splitlines()[0][:200].rstrip(".")
    return SchemaError(f"File '{path}' cannot be read as Parquet: {said}. Write it again.")


def read_csv(path: Path, table: str, rejections: Rejections) -> pd.DataFrame:
    """One CSV file as text; rows of another length than the header are recorded as rejected.

    Raises
    ------
    SchemaError
        When it is not UTF-8 CSV, or a quotation mark is never closed.
    """
    import pyarrow as pa

    batches = list(csv_batches(path, table, rejections))
    read = pa.Table.from_batches(batches, schema=batches[0].schema)
    return unknown_cells(read.to_pandas())


def csv_batches(
    path: Path, table: str, rejections: Rejections, block_bytes: int = BLOCK_BYTES
) -> "Iterator[pa.RecordBatch]":
    """The rows of `read_csv` some at a time, all cells text; at least one batch.

    Rows of another length than the header are recorded when the last batch was taken.
    """
    import pyarrow as pa
    from pyarrow import csv

    _check_bytes(path)
    malformed: list[int] = []

    def skip(row: csv.InvalidRow) -> str:
        malformed.append(row.number or 0)
        return "skip"

    def options(handler: Callable[[csv.InvalidRow], str]) -> csv.ParseOptions:
        return csv.ParseOptions(newlines_in_values=True, invalid_row_handler=handler)

    # One thread: with more, rows have no numbers.
    reading = csv.ReadOptions(use_threads=False, block_size=block_bytes)
    # To learn the names takes the types of a whole block: a small one.
    heading = csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES)
    try:
        with csv.open_csv(
            path, read_options=heading, parse_options=options(lambda _: "skip")
        ) as opened:
            names = opened.schema.names
        text = csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
            null_values=[""],
        )
        with csv.open_csv(
            path, read_options=reading, parse_options=options(skip), convert_options=text
        ) as opened:
            named = contract_names(table, opened.schema.names)
            yield pa.RecordBatch.from_pylist([], schema=opened.schema).rename_columns(named)
            yield from (batch.rename_columns(named) for batch in opened)
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        # Arrow ends with the row itself.
        said = re.sub(r"(got \d+): .*", r"\1", str(error).splitlines()[0])
        raise _not_csv(path, said[:200].rstrip(".")) from None
    if malformed:
        rows = np.array([max(n - 2, 0) for n in malformed], dtype=np.int64)
        empty = pd.Series([""] * (int(rows.max()) + 1))
        rejections.add(table, rows, empty, "malformed_row")


def contract_names(table: str, names: Sequence[str]) -> list[str]:
    """Names of columns as the contract spells them: without case and spaces around; others stay.

    Examples
    --------
    >>> contract_names("labs", ["Patient_ID", " VALUE", "Reference High", "Remark"])
    ['patient_id', 'value', 'reference_high', 'Remark']
    """
    found = []
    for name in names:
        folded = re.sub(r"[\s_-]+", "_", str(name).strip(" \ufeff\xa0\t").casefold())
        found.append(folded if folded in COLUMNS[table] else str(name))
    return found


def unknown_cells(frame: pd.DataFrame) -> pd.DataFrame:
    """Cells of a CSV file that say "unknown" in letters, emptied."""
    for name in frame.columns:
        # An identifier may be the text NA; in every other column it means unknown.
        if name != "patient_id":
            frame[name] = frame[name].mask(frame[name].isin(MISSING))
    return frame


def _read_parquet(path: Path, table: str, _: Rejections) -> pd.DataFrame:
    """One Parquet file.

    Raises
    ------
    SchemaError
        When it is damaged, or its text is not UTF-8.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as opened:
            rows = opened.read()
        rows = plain_types(rows.rename_columns(contract_names(table, rows.column_names)))
        check_text(rows, path)
        frame: pd.DataFrame = rows.to_pandas()
        return frame
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        raise _not_parquet(path, error) from None


def parquet_batches(path: Path, table: str, rows: int = 250_000) -> "Iterator[pa.RecordBatch]":
    """The rows of a whole Parquet file some at a time; at least one batch.

    Of the text, only that of the identifiers is checked: without it no row has a patient, while
    another column that cannot be read costs the patients whose cells it holds, no others.
    """
    import pyarrow as pa
    from pyarrow import parquet

    before = 0
    try:
        with parquet.ParquetFile(path) as opened:
            named = contract_names(table, opened.schema_arrow.names)
            empty = pa.RecordBatch.from_pylist([], schema=opened.schema_arrow)
            yield plain_types(empty.rename_columns(named))
            for charted in opened.iter_batches(batch_size=rows, use_threads=False):
                batch = plain_types(charted.rename_columns(named))
                check_text(batch, path, (KEY,), before)
                before += len(batch)
                yield batch
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        raise _not_parquet(path, error) from None


def plain_types(rows: Any) -> Any:
    """A Table or RecordBatch with decimals as numbers, and dictionaries that pandas can hold.

    Identifiers stay as they are.
    """
    import pyarrow as pa

    columns = []
    for field, column in zip(rows.schema, rows.columns, strict=True):
        kind = field.type
        if pa.types.is_dictionary(kind) and (
            kind.index_type == pa.uint64() or pa.types.is_decimal(kind.value_type)
        ):
            column = column.cast(kind.value_type)
        if pa.types.is_decimal(column.type) and field.name != KEY:
            column = column.cast(pa.string()).cast(pa.float64())  # rounded as a reader would
        columns.append(column)
    return type(rows).from_arrays(columns, names=rows.schema.names)


def missing_columns(table: str, frame: pd.DataFrame, path: Path) -> list[str]:
    """What to say of each column that a table needs and `frame` does not have."""
    faults = []
    for names in _NEEDED[table]:
        if not any(name in frame.columns for name in names):
            wanted = " or ".join(f"'{name}'" for name in names)
            seen = ", ".join(map(str, frame.columns[:12]))[:200] or "none"
            faults.append(
                f"File '{path.name}' has no column {wanted} (columns seen: {seen}). "
                f"{_next_step(names, frame)}"
            )
    return faults


def _next_step(names: tuple[str, ...], frame: pd.DataFrame) -> str:
    """How to mend a table that lacks a column of `names`."""
    columns = [str(column) for column in frame.columns]
    for mark, called in _OTHER_SEPARATORS.items():
        if len(columns) == 1 and mark in columns[0]:
            return f"Its columns are separated by {called}: write the file with commas."
    return "Add it."


def read_table(path: Path, table: str, rejections: Rejections) -> pd.DataFrame:
    """One whole file, by its ending."""
    read = read_csv if path.suffix.lower() == ".csv" else _read_parquet
    return read(path, table, rejections)


def read_frames(
    folder: Path,
    rejections: Rejections,
    read: Callable[[Path, str, Rejections], pd.DataFrame] = read_table,
) -> dict[str, pd.DataFrame]:
    """The tables of a cohort folder, as charted.

    Parameters
    ----------
    folder : Path
    rejections : Rejections
    read : callable
        Reads one file; a caller that wants the checks but not the rows reads less.

    Raises
    ------
    SchemaError
        When the folder, a table or a needed column is missing, or a file is unreadable:
        all such faults in one message.
    """
    if not folder.is_dir():
        raise SchemaError(
            f"Cohort folder '{folder}' does not exist. "
            "Give a folder with patients, labs and events as CSV or Parquet."
        )
    frames: dict[str, pd.DataFrame] = {}
    faults: list[str] = []
    for table in TABLES:
        found = [p for p in (folder / f"{table}.csv", folder / f"{table}.parquet") if p.is_file()]
        if not found:
            faults.append(
                f"Cohort folder '{folder}' has no '{table}.csv' and no '{table}.parquet'. Add one."
            )
            continue
        if len(found) == 2:
            faults.append(
                f"Cohort folder '{folder}' has both '{table}.csv' and '{table}.parquet'. "
                "Remove one."
            )
            continue
        path = found[0]
        try:
            frame = read(path, table, rejections)
        except SchemaError as error:
            faults.append(str(error))
            continue
        if not frame.columns.is_unique:
            twice = sorted(set(frame.columns[frame.columns.duplicated()]))
            faults.append(f"File '{path.name}' has column '{twice[0]}' twice. Remove one.")
            continue
        faults += missing_columns(table, frame, path)
        frames[table] = frame
    if faults:
        raise SchemaError(" ".join(faults))
    if frames["patients"].empty:
        raise SchemaError(
            f"Cohort '{folder}' is empty: its patients table has no rows. Add patients."
        )
    return frames


def check_text(
    rows: "pa.Table | pa.RecordBatch", path: Path, columns: Sequence[str] = (), before: int = 0
) -> None:
    """Refuse text that is not UTF-8, which Parquet promises but many writers do not check.

    Parameters
    ----------
    rows : Table or RecordBatch
        Of the file, as read.
    path : Path
    columns : sequence of str
        Columns to check where they are there; all of them by default.
    before : int
        Rows of the file that come before these.

    Raises
    ------
    SchemaError
        Names the column and the first such row; never what stands in it. Also where the
        identifier is a list or a record.
    """
    import pyarrow as pa

    for number, field in enumerate(rows.schema):
        if columns and field.name not in columns:
            continue
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if field.name == KEY and pa.types.is_nested(kind):
            raise SchemaError(
                f"Column '{KEY}' of '{path.name}' is of type {kind}. Allowed: text or whole "
                "numbers. Write one identifier in each cell."
            )
        if _broken(rows.column(number)):
            first = next(k for k in range(len(rows)) if _broken(rows.column(number).slice(k, 1)))
            raise SchemaError(
                f"Column '{field.name}' of '{path.name}' holds text that is not UTF-8 (first: row "
                f"{before + first + 1}). Write the file again with its text in UTF-8."
            )


def _broken(cells: "pa.Array | pa.ChunkedArray") -> bool:
    """Whether a text cell holds other bytes than UTF-8."""
    import pyarrow as pa

    kind = cells.type
    if pa.types.is_dictionary(kind):
        cells, kind = cells.cast(kind.value_type), kind.value_type
    is_bytes = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)
    is_text = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    try:
        if any(is_kind(kind) for is_kind in is_bytes):
            cells.cast(pa.large_string())
        elif any(is_kind(kind) for is_kind in is_text):
            cells.validate(full=True)
    except pa.ArrowInvalid:
        return True
    return False
