"""Which Observations may be used, and what is read beside them."""

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
