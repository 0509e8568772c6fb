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


def _labs_of(folder: Path, **columns: pa.Array) -> Cohort:
    """A cohort of one result at 48 h, with some columns of another type."""
    plain = {
        "patient_id": pa.array(["P1"]),
        "time": pa.array(["2024-05-12T10:00:00"]),
        "analyte": pa.array(["ferritin"]),
        "value": pa.array([600.0]),
        "unit": pa.array(["ng/mL"]),
    }
    zoned = pa.types.is_timestamp(columns.get("time", plain["time"]).type)
    zoned = zoned and columns["time"].type.tz is not None
    start = "2024-05-10T10:00:00" + ("Z" if zoned else "")
    patients = {
        "patient_id": columns.get("patient_id", plain["patient_id"]),
        "infusion_time": [start],
    }
    pq.write_table(pa.table(patients), folder / "patients.parquet")
    pq.write_table(pa.table({**plain, **columns}), folder / "labs.parquet")
    (folder / "events.csv").write_text("patient_id,event,time\n")
    return read_cohort(folder)


def coded(kind: pa.DataType, values: pa.Array) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array([0], kind), values)


@pytest.mark.parametrize(
    ("column", "cells", "value"),
    [
        *(("value", pa.array([60]).cast(kind), 60) for kind in (
            pa.int8(), pa.uint8(), pa.uint32(), pa.uint64(), pa.float32(), pa.float16(),
        )),
        ("value", pa.array([Decimal("2.155")]), 2.155),
        ("value", pa.array([Decimal("600.00")], pa.decimal256(10, 2)), 600),
        ("value", coded(pa.int32(), pa.array([Decimal("2.155")])), 2.155),
        ("value", pa.array(["600"], pa.large_string()), 600),
        ("value", pa.array(["600"], pa.string_view()), 600),
        ("analyte", pa.array(["ferritin"], pa.string_view()), 600),
        *(("analyte", coded(kind, pa.array(["ferritin"])), 600) for kind in (
            pa.uint8(), pa.uint16(), pa.uint32(), pa.int64(), pa.uint64(),
        )),
        ("analyte", coded(pa.int32(), pa.array(["ferritin"], pa.large_string())), 600),
        ("patient_id", coded(pa.uint32(), pa.array(["P1"])), 600),
        ("patient_id", pa.array([Decimal("1")]), 600),
    ],
)  # fmt: skip
def test_a_column_of_every_type_says_the_same(
    tmp_path: Path, column: str, cells: pa.Array, value: float
) -> None:
    cohort = _labs_of(tmp_path, **{column: cells})
    assert cohort.rejected.empty
    assert cohort.labs[["hours", "value"]].to_numpy().tolist() == [[48.0, value]]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Madrid", "+02:00"])
def test_timestamps_of_every_unit_and_zone(tmp_path: Path, unit: str, zone: str | None) -> None:
    when = pa.array([1715508000 * {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}[unit]]).cast(pa.int64())
    cohort = _labs_of(tmp_path, time=when.cast(pa.timestamp(unit, zone)))
    assert cohort.labs["hours"].tolist() == [48.0]


@pytest.mark.parametrize("kind", [pa.date32(), pa.date64()])
def test_dates_are_dates(tmp_path: Path, kind: pa.DataType) -> None:
    day = pa.array(["2024-05-10"]).cast(pa.timestamp("ms")).cast(kind)
    cohort = _labs_of(tmp_path, time=day)
    assert cohort.rejected["reason"].tolist() == ["time_around_infusion"]
