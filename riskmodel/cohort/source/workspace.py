"""Rows of a whole source, kept on disk while they are collected and handed out by groups.

A source may hold more results than the memory does. Rows are written as Arrow batches to a private
temporary folder, repeated texts as numbers, and come back some patients at a time.
"""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from riskmodel.arrays import Codes

BATCH = 65_536
OPEN_FILES = 200
_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")
_ROW = pa.field("row", pa.int64())
_Place: TypeAlias = Path | Any  # memory: pa.BufferOutputStream


def words() -> pa.DataType:
    """Type of a field of repeated texts."""
    return pa.dictionary(pa.int32(), pa.string())


def coded(column: Sequence[str] | pd.Series | npt.NDArray[np.object_]) -> pa.Array:
    """Texts, each distinct one held once."""
    return pa.array(column, pa.string()).dictionary_encode()


def _opened(place: _Place) -> pa.ipc.RecordBatchStreamReader:
    """Rows that were written; memory can be opened again and again, as a file can."""
    return pa.ipc.open_stream(place if isinstance(place, Path) else place.getvalue())


class Rows(Protocol):
    """Results of a source, handed out by groups of patients: `StoredRows`, or a database's own."""

    @property
    def key(self) -> str:
        """The field by which rows are grouped."""

    def keys(self) -> tuple[list[str], Codes]:
        """The distinct texts of the key field, and how many rows each has."""

    def batches(self, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
        """All rows, some ten thousand at a time, with these columns."""

    def groups(self, group: Codes, count: int) -> Iterator[pd.DataFrame]:
        """The rows of each group, with their number from 0 in ``row``."""


class StoredRows:
    """Rows collected one by one, or a table at a time, on disk. A context: the files go with it.

    Parameters
    ----------
    schema : pyarrow.Schema
        Fields of type `words` come back categorical.
    key : str
        The `words` field by which rows are grouped.
    in_memory : bool
        Nothing is written to disk: for what one request sends.

    Attributes
    ----------
    key : str
    """

    def __init__(self, schema: pa.Schema, key: str, *, in_memory: bool = False) -> None:
        self._folder = None if in_memory else tempfile.TemporaryDirectory(prefix="riskmodel-rows-")
        self._schema, self.key = schema, key
        self._words: dict[str, dict[str, int]] = {
            field.name: {} for field in schema if pa.types.is_dictionary(field.type)
        }
        stored = [
            pa.field(field.name, pa.int32() if field.name in self._words else field.type)
            for field in schema
        ]
        self._stored = pa.schema([_ROW, *stored])
        self._all = self._place("rows")
        self._writer = pa.ipc.new_stream(self._all, self._stored, options=_OPTIONS)
        self._open: list[tuple[Any, ...]] = []
        self._counts = np.zeros(0, dtype=np.int64)
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._folder is not None:
            self._writer.close()
            self._folder.cleanup()

    def _place(self, name: str) -> _Place:
        """Where rows are written: a file, or memory."""
        return pa.BufferOutputStream() if self._folder is None else Path(self._folder.name) / name

    def __len__(self) -> int:
        return self._rows + len(self._open)

    def add(self, row: tuple[Any, ...]) -> None:
        """Add one row, a value a field."""
        self._open.append(row)
        if len(self._open) >= BATCH:
            self._close()

    def append(self, table: pa.Table) -> None:
        """Add the rows of a table whose columns are those of the schema."""
        self._close()
        self._store([table[field.name].combine_chunks() for field in self._schema])

    def _close(self) -> None:
        if self._open:
            columns = zip(*self._open, strict=True)
            kinds = (pa.string() if f.name in self._words else f.type for f in self._schema)
            self._store([pa.array(c, kind) for c, kind in zip(columns, kinds, strict=True)])
            self._open = []

    def _store(self, columns: Sequence[pa.Array]) -> None:
        count = len(columns[0])
        stored: list[Any] = [np.arange(self._rows, self._rows + count)]
        for field, column in zip(self._schema, columns, strict=True):
            if field.name in self._words:
                column = self._numbered(field.name, column)
            stored.append(column)
        self._rows += count
        self._writer.write_batch(pa.record_batch(stored, schema=self._stored))

    def _numbered(self, name: str, column: pa.Array) -> npt.NDArray[np.int32]:
        known = self._words[name]
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        codes = [known.setdefault(word, len(known)) for word in column.dictionary.to_pylist()]
        found: npt.NDArray[np.int32] = np.array(codes, dtype=np.int32)[column.indices.to_numpy()]
        if name == self.key:
            counts = np.bincount(found, minlength=max(len(self._counts), len(known)))
            counts[: len(self._counts)] += self._counts
            self._counts = counts
        return found

    def keys(self) -> tuple[list[str], Codes]:
        """The distinct texts of the key field, and how many rows each has."""
        self._close()
        return list(self._words[self.key]), self._counts.copy()

    def batches(self, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
        """All rows in their order, some ten thousand at a time, with these columns."""
        self._close()
        self._writer.close()
        with _opened(self._all) as stream:
            for batch in stream:
                yield self._frame(pa.Table.from_batches([batch]).select(columns))

    def groups(self, group: Codes, count: int) -> Iterator[pd.DataFrame]:
        """The rows of each group, from the first to the last, with their number from 0 in ``row``.

        Uses up the rows: call it once, after everything else.

        Parameters
        ----------
        group : int array of shape (keys,)
            Group of each text of `keys`, from 0; negative where its rows are not asked for.
        count : int
            Groups; a group may be empty.
        """
        self._close()
        self._writer.close()
        files = min(count, OPEN_FILES)
        places = [self._place(f"group{k}") for k in range(files)]
        writers = [pa.ipc.new_stream(place, self._stored, options=_OPTIONS) for place in places]
        with _opened(self._all) as stream:
            for batch in stream:
                file = group[batch.column(self.key).to_numpy()]
                file = (
                    np.where(file >= 0, file * files // count, -1)
                    if count
                    else np.full(len(file), -1)
                )
                order = np.argsort(file, kind="stable")
                edges = np.searchsorted(file[order], np.arange(files + 1))
                for k in np.flatnonzero(np.diff(edges)).tolist():
                    chosen = pa.array(order[edges[k] : edges[k + 1]])
                    writers[k].write_batch(batch.take(chosen))
        if isinstance(self._all, Path):
            self._all.unlink()
        for k, (place, writer) in enumerate(zip(places, writers, strict=True)):
            writer.close()
            with _opened(place) as stream:
                table = stream.read_all()
            if isinstance(place, Path):
                place.unlink()
            for one in (g for g in range(count) if g * files // count == k):
                mine = group[table[self.key].to_numpy()] == one
                yield self._frame(table if mine.all() else table.filter(pa.array(mine)))

    def _frame(self, table: pa.Table) -> pd.DataFrame:
        columns = {}
        for name in table.column_names:
            if name in self._words:
                known = pd.Index(list(self._words[name]), dtype="str")
                columns[name] = pd.Categorical.from_codes(table[name].to_numpy(), known)
            else:
                columns[name] = table[name].to_pandas()
        return pd.DataFrame(columns)
