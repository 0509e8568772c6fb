"""Times of FHIR resources."""

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


def without(resource: Resource, *names: str) -> Resource:
    return {name: value for name, value in resource.items() if name not in names}


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


@pytest.mark.parametrize(
    ("fields", "hours"),
    [
        ({"effectiveInstant": "2024-05-11T08:00:00.000Z"}, 24.0),
        ({"effectivePeriod": {"start": "2024-05-11T08:00:00Z", "end": "2024-05-12T08:00:00Z"}}, 24),
        ({"effectivePeriod": {"end": "2024-05-11T08:00:00Z"}}, 24.0),
        ({"effectiveDateTime": "2024-05-11T05:00:00-03:00"}, 24.0),
        ({"effectiveDateTime": "2024-05-11"}, 14.0),
    ],
)
def test_times_honour_their_zone(read: Read, fields: Resource, hours: float) -> None:
    cohort = read(without(observation(), "effectiveDateTime") | fields)
    assert cohort.labs["hours"].tolist() == [hours]
