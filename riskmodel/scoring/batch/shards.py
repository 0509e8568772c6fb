"""A cohort folder split by patient, so that its records are never in memory at once.

Every rule of the reader concerns one patient's rows, so that reading the shards one after the
other gives what reading the folder at once gives. Two files per cohort would need thousands of
open files; here each table is one Arrow file whose batches belong to one shard each.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import ipc, parquet

from riskmodel.arrays import Codes
from riskmodel.cohort import (
    BLOCK_BYTES,
    NUMBER_COLUMNS,
    TABLES,
    TIME_COLUMNS,
    Evidence,
    Notation,
    Rejections,
    csv_batches,
    parquet_batches,
    read_frames,
    text_column,
    unknown_cells,
)
from riskmodel.errors import SchemaError
from riskmodel.files import write_text

ROWS_OF_SHARD = 600_000
"""Lab results and events of a shard, about; a patient is never split."""

_INDEX = "shards.json"
_ROW = "__row"
_BLOCK_BYTES = 16 << 20


@dataclass(frozen=True)
class Shards:
    """What `split` wrote.

    Attributes
    ----------
    name : str
        Of the cohort.
    text : mapping of str to bool
        Whether a table came from CSV, by table.
    batches : mapping of str to list of list of int
        By table and shard, the numbers of its batches in the table's file.
    patients : list of int
        Rows of the patients table, by shard.
    marks : list of (str, str)
        Evidence of how the files write numbers and dates: of all rows, for every shard.
    """

    name: str
    text: Mapping[str, bool]
    batches: Mapping[str, list[list[int]]]
    patients: list[int]
    marks: list[list[str]]

    @property
    def notation(self) -> Notation:
        """How the files write numbers and dates."""
        return Evidence((column, sign) for column, sign in self.marks).notation()

    def __len__(self) -> int:
        return len(self.patients)


def split(
    folder: Path, into: Path, rows_of_shard: int = ROWS_OF_SHARD, decimal: str = ""
) -> tuple[Shards, Rejections]:
    """Write the records of a cohort folder by shard; `check_folder` comes first.

    Patients stay in the order of the file. Rows that name nobody, or nobody in the cohort, are
    spread over the shards: each of them only yields its own rejection.

    Parameters
    ----------
    folder : Path
        See `read_cohort`.
    into : Path
        A folder; an interrupted split leaves no index there.
    rows_of_shard : int
    decimal : {"", ",", "."}
        See `score_batch`.

    Returns
    -------
    (Shards, Rejections)
        And what was rejected before a row had cells.

    Raises
    ------
    SchemaError
        As `read_cohort`.
    """
    into.mkdir(parents=True, exist_ok=True)
    paths = {table: _path(folder, table) for table in TABLES}
    names = _names(paths["patients"])
    rows = sum(_row_count(paths[table]) for table in ("labs", "events"))
    each = max(1, len(names) * rows_of_shard // max(rows, 1))
    rejections = Rejections()
    evidence = Evidence(folder=folder)
    evidence.state(decimal)
    batches, sizes = {}, []
    for table in TABLES:
        batches[table], counts = _write(
            table, paths[table], names, each, into, rejections, evidence
        )
        if table == "patients":
            sizes = counts
    text = {table: path.suffix == ".csv" for table, path in paths.items()}
    marks = [list(mark) for mark in sorted(evidence.marks)]
    shards = Shards(folder.name, text, batches, sizes, marks)
    write_text(into / _INDEX, json.dumps(asdict(shards)))
    return shards, rejections


def load_shards(folder: Path) -> Shards | None:
    """The index of a finished split, None where there is none."""
    try:
        return Shards(**json.loads((folder / _INDEX).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def read_shard(
    folder: Path, shards: Shards, number: int
) -> tuple[dict[str, pd.DataFrame], dict[str, Codes]]:
    """Charted tables of one shard, and for each row its place in the table's file, from 0.

    Raises
    ------
    SchemaError
        When the store was damaged since it was written.
    """
    frames, rows = {}, {}
    for table in TABLES:
        try:
            with pa.OSFile(str(folder / f"{table}.arrow")) as source:
                reader = ipc.open_file(source)
                found = [reader.get_batch(k) for k in shards.batches[table][number]]
                whole = pa.Table.from_batches(found, schema=reader.schema)
        except (pa.ArrowInvalid, OSError) as error:
            said = str(error).splitlines()[0][:200].rstrip(".")
            raise SchemaError(
                f"Shard {number} of table '{table}' in '{folder}' cannot be read: {said}. "
                "Run again without --resume."
            ) from None
        rows[table] = whole[_ROW].to_numpy()
        frame = whole.drop_columns([_ROW]).to_pandas()
        frames[table] = unknown_cells(frame) if shards.text[table] else frame
    return frames, rows


def _path(folder: Path, table: str) -> Path:
    csv = folder / f"{table}.csv"
    return csv if csv.is_file() else folder / f"{table}.parquet"


def _batches(
    path: Path, table: str, rejections: Rejections, block_bytes: int = _BLOCK_BYTES
) -> Iterator[pa.RecordBatch]:
    if path.suffix == ".csv":
        return csv_batches(path, table, rejections, block_bytes)
    return parquet_batches(path, table)


def _first_rows(path: Path, table: str, rejections: Rejections) -> pd.DataFrame:
    """Enough of a table to check its columns, and that it has a row."""
    for batch in _batches(path, table, rejections, BLOCK_BYTES):
        if batch.num_rows:
            break
    frame: pd.DataFrame = batch.slice(0, 1).to_pandas()
    return frame


def _row_count(path: Path) -> int:
    """Rows of a file: exact for Parquet, by the length of its first lines for CSV."""
    if path.suffix == ".parquet":
        return int(parquet.read_metadata(path).num_rows)
    with path.open("rb") as source:
        start = source.read(1 << 20)
    return path.stat().st_size * max(start.count(b"\n"), 1) // max(len(start), 1)


def _ids(batch: pa.RecordBatch, names: pd.Index) -> Codes:
    """Position of each row's patient in `names`, -1 where it has none."""
    coded = batch.column("patient_id").dictionary_encode()
    distinct = text_column(pd.DataFrame({"patient_id": coded.dictionary.to_pandas()}), "patient_id")
    found = np.append(names.get_indexer(pd.Index(distinct)), -1)
    return np.asarray(found[coded.indices.fill_null(-1).to_numpy()], dtype=np.int64)


def _names(path: Path) -> pd.Index:
    """Patients of the cohort in the order of their first row."""
    parts = [
        text_column(batch.select(["patient_id"]).to_pandas(), "patient_id").dropna()
        for batch in _batches(path, "patients", Rejections())
    ]
    names: pd.Index = pd.Index(pd.concat(parts, ignore_index=True).drop_duplicates())
    return names


def _write(
    table: str,
    path: Path,
    names: pd.Index,
    each: int,
    into: Path,
    rejections: Rejections,
    evidence: Evidence,
) -> tuple[list[list[int]], list[int]]:
    """One table by shard; the batches of each shard, and its rows."""
    count = max(1, -(-len(names) // each))
    placed: list[list[int]] = [[] for _ in range(count)]
    sizes = [0] * count
    writer, written, start = None, 0, 0
    # Fast compression: the store is written and read once.
    options = ipc.IpcWriteOptions(compression="lz4", use_threads=False)
    with pa.OSFile(str(into / f"{table}.arrow"), "wb") as sink:
        for number, batch in enumerate(_batches(path, table, rejections)):
            rows = pa.array(np.arange(start, start + batch.num_rows))
            start += batch.num_rows
            evidence.see(table, _asked(table, batch))
            whole = batch.append_column(_ROW, rows)
            if writer is None:
                writer = ipc.new_file(sink, whole.schema, options=options)
            code = _ids(batch, names)
            shard = np.where(code < 0, number % count, code // each)
            for k, piece in _pieces(whole, shard):
                writer.write_batch(piece)
                placed[k].append(written)
                sizes[k] += piece.num_rows
                written += 1
        if writer is not None:
            writer.close()
    return placed, sizes


def _asked(table: str, batch: pa.RecordBatch) -> pd.DataFrame:
    """The columns of a batch that can tell how its file is written."""
    named = {*NUMBER_COLUMNS[table], TIME_COLUMNS[table]}
    asked = batch.select([name for name in batch.schema.names if name in named])
    columns = {name: _readable(asked.column(name)) for name in asked.schema.names}
    return unknown_cells(pd.DataFrame(columns))


def _readable(column: pa.Array) -> pd.Series:
    """A column whose text is text: a cell of other bytes than UTF-8 tells nothing of its file."""
    found: pd.Series = column.to_pandas()
    if not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
        return found
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        raw = column.cast(pa.large_binary(), safe=False).to_pylist()
        return pd.Series([None if r is None else r.decode(errors="ignore") for r in raw])
    return found


def _pieces(batch: pa.RecordBatch, shard: Codes) -> Iterator[tuple[int, pa.RecordBatch]]:
    """The rows of each shard in their order, without a copy where the rows stand by shard."""
    if len(shard) == 0:
        return
    if not np.all(shard[1:] >= shard[:-1]):
        order = np.argsort(shard, kind="stable")
        batch, shard = batch.take(pa.array(order)), shard[order]
    present, first = np.unique(shard, return_index=True)
    for k, low, high in zip(present.tolist(), first, np.append(first[1:], len(shard)), strict=True):
        yield k, batch.slice(int(low), int(high - low))


def check_folder(folder: Path) -> None:
    """Refuse a folder that `split` would refuse for its files, columns, or want of patients.

    Raises
    ------
    SchemaError
    """
    read_frames(folder, Rejections(), read=_first_rows)


def file_digests(folder: Path) -> dict[str, dict[str, Any]]:
    """Name, SHA-256 and size of each table's file."""
    import hashlib

    found = {}
    for table in TABLES:
        path = _path(folder, table)
        with path.open("rb") as source:
            digest = hashlib.file_digest(source, "sha256").hexdigest()
        found[path.name] = {"sha256": digest, "bytes": path.stat().st_size}
    return found
