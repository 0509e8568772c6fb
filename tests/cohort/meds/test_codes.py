"""What MEDS codes mean."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskmodel.cohort.meds.codes import NOTHING, Meaning, MedsCodes
from riskmodel.cohort.meds.read import read_meds
from riskmodel.cohort.vocabulary.infusions import infusion_codes
from riskmodel.cohort.vocabulary.mapping import CodeMapping

Row = tuple[Any, ...]


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


def test_parent_codes_of_the_metadata_are_used(tmp_path: Path) -> None:
    write_dataset(tmp_path, [INFUSION, lab(7, code="LAB//17//ng/mL")])
    assert read_meds(tmp_path).labs.empty
    (tmp_path / "metadata").mkdir()
    codes = pa.table(
        {"code": ["LAB//17//ng/mL"], "description": ["?"], "parent_codes": [["LOINC/2276-4"]]}
    )
    pq.write_table(codes, tmp_path / "metadata" / "codes.parquet")
    assert read_meds(tmp_path).labs["analyte"].tolist() == ["ferritin"]


@pytest.mark.parametrize(
    ("code", "description"),
    [
        ("LAB//Creatinine//Urine//mg/dL", ""),
        ("LAB//WBC CSF//K/uL", ""),
        ("LAB//WBC//K/uL", "Leukocytes in cerebrospinal fluid"),
        ("LAB//LDH//IU/L", "Lactate dehydrogenase, Pleural"),
        ("LAB//Hemoglobin//g/dL", "Blood gas panel: gas"),
    ],
)
def test_other_specimens_are_no_results(code: str, description: str) -> None:
    known = MedsCodes(infusion_codes(CodeMapping()), {}, {code: description}, {})
    assert known.meaning(code) == NOTHING
    assert known.is_lab(code)


@pytest.mark.parametrize(
    ("code", "passed"),
    [
        ("PROCEDURE//LEUKAPHERESIS FOR YESCARTA", "collection"),
        ("PROCEDURE//CPT//0538T", "collection"),
        ("MEDICATION//Yescarta (order)", "order"),
        ("MEDICATION//Yescarta//Administered", ""),
        ("PROCEDURE//Kymriah infusion", ""),
    ],
)
def test_what_only_speaks_of_a_product(code: str, passed: str) -> None:
    known = MedsCodes(infusion_codes(CodeMapping()), {}, {}, {})
    meant = known.meaning(code)
    assert (meant.kind, meant.passed_over) == ("infusion", passed)
