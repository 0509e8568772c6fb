"""Faults of files that no table library writes by itself."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest


@pytest.fixture(scope="session")
def write_latin() -> Callable[[pd.DataFrame, str, set[str], Path], None]:
    """Write a table as Parquet whose text column holds Latin-1 bytes for some patients.

    Files like this come from writers that do not check: Parquet says UTF-8, the bytes are not.
    """

    def write(frame: pd.DataFrame, column: str, patients: set[str], path: Path) -> None:
        table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata()
        cells = zip(frame["patient_id"], frame[column], strict=True)
        raw = pa.array(
            [
                b"caf\xe9" if name in patients else None if pd.isna(cell) else str(cell).encode()
                for name, cell in cells
            ],
            pa.binary(),
        )
        text = pa.Array.from_buffers(pa.string(), len(raw), raw.buffers(), raw.null_count)
        at = table.schema.get_field_index(column)
        pq.write_table(table.set_column(at, column, text), path)

    return write
