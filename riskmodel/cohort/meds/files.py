"""Stream the rows of a MEDS dataset that mean something, and its table of codes."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from riskmodel.arrays import Codes, Floats
from riskmodel.cohort.fhir.files import regular_files, shown
from riskmodel.cohort.rejections import Fault
from riskmodel.errors import SchemaError

if TYPE_CHECKING:
    import pyarrow.parquet as pq

_ROWS = 131_072
_LARGEST_GROUP = 4 * 2**30
_NEEDED = ("subject_id", "time", "code", "numeric_value")
_OPTIONAL = ("text_value", "unit")
_BAD = (pa.ArrowException, OSError, ValueError, UnicodeDecodeError)


@dataclass(frozen=True)
class Batch:
    """Rows of one file whose codes mean something.

    Attributes
    ----------
    table : pyarrow.Table
        ``subject_id, code, text_value, unit`` as text, ``time`` as timestamp[us] or text,
        ``numeric_value`` as float32 or float64.
    file : str
    line : int array
        Number of each row in its file, from 1.
    """

    table: pa.Table
    file: str
    line: Codes


def meds_files(source: Path) -> tuple[list[Path], Path | None, list[Path]]:
    """Data files of a dataset, its table of codes, and files with another ending than theirs.

    Raises
    ------
    SchemaError
        When there are none.
    """
    if source.is_file():
        return [source], None, []
    data = source / "data" if (source / "data").is_dir() else source
    found, _, unread = regular_files(data, (".parquet",)) if data.is_dir() else ([], 0, [])
    metadata = source / "metadata"
    found = [path for path in found if metadata not in path.parents]
    if not found:
        raise SchemaError(
            f"MEDS source '{source}' holds no Parquet file. Give the folder of a MEDS dataset "
            "(data/**/*.parquet, metadata/codes.parquet)."
        )
    codes = metadata / "codes.parquet"
    plain = codes.is_file() and not codes.is_symlink() and not metadata.is_symlink()
    return found, codes if plain else None, unread


def read_codes(path: Path | None) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Descriptions and parent codes of ``metadata/codes.parquet``.

    Raises
    ------
    SchemaError
        When the file cannot be read or lacks ``code``.
    """
    if path is None:
        return {}, {}
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            names = set(file.schema_arrow.names)
            wanted = [n for n in ("code", "description", "parent_codes") if n in names]
            if "code" not in names:
                raise SchemaError(f"File '{path}' has no column 'code'. Add it.")
            rows = file.read(columns=wanted).to_pylist()
    except SchemaError:
        raise
    except _BAD as error:
        raise SchemaError(
            f"File '{path}' cannot be read as Parquet ({type(error).__name__}). Write it again."
        ) from None
    descriptions: dict[str, str] = {}
    parents: dict[str, list[str]] = {}
    for row in rows:
        code = row["code"]
        if not isinstance(code, str):
            continue
        if isinstance(row.get("description"), str):
            descriptions[code] = row["description"]
        listed = row.get("parent_codes")
        if isinstance(listed, list):
            parents[code] = [parent for parent in listed if isinstance(parent, str)]
    return descriptions, parents


def _checked(file: "pq.ParquetFile", name: str) -> list[str]:
    """Columns to read.

    Raises
    ------
    SchemaError
        When a needed column is missing, or has a type that MEDS does not give it.
    """
    schema = file.schema_arrow
    missing = [column for column in _NEEDED if column not in schema.names]
    if missing:
        raise SchemaError(
            f"MEDS file '{name}' has no column {', '.join(missing)} (columns seen: "
            f"{', '.join(schema.names[:12])}). Needed: {', '.join(_NEEDED)}."
        )
    kinds: Mapping[str, Callable[[pa.DataType], bool]] = {
        "time": lambda t: pa.types.is_null(t) or pa.types.is_timestamp(t) or pa.types.is_date(t),
        "numeric_value": lambda t: (
            pa.types.is_floating(t)
            or pa.types.is_integer(t)
            or pa.types.is_decimal(t)
            or pa.types.is_null(t)
        ),
        "subject_id": lambda t: pa.types.is_integer(t) or _is_text(t),
        "code": _is_text,
        "text_value": lambda t: _is_text(t) or pa.types.is_null(t),
        "unit": lambda t: _is_text(t) or pa.types.is_null(t),
    }
    columns = [column for column in (*_NEEDED, *_OPTIONAL) if column in schema.names]
    for column in columns:
        seen = schema.field(column).type
        if not kinds[column](seen):
            raise SchemaError(
                f"Column '{column}' of MEDS file '{name}' has the type {str(seen)[:60]}, which "
                "MEDS 0.4 does not give it. Write it as in the standard."
            )
    for k in range(file.metadata.num_row_groups):
        if file.metadata.row_group(k).total_byte_size > _LARGEST_GROUP:
            raise pa.ArrowInvalid("a row group of this file is too large")
    return columns


def _is_text(kind: pa.DataType) -> bool:
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(kind_is(value) for kind_is in kinds)


def _codes(column: pa.Array) -> tuple[Sequence[str | None], Codes]:
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    indices = encoded.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
    return [*encoded.dictionary.to_pylist(), None], indices


def _takable(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Views of text as text: Arrow takes no rows of views."""
    columns = [
        column.cast(pa.string()) if pa.types.is_string_view(column.type) else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _text(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        words, index = _codes(column)
        index = np.where(index < 0, len(words) - 1, index)
        column = pa.array(words, pa.string()).take(pa.array(index))
    return column.cast(pa.string())


def _plain(batch: pa.RecordBatch, codes: pa.Array) -> pa.Table:
    """The columns in the types that `Batch` promises."""
    columns = {}
    for name in (*_NEEDED, *_OPTIONAL):
        column = batch.column(name) if name in batch.schema.names else pa.nulls(len(batch))
        if name in ("subject_id", "text_value", "unit"):
            column = _text(column)
        elif name == "time" and pa.types.is_timestamp(column.type) and column.type.tz is not None:
            # An instant: kept as that of UTC, under a type that still says so.
            column = column.cast(pa.timestamp("us", tz="UTC"), safe=False)
        elif name == "time":
            column = column.cast(pa.timestamp("us"), safe=False)
        elif name == "numeric_value" and not pa.types.is_floating(column.type):
            column = column.cast(pa.float64(), safe=False)
        columns[name] = codes if name == "code" else column
    return pa.table(columns)


def exact_numbers(column: npt.NDArray[np.floating]) -> Floats:
    """Numbers with the shortest decimal of a 32-bit one: 8.92 was charted, not 8.92000007629.

    Parameters
    ----------
    column : float array of shape (n,)
        Of any width; 64-bit numbers come back as they are.

    Examples
    --------
    >>> exact_numbers(np.array([8.92, 1e-4], dtype=np.float32)).tolist()
    [8.92, 0.0001]
    """
    if column.dtype.itemsize > 4:
        return column.astype(np.float64)
    distinct, codes = np.unique(column, return_inverse=True)
    exact = np.array([float(text) for text in distinct.astype(str)], dtype=np.float64)
    return exact[codes] if len(exact) else np.array([], dtype=np.float64)


def meaningful(
    files: Sequence[Path],
    top: Path,
    means: Callable[[str], bool],
    faults: list[Fault],
    unread: Counter[str],
) -> Iterator[Batch]:
    """Batches of the rows whose code `means` something, file by file; the others are counted.

    Raises
    ------
    SchemaError
        When a file lacks a needed column or has one of a wrong type.
    """
    import pyarrow.parquet as pq

    for path in files:
        name = shown(path, top)
        start = 0
        try:
            with pq.ParquetFile(path) as file:
                columns = _checked(file, name)
                for raw in file.iter_batches(_ROWS, columns=columns, use_threads=False):
                    batch = _takable(raw)
                    distinct, index = _codes(batch.column("code"))
                    wanted = np.array([code is not None and means(code) for code in distinct])
                    left = np.bincount(index[~wanted[index]], minlength=len(distinct))
                    for k in np.flatnonzero(left).tolist():
                        unread[(distinct[k] or "no code")[:80]] += int(left[k])
                    rows = np.flatnonzero(wanted[index])
                    if len(rows):
                        taken = batch.take(pa.array(rows))
                        codes = pa.DictionaryArray.from_arrays(
                            pa.array(index[rows]), pa.array(distinct, pa.string())
                        )
                        yield Batch(_plain(taken, codes.cast(pa.string())), name, rows + start + 1)
                    start += len(batch)
        except SchemaError:
            raise
        except _BAD:
            faults.append(Fault(name, (start + 1, 0), "file_unreadable"))
