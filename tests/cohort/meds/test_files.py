"""Files of a MEDS dataset: types, shards, numbers as they were charted."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort import Cohort
from riskmodel.cohort.meds.files import exact_numbers
from riskmodel.cohort.meds.read import read_meds
from riskmodel.cohort.source.zones import CHECK
from riskmodel.errors import SchemaError

Row = tuple[Any, ...]


Read = Callable[..., Cohort]


ZERO = datetime(2024, 5, 10, 10)


INFUSION: Row = (1, ZERO, "PROCEDURE//ICD10PCS//XW033C3", None, None, None)


SCHEMA = pa.schema(
    [
        ("subject_id", pa.int64()),
        ("time", pa.timestamp("us")),
        ("code", pa.string()),
        ("numeric_value", pa.float32()),
        ("text_value", pa.large_string()),
        ("unit", pa.string()),
    ]
)


def lab(
    number: float | None = None,
    text: str | None = None,
    code: str = "LOINC//2276-4//ng/mL",
    hours: float = 24,
    unit: str | None = None,
    subject: int = 1,
) -> Row:
    return (subject, ZERO + timedelta(hours=hours), code, number, text, unit)


def write_dataset(folder: Path, rows: Sequence[Row], schema: pa.Schema = SCHEMA) -> Path:
    data = folder / "data" / "train"
    data.mkdir(parents=True, exist_ok=True)
    names = [name for name in SCHEMA.names if name in schema.names]
    columns = {name: [row[SCHEMA.names.index(name)] for row in rows] for name in names}
    table = pa.table([pa.array(columns[n], schema.field(n).type) for n in names], names=names)
    pq.write_table(table, data / "0.parquet")
    return folder


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read rows beside one patient with an infusion, as a dataset."""

    def make(*rows: Row, **options: Any) -> Cohort:
        return read_meds(write_dataset(tmp_path, [INFUSION, *rows]), **options)

    return make


@given(value=st.floats(1e-3, 1e6).map(lambda x: float(f"{x:.6g}")))
def test_numbers_of_32_bits_come_back_as_charted(value: float) -> None:
    assert exact_numbers(np.array([value], dtype=np.float32)).tolist() == [value]


def test_numbers_of_64_bits_stay(read: Read, tmp_path: Path) -> None:
    wide = SCHEMA.set(3, pa.field("numeric_value", pa.float64()))
    cohort = read_meds(write_dataset(tmp_path, [INFUSION, lab(0.1234567890123)], wide))
    assert cohort.labs["value"].tolist() == [0.1234567890123]


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (SCHEMA.remove(2), "no column code"),
        (SCHEMA.set(1, pa.field("time", pa.string())), "Column 'time'"),
        (SCHEMA.set(3, pa.field("numeric_value", pa.bool_())), "Column 'numeric_value'"),
    ],
)
def test_a_schema_that_is_not_meds_is_refused(
    tmp_path: Path, change: pa.Schema, match: str
) -> None:
    write_dataset(tmp_path, [], change)
    with pytest.raises(SchemaError, match=match):
        read_meds(tmp_path)


def test_text_value_and_unit_are_optional_and_ids_may_be_text(tmp_path: Path) -> None:
    small = pa.schema([("subject_id", pa.string()), *list(SCHEMA)[1:4]])
    rows = [("A", *INFUSION[1:]), ("A", *lab(7)[1:])]
    cohort = read_meds(write_dataset(tmp_path, rows, small))
    assert cohort.patient_id.tolist() == ["A"]
    assert cohort.labs["value"].tolist() == [7.0]


def test_shards_are_read_together(tmp_path: Path) -> None:
    write_dataset(tmp_path, [INFUSION])
    other = write_dataset(tmp_path / "other", [lab(7)])
    shard = tmp_path / "data" / "tuning" / "1.parquet"
    shard.parent.mkdir()
    (other / "data" / "train" / "0.parquet").rename(shard)
    assert read_meds(tmp_path).labs["value"].tolist() == [7.0]


TYPES = [
    ("code", pa.dictionary(pa.uint32(), pa.large_string())),
    ("code", pa.string_view()),
    ("code", pa.large_string()),
    ("text_value", pa.string_view()),
    ("unit", pa.dictionary(pa.uint8(), pa.string())),
    ("numeric_value", pa.decimal128(12, 3)),
    ("numeric_value", pa.float64()),
    ("subject_id", pa.uint64()),
    ("subject_id", pa.string()),
    ("time", pa.timestamp("ns")),
    ("time", pa.timestamp("ms", "UTC")),
    ("time", pa.timestamp("us", "America/New_York")),
]


@pytest.mark.parametrize(("name", "kind"), TYPES)
def test_columns_of_every_type_read_alike(tmp_path: Path, name: str, kind: pa.DataType) -> None:
    rows = [INFUSION, lab(600), lab(None, ">40000 ng/mL", hours=30)]
    plain = read_meds(write_dataset(tmp_path / "plain", rows))
    place = SCHEMA.get_field_index(name)
    data = tmp_path / "other" / "data"
    data.mkdir(parents=True)
    table = pq.read_table(tmp_path / "plain" / "data" / "train" / "0.parquet")
    column = table[name].combine_chunks()
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        changed = column.cast(pa.timestamp("us")).cast(kind, safe=False)
    elif pa.types.is_dictionary(kind):
        changed = column.cast(kind.value_type).dictionary_encode()
        changed = pa.DictionaryArray.from_arrays(
            changed.indices.cast(kind.index_type), changed.dictionary
        )
    else:
        changed = column.cast(kind)
    pq.write_table(
        table.set_column(place, pa.field(name, changed.type), changed), data / "0.parquet"
    )
    cohort = read_meds(tmp_path / "other")
    assert cohort.labs["hours"].tolist() == plain.labs["hours"].tolist()
    assert cohort.labs["value"].tolist() == plain.labs["value"].tolist()
    assert cohort.rejected.empty


def test_zoned_and_unzoned_shards_are_told_row_by_row(tmp_path: Path) -> None:
    write_dataset(tmp_path, [INFUSION, lab(600)])
    table = pa.Table.from_pylist(
        [dict(zip(SCHEMA.names, lab(700, hours=48), strict=True))], schema=SCHEMA
    )
    zoned = table["time"].cast(pa.timestamp("us", "UTC"))
    other = table.set_column(1, pa.field("time", zoned.type), zoned)
    pq.write_table(other, tmp_path / "data" / "train" / "1.parquet")
    cohort = read_meds(tmp_path)
    assert cohort.labs["value"].tolist() == [600]
    assert cohort.rejected["reason"].tolist() == ["time_zone_mismatch"]


def test_codes_that_were_not_read_are_named_with_their_rows(tmp_path: Path) -> None:
    rows = [INFUSION, lab(1), *(lab(1, code="LAB//777//K/uL", hours=k) for k in range(5))]
    cohort = read_meds(write_dataset(tmp_path, rows))
    assert cohort.notes["results of other codes (not used)"] == {"LAB//777//K/uL": 5}
    assert any("LAB//777//K/uL 5" in told for told in cohort.notes[CHECK])
