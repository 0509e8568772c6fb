"""Text columns of Parquet in every type that writers use, and bytes that are no text."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskmodel.cohort import Cohort, read_cohort
from riskmodel.errors import SchemaError

TABLES = {
    "patients": pd.DataFrame({"patient_id": ["11", "12", "13"], "disease": ["MM", "FL", "MM"]}),
    "labs": pd.DataFrame(
        {
            "patient_id": ["11", "12", "13"],
            "hours_from_infusion": [1.0, 2.0, 3.0],
            "analyte": ["ferritin"] * 3,
            "value": ["500", "<600", "700"],
            "unit": ["ng/mL"] * 3,
        }
    ),
    "events": pd.DataFrame(
        {"patient_id": ["11"], "event": ["fever"], "hours_from_infusion": [5.0]}
    ),
}


def not_text(cells: pa.Array, kind: pa.DataType) -> pa.Array:
    """The cells with bytes in the second one that are not UTF-8."""
    raw = [b"caf\xe9" if k == 1 else cell.encode() for k, cell in enumerate(cells.to_pylist())]
    found = pa.array(raw, pa.binary())
    if kind != pa.string():
        return found
    return pa.Array.from_buffers(kind, len(found), found.buffers())


def cohort_of(
    folder: Path, table: str | None, column: str, make: Callable[[pa.Array], pa.Array]
) -> Path:
    """The tables as Parquet, one column made anew: of one of them, or of all."""
    folder.mkdir(exist_ok=True)
    for name, frame in TABLES.items():
        rows = pa.Table.from_pandas(frame, preserve_index=False)
        if table in (name, None):
            at = rows.schema.get_field_index(column)
            rows = rows.set_column(at, column, make(rows[column].combine_chunks()))
        pq.write_table(rows, folder / f"{name}.parquet")
    return folder


def seen(cohort: Cohort) -> tuple[list[str], list[float], int]:
    return list(cohort.patient_id), cohort.labs["value"].tolist(), len(cohort.rejected)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda a: a.cast(pa.binary()), id="binary"),
        pytest.param(lambda a: a.cast(pa.binary(2)), id="fixed_size_binary"),
        pytest.param(lambda a: a.cast(pa.large_string()), id="large_string"),
        pytest.param(lambda a: a.cast(pa.string_view()), id="string_view"),
        pytest.param(lambda a: a.dictionary_encode(), id="dictionary"),
        pytest.param(lambda a: a.cast(pa.int64()), id="int"),
        pytest.param(lambda a: a.cast(pa.float64()), id="float"),
        pytest.param(
            lambda a: pa.array([Decimal(c) for c in a.to_pylist()], pa.decimal128(9, 0)),
            id="decimal",
        ),
    ],
)
def test_an_identifier_is_the_same_in_every_type(tmp_path, make):
    expected = seen(read_cohort(cohort_of(tmp_path / "text", None, "patient_id", lambda a: a)))
    assert expected == (["11", "12", "13"], [500.0, 600.0, 700.0], 0)
    found = read_cohort(cohort_of(tmp_path / "other", None, "patient_id", make))
    assert seen(found) == expected


@pytest.mark.parametrize("kind", [pa.string(), pa.binary()])
@pytest.mark.parametrize(
    ("table", "column"),
    [("patients", "patient_id"), ("labs", "patient_id"), ("labs", "unit"), ("patients", "disease")],
)
def test_bytes_that_are_no_text_are_named_by_column_and_row(tmp_path, table, column, kind):
    folder = cohort_of(tmp_path / "cohort", table, column, lambda a: not_text(a, kind))
    with pytest.raises(SchemaError) as error:
        read_cohort(folder)
    assert str(error.value) == (
        f"Column '{column}' of '{table}.parquet' holds text that is not UTF-8 (first: row 2). "
        "Write the file again with its text in UTF-8."
    )


def test_bytes_that_are_no_text_are_found_behind_a_dictionary(tmp_path):
    folder = cohort_of(
        tmp_path / "cohort", "labs", "unit", lambda a: not_text(a, pa.binary()).dictionary_encode()
    )
    with pytest.raises(SchemaError, match=r"Column 'unit' of 'labs.parquet'.*\(first: row 2\)"):
        read_cohort(folder)


def test_a_list_is_no_identifier(tmp_path):
    folder = cohort_of(
        tmp_path / "cohort", "labs", "patient_id", lambda a: pa.array([[c] for c in a.to_pylist()])
    )
    with pytest.raises(SchemaError, match=r"'labs.parquet' is of type list<.*Allowed: text or"):
        read_cohort(folder)
