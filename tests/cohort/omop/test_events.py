"""OMOP: stays in intensive care, transfusions, conditioning and weight, table by table."""

from pathlib import Path

import pytest

from riskmodel.cohort import Cohort, read_omop

BASE = {
    "person": "person_id\n1\n2\n",
    "procedure_occurrence": (
        "person_id,procedure_concept_id,procedure_datetime,procedure_source_value\n"
        "1,0,2024-05-10 10:00:00,XW033C3\n"
    ),
    "measurement": (
        "measurement_id,person_id,measurement_concept_id,measurement_datetime,value_as_number,"
        "unit_concept_id,unit_source_value,measurement_source_value\n"
    ),
    "concept": (
        "concept_id,concept_name,vocabulary_id,concept_code\n"
        "800,Platelet transfusion,SNOMED,12719002\n"
        "801,Some transfusion,ICD10PCS,30233N1\n"
        "802,fludarabine phosphate 50 MG Injection,RxNorm,x\n"
        "803,Body weight Stated,LOINC,3141-9\n"
    ),
}


def read(folder: Path, **more: str) -> Cohort:
    for name, text in BASE.items():
        (folder / f"{name}.csv").write_text(text + more.pop(name, ""))
    for name, text in more.items():
        (folder / f"{name}.csv").write_text(text)
    return read_omop(folder)


def happened(cohort: Cohort) -> list[tuple[str, float]]:
    return list(zip(cohort.events["event"].astype(str), cohort.events["hours"], strict=True))


SITES = """care_site_id,care_site_name,place_of_service_concept_id
1,Oncology ward,8717
2,Surgical ICU,0
3,Unit 7,581382
4,Neuro stepdown,0
"""
DETAIL = "person_id,visit_detail_concept_id,visit_detail_start_datetime,care_site_id\n"
STAYS = [
    ("32037,2024-05-11 10:00:00,1", [24.0], "intensive care by its concept"),
    ("581379,2024-05-11 10:00:00,", [24.0], "inpatient critical care facility"),
    ("9201,2024-05-11 10:00:00,2", [24.0], "a care site by its name"),
    ("9201,2024-05-11 10:00:00,3.0", [24.0], "a care site by its kind of place"),
    ("9201,2024-05-11 10:00:00,1", [], "a ward"),
    ("9201,2024-05-11 10:00:00,4", [], "a stepdown unit"),
    ("9201,2024-05-11 10:00:00,", [], "nowhere"),
]


@pytest.mark.parametrize(("row", "hours", "why"), STAYS)
def test_stays(tmp_path: Path, row: str, hours: list[float], why: str) -> None:
    found = read(tmp_path, care_site=SITES, visit_detail=f"{DETAIL}1,{row}\n2,{row}\n")
    assert happened(found) == [("icu_admission", h) for h in hours], why


def test_a_visit_of_intensive_care(tmp_path: Path) -> None:
    visits = "person_id,visit_concept_id,visit_start_date\n1,32037,2024-05-12\n1,9201,2024-05-01\n"
    assert happened(read(tmp_path, visit_occurrence=visits)) == [("icu_admission", 38.0)]


def test_transfusions_of_procedures_drugs_and_devices(tmp_path: Path) -> None:
    drug = "person_id,drug_concept_id,drug_exposure_start_datetime,drug_source_value\n"
    device = "person_id,device_concept_id,device_exposure_start_datetime,device_source_value\n"
    found = read(
        tmp_path,
        procedure_occurrence="1,800,2024-05-11 10:00:00,\n1,801,2024-05-12 10:00:00,\n"
        "1,0,2024-05-13 10:00:00,302.43R1\n1,0,2024-05-13 11:00:00,85049\n",
        drug_exposure=drug + "1,0,2024-05-14 10:00:00,PACKED RED BLOOD CELLS 300 ML\n"
        "1,0,2024-05-14 10:00:00,antiplatelet therapy\n",
        device_exposure=device + "1,0,2024-05-15 10:00:00,P9035\n",
    )
    assert happened(found) == [
        ("transfusion_platelets", 24.0),
        ("transfusion_red_cells", 48.0),
        ("transfusion_platelets", 72.0),
        ("transfusion_red_cells", 96.0),
        ("transfusion_platelets", 120.0),
    ]


def test_conditioning(tmp_path: Path) -> None:
    drugs = "person_id,drug_concept_id,drug_exposure_start_date,drug_source_value\n"
    days = ("2024-05-04", "2024-05-05", "2024-03-01")
    found = read(tmp_path, drug_exposure=drugs + "".join(f"1,802,{day},\n" for day in days))
    assert happened(found) == [("lymphodepletion_start", -154.0)]
    assert found.notes["conditioning drugs after the first, or long before"] == {"events": 2}


WEIGHTS = [
    ("3025315,2024-05-09 10:00:00,70,9529,,", 70.0, "the standard concept, in kg"),
    ("803,2024-05-09 10:00:00,154,0,lb,", 154 * 0.45359237, "a LOINC code of the concept table"),
    ("0,2024-05-09 10:00:00,70,0,kg,29463-7", 70.0, "a LOINC code as source value"),
    ("3025315,2024-05-11 10:00:00,70,9529,,", None, "after the infusion"),
]


@pytest.mark.parametrize(("row", "kg", "why"), WEIGHTS)
def test_weight_of_a_measurement(tmp_path: Path, row: str, kg: float | None, why: str) -> None:
    found = read(tmp_path, measurement=f"7,1,{row}\n")
    assert found.patients["weight_kg"].dropna().tolist() == ([pytest.approx(kg)] if kg else []), why
    assert found.labs.empty


def test_weight_of_an_observation(tmp_path: Path) -> None:
    header = "person_id,observation_concept_id,observation_date,value_as_number,unit_concept_id\n"
    rows = (
        "1,3025315,2024-05-08,71.5,9529\n1,4000000,2024-05-08,9,9529\n1,3025315,2024-05-07,9,8840\n"
    )
    found = read(tmp_path, observation=header + rows)
    assert found.patients["weight_kg"].tolist() == [71.5]
    assert found.rejected["reason"].tolist() == ["unknown_unit"]


@pytest.mark.parametrize(("kind", "told"), [("32838", 1), ("32818", 0)])
def test_a_treatment_known_from_a_prescription_alone_is_told(
    tmp_path: Path, kind: str, told: int
) -> None:
    drugs = (
        "person_id,drug_concept_id,drug_exposure_start_datetime,drug_type_concept_id,"
        f"drug_source_value\n1,0,2024-05-12 10:00:00,{kind},tocilizumab 400 mg\n"
    )
    cohort = read(tmp_path, drug_exposure=drugs)
    assert happened(cohort) == [("tocilizumab", 48.0)]
    notes = cohort.notes.get("please check", {})
    assert sum(count for key, count in notes.items() if "prescription" in key) == told
