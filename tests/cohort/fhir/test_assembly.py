"""Versions, diseases, deaths: what a FHIR source says of its patients."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pandas as pd
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


def values(cohort: Cohort) -> list[float]:
    return cohort.labs["value"].tolist()


def version(value: float, updated: str = "", **fields: Any) -> Resource:
    meta = {"meta": {"lastUpdated": updated}} if updated else {}
    return observation(valueQuantity={"value": value, "unit": "ng/mL"}, **meta, **fields)


OLD, NEW = "2024-05-11T11:00:00Z", "2024-05-11T12:00:00Z"


TAG = [{"system": "urn:lab", "value": "A17"}]


@pytest.mark.parametrize(
    ("first", "second", "kept", "why"),
    [
        (version(1, OLD, id="a"), version(2, NEW, id="a"), [2], "a later version replaces"),
        (version(1, NEW, id="a"), version(2, OLD, id="a"), [1], "by time, not by place"),
        (version(1, id="a"), version(2, id="a", status="corrected"), [2], "a correction"),
        (version(1, id="a", status="corrected"), version(2, id="a"), [1], "in either order"),
        (version(1, OLD, id="a"), version(2, NEW, id="a", status="preliminary"), [1], "no draft"),
        (version(1, OLD, id="a"), version(1, NEW, id="a", status="entered-in-error"), [], "gone"),
        (version(1, OLD, id="a"), version(1, NEW, id="a", status="cancelled"), [], "gone"),
        (version(1, OLD, id="a"), version(2, NEW, id="b"), [1, 2], "two results"),
        (version(1), version(2), [1, 2], "nothing says that they are versions"),
        (
            version(1, OLD, id="a", identifier=TAG),
            version(2, NEW, id="b", identifier=TAG, status="corrected"),
            [2],
            "a correction that shares the identifier",
        ),
        (
            version(1, OLD, id="a", identifier=TAG),
            version(2, NEW, id="b", identifier=TAG),
            [1, 2],
            "an accession number is no version",
        ),
        (
            version(1, OLD, id="a", identifier=TAG, effectiveDateTime="2024-05-11T09:00:00+02:00"),
            version(2, NEW, id="b", identifier=TAG, status="corrected"),
            [1, 2],
            "another sample of a series",
        ),
    ],
)
def test_versions(
    read: Read, first: Resource, second: Resource, kept: list[float], why: str
) -> None:
    cohort = read(first, second)
    assert sorted(values(cohort)) == kept, why
    assert len(cohort.rejected) == (0 if kept else 1), why


def test_an_equal_id_of_another_patient_is_no_version(read: Read) -> None:
    other = {**PATIENT, "id": "P2"}
    infusion = {**INFUSION, "id": "inf2", "subject": {"reference": "Patient/P2"}}
    mine, theirs = version(1, id="1"), version(2, id="1", subject={"reference": "Patient/P2"})
    assert values(read(other, infusion, mine, theirs)) == [1, 2]


@pytest.mark.parametrize(("birth", "age"), [("1960", 64), ("1960-06", 63), ("1960-05-10", 64)])
def test_birth_dates_may_be_partial(tmp_path: Path, birth: str, age: float) -> None:
    path = tmp_path / "b.json"
    path.write_text(json.dumps(bundle([{**PATIENT, "birthDate": birth}, INFUSION])))
    assert read_fhir(path).patients["age_years"].tolist() == [age]


def test_death_is_an_event(tmp_path: Path) -> None:
    dead = {**PATIENT, "deceasedDateTime": "2024-05-12T08:00:00Z"}
    path = tmp_path / "b.json"
    path.write_text(json.dumps(bundle([dead, INFUSION])))
    assert read_fhir(path).events[["event", "hours"]].values.tolist() == [["death", 48.0]]


def condition(code: str, **fields: Any) -> Resource:
    coding = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code}
    return {
        "resourceType": "Condition",
        "code": {"coding": [coding]},
        "subject": {"reference": "Patient/P1"},
        "recordedDate": "2023-01-01",
        **fields,
    }


REFUTED = {"coding": [{"code": "refuted"}]}


@pytest.mark.parametrize(
    ("conditions", "disease"),
    [
        ([condition("C83.38")], "LBCL"),
        ([condition("C83.38"), condition("J18.9")], "LBCL"),
        ([condition("C83.38"), condition("C90.00")], None),
        ([condition("C83.38"), condition("C90.00", verificationStatus=REFUTED)], "LBCL"),
        ([condition("C90.00", recordedDate="2024-05-10T10:00:01+02:00")], None),
        ([{**condition(""), "code": {"text": "Multiple myeloma"}}], "MM"),
    ],
)
def test_the_disease_known_at_the_infusion(
    read: Read, conditions: list[Resource], disease: str | None
) -> None:
    found = read(*conditions).patients["disease"].iloc[0]
    assert found == disease if disease else pd.isna(found)


def test_records_of_others_are_counted(read: Read) -> None:
    cohort = read(observation(subject={"reference": "Patient/P7"}))
    assert cohort.notes["records of patients without an infusion (not used)"] == {"labs": 1}
