"""Text of Parquet files that is none: other bytes than UTF-8, and identifiers that are no text."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from riskmodel.errors import SchemaError

if TYPE_CHECKING:
    import pyarrow as pa

KEY = "patient_id"


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
