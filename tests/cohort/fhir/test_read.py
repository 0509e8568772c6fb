"""FHIR R4: which results count, whose they are, when they were taken, and what a source holds."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from riskmodel.cohort import Cohort, read_cohort, write_cohort
from riskmodel.cohort.fhir.read import read_fhir
from riskmodel.cohort.schema import COMPARATORS, GREATER, LESS
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


def values(cohort: Cohort) -> list[float]:
    return cohort.labs["value"].tolist()


def test_a_patient_arrives_with_age_sex_and_hour_zero(read: Read) -> None:
    cohort = read(observation())
    patient = cohort.patients.iloc[0]
    assert (patient["patient_id"], patient["sex"], patient["age_years"]) == ("P1", "F", 63.0)
    assert cohort.labs["hours"].tolist() == [24.0]
    assert cohort.rejected.empty


@pytest.mark.parametrize(
    ("fields", "value", "comparator", "why"),
    [
        ({"valueQuantity": {"value": 5, "comparator": "<", "unit": "ng/mL"}}, 5, LESS, "bound"),
        ({"valueQuantity": {"value": "7.5", "unit": "ng/mL"}}, 7.5, 0, "number as text"),
        ({"valueQuantity": {"value": 0.9, "unit": "mg/L"}}, 900, 0, "converted"),
        (
            {"valueQuantity": {"value": 2, "unit": "odd", "code": "ng/mL",
                               "system": "http://unitsofmeasure.org"}}, 2, 0, "UCUM code first",
        ),
        (
            {"valueQuantity": {"value": 2, "unit": "ng/mL", "code": "17",
                               "system": "http://local"}}, 2, 0, "a local code is no unit",
        ),
        ({"valueString": "> 2000 ng/mL"}, 2000, GREATER, "text with comparator and unit"),
        ({"valueString": "<5"}, 5, LESS, "text without a unit: all of ferritin's agree or not"),
        ({"valueInteger": 12}, 12, 0, "integer"),
    ],
)  # fmt: skip
def test_values(read: Read, fields: Resource, value: float, comparator: int, why: str) -> None:
    code = {"coding": [{"system": "http://loinc.org", "code": "6301-6"}]}
    plain = "valueQuantity" not in fields and "ng/mL" not in str(fields)
    resource = without(observation(**fields), *({"valueQuantity"} - set(fields)))
    if plain:
        resource["code"] = code
    cohort = read(resource)
    assert values(cohort) == pytest.approx([value]), why
    assert cohort.labs["comparator"].tolist() == [comparator], why


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


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"valueString": "UNABLE TO REPORT"}, "value_not_a_number"),
        ({"valueCodeableConcept": {"text": "positive"}}, "value_not_a_number"),
        ({"valueInteger": "x"}, "value_not_a_number"),
        ({"dataAbsentReason": {"text": "hemolysed"}}, "value_absent"),
        ({}, "value_missing"),
    ],
)
def test_results_without_a_number(read: Read, fields: Resource, reason: str) -> None:
    cohort = read(without(observation(), "valueQuantity") | fields)
    assert reasons(cohort) == [reason]


@pytest.mark.parametrize("status", ["final", "amended", "corrected"])
def test_verified_results_count(read: Read, status: str) -> None:
    assert values(read(observation(status=status))) == [900]


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


def test_loinc_goes_before_the_text(read: Read) -> None:
    urine = {"coding": [{"system": "http://loinc.org", "code": "2161-8"}], "text": "Creatinine"}
    named = {"coding": [{"system": "http://lab", "code": "17"}], "text": "Ferritin"}
    cohort = read(observation(code=urine), observation(code=named))
    assert cohort.labs["analyte"].tolist() == ["ferritin"]
    assert cohort.notes["results of other codes (not used)"] == {"2161-8 Creatinine": 1}


def test_a_centres_own_codes(read: Read, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[analytes]\nferritin = ["http://lab|F9"]\n', encoding="utf-8")
    code = {"coding": [{"system": "http://lab", "code": "F9"}]}
    assert values(read(observation(code=code))) == []
    assert values(read(observation(code=code), mapping=own)) == [900]


def test_components_are_results_of_their_own(read: Read) -> None:
    panel = without(observation(code={"text": "blood count"}), "valueQuantity")
    panel["hasMember"] = [{"reference": "Observation/other"}]
    panel["component"] = [
        {
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "valueQuantity": {"value": value, "unit": unit},
        }
        for code, value, unit in (("718-7", 9.1, "g/dL"), ("777-3", 40, "10*3/uL"))
    ]
    panel["component"].append({"code": FERRITIN, "dataAbsentReason": {"text": "no sample"}})
    cohort = read(panel)
    assert dict(zip(cohort.labs["analyte"], cohort.labs["value"], strict=True)) == {
        "hemoglobin": 9.1,
        "platelets": 40.0,
    }
    assert reasons(cohort) == ["value_absent"]


def test_a_group_of_members_is_no_result(read: Read) -> None:
    panel = without(observation(hasMember=[{"reference": "Observation/1"}]), "valueQuantity")
    assert read(panel).rejected.empty


def test_the_reference_range_for_everybody_in_the_unit_of_the_result(read: Read) -> None:
    ranges = [
        {"high": {"value": 1, "unit": "ng/mL"}, "appliesTo": [{"text": "pregnancy"}]},
        {"low": {"value": 30, "unit": "ng/mL"}, "high": {"value": 0.4, "unit": "mg/L"}},
    ]
    labs = read(observation(referenceRange=ranges)).labs
    assert labs["reference_low"].tolist() == [30]
    assert np.isnan(labs["reference_high"].iloc[0])


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


def test_records_of_others_are_counted(read: Read) -> None:
    cohort = read(observation(subject={"reference": "Patient/P7"}))
    assert cohort.notes["records of patients without an infusion (not used)"] == {"labs": 1}


def as_lines(resources: Iterable[Resource]) -> str:
    return "".join(json.dumps(resource) + "\n" for resource in resources)


def test_every_packing_reads_alike(tmp_path: Path) -> None:
    content = [PATIENT, INFUSION, observation(id="o"), version(3, id="q")]
    lines = tmp_path / "lines"
    lines.mkdir()
    (lines / "Observation.ndjson").write_text(as_lines(content[2:]))
    (lines / "Patient.ndjson").write_text("\ufeff" + as_lines(content[:1]), encoding="utf-8")
    (lines / "Procedure.000.ndjson").write_text(as_lines(content[1:2]) + "\n\n")
    packings = {
        "collection.json": json.dumps(bundle(content)),
        "transaction.json": json.dumps(bundle(content, "transaction"), indent=2),
        "searchset.json": json.dumps({"total": 4, **bundle(content, "searchset"), "link": []}),
        "several.json": json.dumps(bundle(content[:2])) + "\n" + json.dumps(bundle(content[2:])),
        "array.json": json.dumps(content),
        "nested.json": json.dumps(bundle([bundle(content)])),
        "bundles.ndjson": as_lines([bundle(content[:2]), bundle(content[2:])]),
        "reversed.json": json.dumps(dict(reversed(bundle(content[::-1]).items()))),
    }
    for name, text in packings.items():
        (tmp_path / name).write_text(text)
    expected = read_fhir(lines)
    assert values(expected) == [3, 900]
    for name in packings:
        cohort = read_fhir(tmp_path / name)
        assert_frame_equal(cohort.labs, expected.labs)
        assert_frame_equal(cohort.patients, expected.patients)
        assert cohort.rejected.empty, name


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


TEXTS = {code: sign for sign, code in COMPARATORS.items()}
