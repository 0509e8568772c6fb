"""Who is meant: references to patients, their names and versions."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from riskmodel.cohort import Cohort
from riskmodel.cohort.fhir.read import read_fhir

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


@pytest.mark.parametrize(
    "reference",
    [
        "Patient/P1",
        "Patient/P1/_history/3",
        "https://hospital.example/fhir/Patient/P1",
        "urn:uuid:0001",
        "Patient?identifier=urn:mrn|4711",
        "Patient?identifier=urn%3Amrn%7C4711",
    ],
)
def test_references_to_a_patient(tmp_path: Path, reference: str) -> None:
    patient = {**PATIENT, "identifier": [{"system": "urn:mrn", "value": "4711"}]}
    result = observation(subject={"reference": reference})
    entries = [
        {"resource": result, "fullUrl": "urn:uuid:0002"},
        {"resource": INFUSION},
        {"resource": patient, "fullUrl": "urn:uuid:0001"},
    ]
    path = tmp_path / "b.json"
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}))
    assert len(read_fhir(path).labs) == 1


def test_a_subject_by_identifier_and_ids_of_ones_choice(tmp_path: Path) -> None:
    patient = {**PATIENT, "identifier": [{"system": "urn:mrn", "value": "4711"}]}
    result = observation(subject={"identifier": {"system": "urn:mrn", "value": "4711"}})
    path = tmp_path / "b.json"
    path.write_text(json.dumps(bundle([patient, INFUSION, result])))
    cohort = read_fhir(path, identifier_system="urn:mrn")
    assert cohort.patient_id.tolist() == ["4711"]
    assert len(cohort.labs) == 1


def test_urn_references_hold_within_their_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        entries = [
            {"resource": {**PATIENT, "id": name}, "fullUrl": "urn:uuid:1"},
            {"resource": {**INFUSION, "subject": {"reference": "urn:uuid:1"}}},
            {"resource": observation(subject={"reference": "urn:uuid:1"})},
        ]
        text = json.dumps({"resourceType": "Bundle", "entry": entries})
        (tmp_path / f"{name}.json").write_text(text)
    cohort = read_fhir(tmp_path)
    assert cohort.patient_id.tolist() == ["a", "b"]
    assert cohort.labs["patient"].tolist() == [0, 1]


def test_a_merged_patient_is_found_under_the_new_name(read: Read) -> None:
    link = [{"type": "replaced-by", "other": {"reference": "Patient/P1"}}]
    old = {"resourceType": "Patient", "id": "P0", "link": link}
    cohort = read(old, observation(subject={"reference": "Patient/P0"}))
    assert cohort.patient_id.tolist() == ["P1"]
    assert len(cohort.labs) == 1


def test_two_people_under_one_id_are_refused(read: Read) -> None:
    cohort = read({**PATIENT, "gender": "male"}, observation())
    assert len(cohort) == 0
    assert set(reasons(cohort)) == {"duplicate_patient", "unknown_patient"}


def test_the_latest_version_of_a_patient_counts(read: Read) -> None:
    later = {**PATIENT, "gender": "male", "meta": {"lastUpdated": "2024-06-01T00:00:00Z"}}
    assert read(later, observation()).patients["sex"].tolist() == ["M"]
