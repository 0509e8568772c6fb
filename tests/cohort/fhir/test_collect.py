"""Which Observations may be used, and what is read beside them."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from riskmodel.cohort import Cohort
from riskmodel.cohort.fhir.read import read_fhir
from riskmodel.cohort.source.zones import CHECK

Resource = dict[str, Any]


Read = Callable[..., Cohort]


ZERO = "2024-05-10T10:00:00+02:00"


PATIENT: Resource = {
    "resourceType": "Patient",
    "id": "P1",
    "gender": "female",
    "birthDate": "1960-06-15",
}


INFUSION: Resource = {
    "resourceType": "Procedure",
    "id": "inf",
    "status": "completed",
    "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-pcs", "code": "XW033C3"}]},
    "subject": {"reference": "Patient/P1"},
    "performedDateTime": ZERO,
}


FERRITIN = {"coding": [{"system": "http://loinc.org", "code": "2276-4"}]}


def observation(**fields: Any) -> Resource:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": FERRITIN,
        "subject": {"reference": "Patient/P1"},
        "effectiveDateTime": "2024-05-11T10:00:00+02:00",
        "valueQuantity": {"value": 900, "unit": "ng/mL"},
        **fields,
    }


def bundle(resources: Iterable[Resource], kind: str = "collection") -> Resource:
    return {
        "resourceType": "Bundle",
        "type": kind,
        "entry": [{"resource": resource} for resource in resources],
    }


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read resources beside one patient with an infusion, as a Bundle."""

    def make(*resources: Resource, **options: Any) -> Cohort:
        path = tmp_path / "bundle.json"
        path.write_text(json.dumps(bundle([PATIENT, INFUSION, *resources])), encoding="utf-8")
        return read_fhir(path, **options)

    return make


def reasons(cohort: Cohort) -> list[str]:
    return cohort.rejected["reason"].tolist()


def values(cohort: Cohort) -> list[float]:
    return cohort.labs["value"].tolist()


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": "preliminary"}, "not_final"),
        ({"status": "registered"}, "not_final"),
        ({"status": "cancelled"}, "cancelled"),
        ({"status": "entered-in-error"}, "entered_in_error"),
        ({"status": "unknown"}, "status_unknown"),
        ({"status": None}, "status_unknown"),
        ({"status": 7}, "status_unknown"),
        ({"valueQuantity": {}}, "value_missing"),
        ({"valueQuantity": {"value": True, "unit": "ng/mL"}}, "value_not_a_number"),
        ({"valueQuantity": {"value": 10**400, "unit": "ng/mL"}}, "value_not_a_number"),
        ({"valueQuantity": {"value": 5, "comparator": "~", "unit": "ng/mL"}}, "unknown_comparator"),
        ({"valueQuantity": {"value": 5, "unit": "furlong"}}, "unknown_unit"),
        ({"valueQuantity": {"value": -3, "unit": "ng/mL"}}, "value_impossible"),
        ({"subject": {"reference": "Group/1"}}, "not_a_patient"),
        ({"subject": None}, "not_a_patient"),
        ({"effectiveDateTime": None}, "time_missing"),
        ({"effectiveDateTime": "2024-05"}, "time_not_a_day"),
        ({"effectiveDateTime": "last week"}, "time_not_a_day"),
        ({"effectiveDateTime": "2024-05-11T10:00:00"}, "time_zone_mismatch"),
        ({"effectiveDateTime": None, "issued": "2024-05-11T10:00:00Z"}, "time_missing"),
    ],
)
def test_what_may_not_be_used_is_rejected_with_its_reason(
    read: Read, fields: Resource, reason: str
) -> None:
    cohort = read(observation(**fields), observation(id="good"))
    assert values(cohort) == [900]
    assert reasons(cohort) == [reason]
    assert cohort.rejected["source"].tolist() == ["bundle.json:1 entry 3"]


@pytest.mark.parametrize("status", ["final", "amended", "corrected"])
def test_verified_results_count(read: Read, status: str) -> None:
    assert values(read(observation(status=status))) == [900]


PARTS = [
    ({"specimen": {"reference": "Specimen/s1"}}, ["not_blood"]),
    ({"specimen": {"reference": "https://ex.org/fhir/Specimen/s1/_history/2"}}, ["not_blood"]),
    ({"specimen": {"reference": "Specimen/s2"}}, []),
    ({"specimen": {"reference": "Specimen/unknown"}}, []),
    ({"specimen": {"display": "Pleural fluid"}}, ["not_blood"]),
    ({"specimen": {"reference": "#c"}, "contained": [
        {"resourceType": "Specimen", "id": "c", "type": {"text": "CSF"}}]}, ["not_blood"]),
    ({"bodySite": {"text": "Urinary bladder"}}, ["not_blood"]),
    ({"bodySite": {"text": "Left arm"}}, []),
    ({"modifierExtension": [{"url": "http://x/not", "valueBoolean": True}]}, ["modified"]),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "refused"), PARTS)
def test_specimens_and_modifiers(read: Read, fields: Resource, refused: list[str]) -> None:
    specimens = [
        {"resourceType": "Specimen", "id": "s1", "type": {"coding": [{"code": "UR"}]}},
        {"resourceType": "Specimen", "id": "s2", "type": {"text": "Venous blood"}},
    ]
    cohort = read(observation(**fields), *specimens)
    assert reasons(cohort) == refused
    assert len(cohort.labs) == 1 - len(refused)


def test_results_inside_reports_and_panels(read: Read) -> None:
    inside = observation(id="o1", valueQuantity={"value": 12000, "unit": "ng/mL"})
    bare = {name: inside[name] for name in ("resourceType", "id", "status", "code")}
    bare["valueQuantity"] = {"value": 13000, "unit": "ng/mL"}
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": "Patient/P1"},
        "effectiveDateTime": "2024-05-12T10:00:00+02:00",
        "contained": [inside, {**bare, "id": "o2"}],
        "result": [{"reference": "#o1"}, {"reference": "#o2"}],
    }
    panel = observation(
        id="p", code={"text": "panel"}, hasMember=[{"reference": "#m"}], contained=[bare]
    )
    del panel["valueQuantity"]
    found = read(report, panel).labs[["hours", "value"]].to_numpy().tolist()
    assert found == [[24, 12000], [24, 13000], [48, 13000]]
    gone = read({**report, "status": "entered-in-error"})
    assert gone.labs.empty
    assert reasons(gone) == ["entered_in_error"] * 2


def deletion(url: str, when: str = "") -> Resource:
    response = {"response": {"status": "204", "lastModified": when}} if when else {}
    entry = {"request": {"method": "DELETE", "url": url}, **response}
    return {"resourceType": "Bundle", "type": "history", "entry": [entry]}


@pytest.mark.parametrize(
    ("url", "when", "left"),
    [
        ("Observation/a", "", 1),
        ("Observation/a/_history/3", "", 1),
        ("https://ex.org/fhir/Observation/a", "", 1),
        ("Observation/other", "", 2),
        ("DiagnosticReport/a", "", 2),
        ("Observation/a", "2024-06-01T00:00:00Z", 1),
        ("Observation/a", "2024-05-01T00:00:00Z", 2),  # written again afterwards
        ("Observation?identifier=x", "", 2),
    ],
)
def test_deletions(read: Read, url: str, when: str, left: int) -> None:
    meta = {"lastUpdated": "2024-05-20T00:00:00Z"}
    first, other = observation(id="a", meta=meta), observation(id="b")
    other["effectiveDateTime"] = "2024-05-12T10:00:00+02:00"
    for order in ([first, other, deletion(url, when)], [deletion(url, when), first, other]):
        assert len(read(*order).labs) == left


def test_deleted_treatments_diagnoses_and_people(read: Read) -> None:
    who = {"subject": {"reference": "Patient/P1"}, "status": "completed", "id": "t"}
    drug = {"resourceType": "MedicationAdministration", **who, "effectiveDateTime": "2024-05-12",
            "medicationCodeableConcept": {"text": "tocilizumab"}}  # fmt: skip
    disease = {"resourceType": "Condition", **who, "code": {"text": "Multiple myeloma"}}
    whole = read(drug, disease)
    assert (len(whole.events), whole.patients["disease"].tolist()) == (1, ["MM"])
    kinds = ("MedicationAdministration", "Condition")
    gone = read(drug, disease, *(deletion(f"{kind}/t") for kind in kinds))
    assert gone.events.empty
    assert gone.patients["disease"].isna().all()
    assert read(drug, deletion("Patient/P1")).patients["sex"].isna().all()


def test_a_report_without_results_in_fields_is_named(read: Read) -> None:
    report = {"resourceType": "DiagnosticReport", "id": "r", "status": "final",
              "subject": {"reference": "Patient/P1"}, "conclusion": "ferritin 40000"}  # fmt: skip
    cohort = read(observation(), report)
    assert cohort.notes[CHECK] == {"reports whose results stand only in a text or a file": 1}
