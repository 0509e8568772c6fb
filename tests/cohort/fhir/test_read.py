"""FHIR R4: what a source holds becomes a cohort."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from pandas.testing import assert_frame_equal

from riskmodel.cohort import Cohort, read_cohort, write_cohort
from riskmodel.cohort.fhir.read import read_fhir
from riskmodel.errors import SchemaError

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


def reasons(cohort: Cohort) -> list[str]:
    return cohort.rejected["reason"].tolist()


def test_a_patient_arrives_with_age_sex_and_hour_zero(read: Read) -> None:
    cohort = read(observation())
    patient = cohort.patients.iloc[0]
    assert (patient["patient_id"], patient["sex"], patient["age_years"]) == ("P1", "F", 63.0)
    assert cohort.labs["hours"].tolist() == [24.0]
    assert cohort.rejected.empty


def administration(name: str, **fields: Any) -> Resource:
    return {
        "resourceType": "MedicationAdministration",
        "status": "completed",
        "medicationCodeableConcept": {"text": name},
        "subject": {"reference": "Patient/P1"},
        "effectiveDateTime": "2024-05-11T10:00:00+02:00",
        **fields,
    }


def test_treatments_become_events(read: Read) -> None:
    dose = {"dose": {"value": 560, "unit": "mg"}}
    stock = {"resourceType": "Medication", "id": "m", "code": {"text": "Anakinra 100 mg syringe"}}
    stocked = without(administration(""), "medicationCodeableConcept")
    cohort = read(
        administration("Tocilizumab 20 mg/mL", dosage=dose),
        administration("Dexamethasone eye drops"),
        administration("Siltuximab", status="not-done"),
        {**stocked, "medicationReference": {"reference": "Medication/m"}},
        stock,
        administration("Ruxolitinib", status="entered-in-error"),
        administration("Emapalumab", effectiveDateTime=None),
    )
    assert cohort.events[["event", "hours", "value"]].values.tolist() == [
        ["anakinra", 24.0, ""],
        ["tocilizumab", 24.0, "560 mg"],
    ]
    assert sorted(reasons(cohort)) == ["cancelled", "entered_in_error", "time_missing"]


def test_an_infusion_by_its_product_and_a_later_one(tmp_path: Path) -> None:
    product = administration("Axicabtagene ciloleucel", id="x", effectiveDateTime=ZERO)
    later = administration("Tecartus", id="y", effectiveDateTime="2024-07-10T10:00:00+02:00")
    path = tmp_path / "b.json"
    path.write_text(json.dumps(bundle([PATIENT, product, later])))
    cohort = read_fhir(path)
    patient = cohort.patients.iloc[0]
    assert (patient["target_antigen"], patient["costimulatory_domain"]) == ("CD19", "CD28")
    assert cohort.events["event"].tolist() == ["new_cell_therapy"]


def test_a_listed_infusion_takes_the_zone_of_the_nearest_record(tmp_path: Path) -> None:
    listed = tmp_path / "infusions.csv"
    listed.write_text("patient_id,infusion_time\nP1,2024-05-10T10:00:00\nP9,2024-05-10\n")
    winter = observation(effectiveDateTime="2024-01-11T10:00:00+01:00")
    path = tmp_path / "b.json"
    path.write_text(json.dumps(bundle([PATIENT, winter, observation()])))
    cohort = read_fhir(path, infusions=listed)
    assert cohort.labs["hours"].tolist() == [-2880.0 + 1.0 - 24 * 0, 24.0]
    assert reasons(cohort) == ["not_in_source"]


def test_nobody_with_an_infusion_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    path.write_text(json.dumps(bundle([PATIENT, observation()])))
    with pytest.raises(SchemaError, match="--infusions FILE"):
        read_fhir(path)


def test_full_synthetic_exports_read(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "synthea_fhir_r4"
    first = json.loads((folder / "bundle_1.json").read_text())
    patient = next(
        e["resource"]["id"] for e in first["entry"] if e["resource"]["resourceType"] == "Patient"
    )
    listed = tmp_path / "infusions.csv"
    listed.write_text(f"patient_id,infusion_time,product\n{patient},2015-01-01T08:00:00Z,axi-cel\n")
    cohort = read_fhir(folder, infusions=listed)
    assert cohort.patients["target_antigen"].tolist() == ["CD19"]
    assert {"creatinine", "hemoglobin", "platelets"} <= set(cohort.labs["analyte"])
    assert cohort.rejected.empty
    write_cohort(cohort, tmp_path / "out")
    assert_frame_equal(read_cohort(tmp_path / "out").labs, cohort.labs)
