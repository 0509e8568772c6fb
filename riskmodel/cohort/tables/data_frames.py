"""Tables in memory, of pandas, polars or Arrow, brought to the form in which files are read."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from riskmodel.cohort.frames import (
    KEY,
    MISSING,
    TABLES,
    check_text,
    contract_names,
    missing_columns,
    plain_types,
)
from riskmodel.cohort.schema import COLUMNS
from riskmodel.errors import SchemaError

if TYPE_CHECKING:
    import pyarrow as pa


def charted(tables: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """The three tables as a reader of files hands them over.

    Parameters
    ----------
    tables : mapping of str to table or None
        ``patients``, ``labs`` and ``events``: a pandas or polars DataFrame, an Arrow table or
        another object with Arrow's stream interface. None is an empty table. None is changed.

    Returns
    -------
    dict of str to DataFrame
        Rows in their order under 0..n-1. Cells of mixed type became the text that a CSV file
        would hold; columns of one type keep it.

    Raises
    ------
    SchemaError
        When a table is of another kind, a column is missing, twice there or of a type that holds
        no cells, or there are no patients: all such faults in one message.
    """
    faults: list[str] = []
    frames: dict[str, pd.DataFrame] = {}
    for table in TABLES:
        try:
            frame = _charted(tables.get(table), table)
        except SchemaError as error:
            faults.append(str(error))
            continue
        faults += missing_columns(table, frame, Path(table))
        frames[table] = frame
    if not faults and frames["patients"].empty:
        faults.append("Table 'patients' has no rows. Add patients.")
    if faults:
        raise SchemaError(" ".join(faults))
    return frames


def _charted(given: Any, table: str) -> pd.DataFrame:
    import pyarrow as pa

    if given is None:
        return pd.DataFrame({name: pd.Series(dtype="str") for name in COLUMNS[table]})
    try:
        rows = _arrow_of(given, table)
        rows = rows.rename_columns(contract_names(table, rows.column_names))
        twice = sorted({name for name in rows.column_names if rows.column_names.count(name) > 1})
        if twice:
            raise SchemaError(f"Table '{table}' has column '{twice[0]}' twice. Remove one.")
        for field in rows.schema:
            if pa.types.is_nested(field.type) or pa.types.is_duration(field.type):
                raise SchemaError(
                    f"Column '{field.name}' of table '{table}' is of type {field.type}. Allowed: "
                    "text, numbers, true or false, dates and times. Write one value in each cell."
                )
        rows = plain_types(rows)
        check_text(rows, Path(table))
    except SchemaError:
        raise
    except (pa.ArrowException, ValueError, TypeError) as error:
        said = type(error).__name__
        raise SchemaError(
            f"Table '{table}' cannot be read as columns of one type each ({said}). "
            "Give every column text, numbers or times."
        ) from None
    frame: pd.DataFrame = rows.to_pandas()
    return frame


def _arrow_of(given: Any, table: str) -> "pa.Table":
    import pyarrow as pa

    if isinstance(given, pd.DataFrame):
        plain = given.set_axis([str(name) for name in given.columns], axis=1)
        columns = [_one_type(plain.iloc[:, k]) for k in range(plain.shape[1])]
        arrays = [pa.Array.from_pandas(column) for column in columns]
        flat = [a.combine_chunks() if isinstance(a, pa.ChunkedArray) else a for a in arrays]
        return pa.Table.from_arrays(flat, names=list(plain.columns))
    if hasattr(given, "__arrow_c_stream__"):
        return pa.table(given)
    raise SchemaError(
        f"Table '{table}' is a {type(given).__name__}. Allowed: a DataFrame of pandas or polars, "
        "or an Arrow table."
    )


def _one_type(column: pd.Series) -> pd.Series:
    """A column of Python objects as text, each cell as a CSV file would hold it."""
    if column.dtype != object:
        return column
    odd = next((v for v in column if isinstance(v, bytes) or not pd.api.types.is_scalar(v)), None)
    if odd is not None:
        raise TypeError(type(odd).__name__)
    texts = [cell(value) for value in column]
    if column.name != KEY:
        texts = [None if text in MISSING else text for text in texts]
    return pd.Series(texts, dtype="str")


def cell(value: Any) -> str | None:
    """A value as a CSV file would hold it, None for unknown.

    Examples
    --------
    >>> cell(3.0), cell(0.1), cell(True), cell("  "), cell(None), cell(date(2024, 5, 1))
    ('3', '0.1', '1', None, None, '2024-05-01')
    """
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, date):  # and its kinds, Timestamp among them
        return value.isoformat()
    if pd.api.types.is_bool(value):
        return str(int(value))
    if pd.api.types.is_float(value):
        number = float(value)
        if number != number:
            return None
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    return str(value)
