"""MEDS 0.4: what codes mean, numbers as they were charted, texts, and what a dataset holds."""

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
from riskmodel.cohort.meds.codes import NOTHING, Meaning, MedsCodes
from riskmodel.cohort.meds.files import exact_numbers
from riskmodel.cohort.meds.read import read_meds
from riskmodel.cohort.schema import GREATER, LESS
from riskmodel.cohort.vocabulary.infusions import infusion_codes
from riskmodel.cohort.vocabulary.mapping import CodeMapping
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


def meaning(code: str, parents: Sequence[str] = (), description: str = "") -> Meaning:
    known = MedsCodes(
        infusion_codes(CodeMapping()), {"LAB//F9": "ferritin"}, {code: description}, {code: parents}
    )
    return known.meaning(code)


@pytest.mark.parametrize(
    ("code", "parents", "description", "expected"),
    [
        ("LOINC//2276-4//ng/mL", (), "", Meaning("lab", "ferritin", "ng/mL")),
        ("LOINC/2276-4", (), "", Meaning("lab", "ferritin", "")),
        ("LAB//50924//ng/mL", (), "", Meaning("lab", "ferritin", "ng/mL")),
        ("LAB//999//ng/mL", ("LOINC/2276-4",), "", Meaning("lab", "ferritin", "ng/mL")),
        ("LAB//FERRITIN//UNK", (), "", Meaning("lab", "ferritin", "")),
        ("LAB//17//mg/dL", (), "Creatinine", Meaning("lab", "creatinine", "mg/dL")),
        ("LAB//17//mg/dL", ("LOINC/2161-8",), "Creatinine", NOTHING),
        ("LAB//F9//ug/L", (), "", Meaning("lab", "ferritin", "ug/L")),
        ("VITAL//38228", (), "", NOTHING),
        ("LAB//38228//g/dL", (), "", NOTHING),
        ("PROCEDURE//ICD10PCS//XW033C3", (), "", Meaning("infusion", "")),
        ("PROCEDURE//ICD//10//XW033C3", (), "", Meaning("infusion", "")),
        ("PROCEDURE//17", ("ICD10PCS/XW033C3",), "", Meaning("infusion", "")),
        (
            "MEDICATION//17//Administered",
            (),
            "tisagenlecleucel",
            Meaning("infusion", "tisagenlecleucel"),
        ),
        ("MEDICATION//Tocilizumab//Administered", (), "", Meaning("event", "tocilizumab")),
        ("MEDICATION//Tocilizumab//Not Given", (), "", NOTHING),
        ("DIAGNOSIS//ICD//10//C8338", (), "", Meaning("disease", "LBCL")),
        ("DIAGNOSIS//ICD//9//C8338", (), "", NOTHING),
        ("GENDER//F", (), "", Meaning("gender", "F")),
        ("GENDER//Male", (), "", Meaning("gender", "M")),
        ("MEDS_BIRTH", (), "", Meaning("birth")),
        ("MEDS_DEATH", (), "", Meaning("event", "death")),
        ("ICU_ADMISSION//MICU", (), "", Meaning("event", "icu_admission")),
        ("HOSPITAL_ADMISSION", (), "", NOTHING),
        ("ICU_DISCHARGE//MICU", (), "", NOTHING),
        ("MEDICATION//START//Anakinra", (), "", Meaning("event", "anakinra")),
        ("MEDICATION//STOP//Anakinra", (), "", NOTHING),
        ("MEDICATION//Fludarabine//Administered", (), "", Meaning("event", "lymphodepletion")),
        ("PROCEDURE//ICD//10//30233R1", (), "", Meaning("event", "transfusion_platelets")),
        ("PROCEDURE//17", ("SNOMED/116863004",), "", Meaning("event", "transfusion_red_cells")),
        ("INFUSION_START//Bolus//225168//mL", (), "", Meaning("event", "transfusion_red_cells")),
        ("INFUSION_END//Bolus//225168//mL", (), "", NOTHING),
        ("LOINC//29463-7//kg", (), "", Meaning("lab", "body_weight", "kg")),
        ("Weight (Lbs)", (), "", Meaning("lab", "body_weight", "[lb_av]")),
        ("LAB//226512//kg", (), "", Meaning("lab", "body_weight", "kg")),
        ("PATIENT_WEIGHT_AT_INFUSION//KG", (), "", Meaning("lab", "body_weight", "KG")),
        ("Height (Inches)", (), "", NOTHING),
        ("", (), "", NOTHING),
        ("////", (), "", NOTHING),
    ],
)
def test_what_codes_mean(
    code: str, parents: Sequence[str], description: str, expected: Meaning
) -> None:
    assert meaning(code, parents, description) == expected


@given(value=st.floats(1e-3, 1e6).map(lambda x: float(f"{x:.6g}")))
def test_numbers_of_32_bits_come_back_as_charted(value: float) -> None:
    assert exact_numbers(np.array([value], dtype=np.float32)).tolist() == [value]


def test_numbers_of_64_bits_stay(read: Read, tmp_path: Path) -> None:
    wide = SCHEMA.set(3, pa.field("numeric_value", pa.float64()))
    cohort = read_meds(write_dataset(tmp_path, [INFUSION, lab(0.1234567890123)], wide))
    assert cohort.labs["value"].tolist() == [0.1234567890123]


@pytest.mark.parametrize(
    ("row", "value", "comparator"),
    [
        (lab(8.92), 8.92, 0),
        (lab(None, "<5"), 5.0, LESS),
        (lab(2000, "GREATER THAN 2000"), 2000.0, GREATER),
        (lab(8.92, "hemolysed"), 8.92, 0),
        (lab(8.92, "8.92"), 8.92, 0),
        (lab(0.5, unit="mg/L"), 500.0, 0),
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


def test_parent_codes_of_the_metadata_are_used(tmp_path: Path) -> None:
    write_dataset(tmp_path, [INFUSION, lab(7, code="LAB//17//ng/mL")])
    assert read_meds(tmp_path).labs.empty
    (tmp_path / "metadata").mkdir()
    codes = pa.table(
        {"code": ["LAB//17//ng/mL"], "description": ["?"], "parent_codes": [["LOINC/2276-4"]]}
    )
    pq.write_table(codes, tmp_path / "metadata" / "codes.parquet")
    assert read_meds(tmp_path).labs["analyte"].tolist() == ["ferritin"]


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


def test_nobody_with_an_infusion_is_an_error(tmp_path: Path) -> None:
    write_dataset(tmp_path, [lab(7)])
    with pytest.raises(SchemaError, match="--infusions FILE"):
        read_meds(tmp_path)
