"""Write parts of a table, or of a list of resources, to one file one after the other."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from riskmodel.cohort import safe_cells
from riskmodel.scoring.writers.adam import xpt_file
from riskmodel.scoring.writers.formats import Format

Write = Callable[[pd.DataFrame], None]


@contextmanager
def sink(path: Path, form: Format) -> Iterator[Write]:
    """A function that takes score rows and appends them to `path` in a format.

    Cells that a spreadsheet would run as a formula are written to CSV with an apostrophe.
    """
    opened = {
        ".csv": _csv,
        ".parquet": _parquet,
        ".ndjson": _ndjson,
        ".json": _bundle,
        ".xpt": _xpt,
    }[path.suffix.lower()]
    with opened(path, form) as write:
        yield write


@contextmanager
def _csv(path: Path, form: Format) -> Iterator[Write]:
    assert form.table is not None
    convert, begun = form.table, False
    with path.open("w", encoding="utf-8", newline="") as out:

        def write(rows: pd.DataFrame) -> None:
            nonlocal begun
            table = safe_cells(convert(rows))
            table.to_csv(out, index=False, header=not begun, lineterminator="\n")
            begun = True

        yield write


@contextmanager
def _parquet(path: Path, form: Format) -> Iterator[Write]:
    import pyarrow as pa
    from pyarrow import parquet

    assert form.table is not None
    convert = form.table
    writer: parquet.ParquetWriter | None = None

    def write(rows: pd.DataFrame) -> None:
        nonlocal writer
        schema = None if writer is None else writer.schema
        table = pa.Table.from_pandas(convert(rows), schema=schema, preserve_index=False)
        if writer is None:
            # Without pandas' own metadata: it would repeat the first part's row range.
            writer = parquet.ParquetWriter(path, table.schema)
        if table.num_rows:
            writer.write_table(table)

    try:
        yield write
    finally:
        if writer is not None:
            writer.close()


@contextmanager
def _xpt(path: Path, form: Format) -> Iterator[Write]:
    assert form.table is not None
    convert = form.table
    with xpt_file(path) as parts:
        yield lambda rows: parts.append(convert(rows))


@contextmanager
def _ndjson(path: Path, form: Format) -> Iterator[Write]:
    assert form.resources is not None
    convert = form.resources
    with path.open("w", encoding="utf-8", newline="") as out:
        yield lambda rows: out.writelines(line(r) + "\n" for r in convert(rows))


@contextmanager
def _bundle(path: Path, form: Format) -> Iterator[Write]:
    assert form.resources is not None
    convert, begun = form.resources, False
    with path.open("w", encoding="utf-8", newline="") as out:
        out.write('{"resourceType": "Bundle", "type": "collection", "entry": [\n')

        def write(rows: pd.DataFrame) -> None:
            nonlocal begun
            for resource in convert(rows):
                entry = {"fullUrl": f"urn:riskmodel:{resource['id']}", "resource": resource}
                out.write((",\n" if begun else "") + line(entry))
                begun = True

        yield write
        out.write("\n]}\n")


def line(resource: Mapping[str, Any]) -> str:
    """One resource as JSON without a line break."""
    return json.dumps(resource, ensure_ascii=False, allow_nan=False)
