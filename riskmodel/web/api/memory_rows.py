"""Rows of one request held in memory: what a caller sends is never written to disk."""

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from riskmodel.cohort import StoredRows


class MemoryRows(StoredRows):
    """`StoredRows` whose rows stay in memory.

    Parameters
    ----------
    schema : pyarrow.Schema
    key : str
    """

    def __init__(self, schema: pa.Schema, key: str) -> None:
        # The parent's own start would open a file.
        self._schema, self.key = schema, key
        self._words: dict[str, dict[str, int]] = {
            field.name: {} for field in schema if pa.types.is_dictionary(field.type)
        }
        kinds = [
            pa.field(field.name, pa.int32() if field.name in self._words else field.type)
            for field in schema
        ]
        self._stored = pa.schema([pa.field("row", pa.int64()), *kinds])
        self._open: list[tuple[Any, ...]] = []
        self._counts = np.zeros(0, dtype=np.int64)
        self._rows = 0
        self._held: list[pa.RecordBatch] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._held = []

    def _store(self, columns: Sequence[pa.Array]) -> None:
        count = len(columns[0])
        stored: list[Any] = [np.arange(self._rows, self._rows + count)]
        for field, column in zip(self._schema, columns, strict=True):
            named = field.name in self._words
            stored.append(self._numbered(field.name, column) if named else column)
        self._rows += count
        self._held.append(pa.record_batch(stored, schema=self._stored))

    def batches(self, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
        """All rows in their order, with these columns."""
        self._close()
        for batch in self._held:
            yield self._frame(pa.Table.from_batches([batch]).select(columns))

    def groups(self, group: npt.NDArray[np.int64], count: int) -> Iterator[pd.DataFrame]:
        """The rows of each group, from the first to the last (see `StoredRows.groups`)."""
        self._close()
        table = pa.Table.from_batches(self._held, schema=self._stored)
        mine = group[table[self.key].to_numpy()] if len(table) else np.zeros(0, dtype=np.int64)
        for one in range(count):
            yield self._frame(table.filter(pa.array(mine == one)))
