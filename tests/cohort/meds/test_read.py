"""MEDS 0.4: values, texts, patients, and what a dataset holds."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskmodel.cohort import Cohort
from riskmodel.cohort.meds.read import read_meds
from riskmodel.cohort.schema import GREATER, LESS
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


def reasons(cohort: Cohort) -> list[str]:
    return cohort.rejected["reason"].tolist()


@pytest.mark.parametrize(
    ("row", "value", "comparator"),
    [
        (lab(8.92), 8.92, 0),
        (lab(None, "<5"), 5.0, LESS),
        (lab(2000, "GREATER THAN 2000"), 2000.0, GREATER),
        (lab(8.92, "hemolysed"), 8.92, 0),
        (lab(8.92, "8.92"), 8.92, 0),
        (lab(500, unit="ug/L"), 500.0, 0),
        (lab(0.5, code="LOINC//2276-4", unit="mg/L"), 500.0, 0),
    ],
)
def test_values(read: Read, row: Row, value: float, comparator: int) -> None:
    cohort = read(row)
    assert cohort.labs["value"].tolist() == [value]
    assert cohort.labs["comparator"].tolist() == [comparator]
    assert cohort.labs["hours"].tolist() == [24.0]
    assert cohort.rejected.empty


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (lab(None, "UNABLE TO REPORT"), "value_not_a_number"),
        (lab(None, None), "value_missing"),
        (lab(float("nan"), ""), "value_missing"),
        (lab(float("inf")), "value_not_a_number"),
        (lab(5, "<6"), "value_conflict"),
        (lab(5, code="LOINC//2276-4//furlong"), "unknown_unit"),
        (lab(5, unit="mg/L"), "unit_conflict"),
        (lab(None, text="1.234"), "number_two_ways"),
        (lab(0, text="neg"), "value_conflict"),
        (lab(5, text="CANCELLED"), "cancelled"),
        (lab(5, code="LOINC//1988-5"), "missing_unit"),
        ((1, None, "LOINC//2276-4//ng/mL", 5, None, None), "time_missing"),
        ((None, ZERO, "LOINC//2276-4//ng/mL", 5, None, None), "not_a_patient"),
    ],
)
def test_what_cannot_be_used_is_rejected_with_its_reason(read: Read, row: Row, reason: str) -> None:
    cohort = read(row, lab(7))
    assert cohort.labs["value"].tolist() == [7.0]
    assert reasons(cohort) == [reason]
    assert cohort.rejected["source"].tolist() == ["data/train/0.parquet:2"]


def test_a_patient_arrives_with_age_sex_disease_and_death(read: Read) -> None:
    cohort = read(
        (1, datetime(1960, 6, 15), "MEDS_BIRTH", None, None, None),
        (1, None, "GENDER//F", None, None, None),
        (1, ZERO - timedelta(days=9), "DIAGNOSIS//ICD//10//C9000", None, None, None),
        (1, ZERO + timedelta(hours=1), "DIAGNOSIS//ICD//10//C8338", None, None, None),
        (1, ZERO + timedelta(hours=48), "MEDS_DEATH", None, None, None),
        (1, ZERO + timedelta(hours=5), "MEDICATION//Tocilizumab//Administered", 8, None, None),
    )
    patient = cohort.patients.iloc[0]
    assert (patient["age_years"], patient["sex"], patient["disease"]) == (63.0, "F", "MM")
    assert cohort.events[["event", "hours", "value"]].values.tolist() == [
        ["tocilizumab", 5.0, ""],
        ["death", 48.0, ""],
    ]


def test_conflicting_demographics_stay_unknown(read: Read) -> None:
    cohort = read(
        (1, None, "GENDER//F", None, None, None), (1, None, "GENDER//M", None, None, None)
    )
    assert cohort.patients["sex"].isna().all()
    assert cohort.notes["conflicting rows, left unknown"] == {"sex": 1}


def test_a_centres_own_codes_and_list(read: Read, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[analytes]\nferritin = ["LAB//17"]\n', encoding="utf-8")
    listed = tmp_path / "infusions.csv"
    listed.write_text("patient_id,infusion_time\n2,2024-05-10T09:00:00\n3,2024-05-10\n")
    row = lab(7, code="LAB//17//ng/mL", subject=2)
    cohort = read(row, mapping=own, infusions=listed)
    assert cohort.patient_id.tolist() == ["2"]
    assert cohort.labs["hours"].tolist() == [25.0]
    assert reasons(cohort) == ["not_in_source"]


def test_nobody_with_an_infusion_is_an_error(tmp_path: Path) -> None:
    write_dataset(tmp_path, [lab(7)])
    with pytest.raises(SchemaError, match="--infusions FILE"):
        read_meds(tmp_path)
