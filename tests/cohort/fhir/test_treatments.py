"""FHIR R4: stays in intensive care, transfusions, conditioning and weight."""

import json
from pathlib import Path
from typing import Any

import pytest

from riskmodel.cohort import Cohort, read_fhir

Resource = dict[str, Any]
WHO = {"subject": {"reference": "Patient/P1"}}
PATIENT: Resource = {"resourceType": "Patient", "id": "P1"}
INFUSION: Resource = {
    "resourceType": "Procedure",
    "status": "completed",
    "code": {"coding": [{"code": "XW033C3"}]},
    "performedDateTime": "2024-05-10T10:00:00Z",
    **WHO,
}
UNIT: Resource = {"resourceType": "Location", "id": "u", "name": "7 West", "type": [
    {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "ICU"}]}
]}  # fmt: skip
WARD: Resource = {"resourceType": "Location", "id": "w", "name": "Intermediate care (ex ICU)"}
PERIOD = {"start": "2024-05-11T10:00:00Z", "end": "2024-05-14T10:00:00Z"}
STAY: Resource = {"resourceType": "Encounter", "id": "e", "status": "finished", "period": PERIOD,
                  **WHO}  # fmt: skip
LATER = {"start": "2024-05-12T10:00:00Z"}


def read(tmp_path: Path, *resources: Resource) -> Cohort:
    path = tmp_path / "x.ndjson"
    path.write_text("".join(json.dumps(r) + "\n" for r in (PATIENT, INFUSION, *resources)))
    return read_fhir(path)


def admitted(cohort: Cohort) -> list[float]:
    events = cohort.events
    return [float(h) for h in events.loc[events["event"] == "icu_admission", "hours"]]


def at(reference: str = "", display: str = "", **more: Any) -> Resource:
    place = {"reference": reference} if reference else {"display": display}
    return {"location": [{"location": place, **more}]}


ICU_TYPE = [{"coding": [{"system": "http://snomed.info/sct", "code": "305351004"}]}]
STAYS = [
    ({"type": ICU_TYPE}, [24.0], "the type of the encounter"),
    ({"class": {"code": "IMP", "display": "inpatient encounter"}}, [], "a hospital stay alone"),
    ({"serviceType": {"text": "Critical care medicine"}}, [24.0], "its service"),
    (at("Location/u"), [24.0], "a place by its type"),
    (at("Location/u", period=LATER), [48.0], "the time at the place goes before the encounter's"),
    (at("Location/w"), [], "intermediate care is none"),
    (at(display="Medical ICU", period=LATER), [48.0], "a place by its shown name"),
    (at("Location/u", status="planned"), [], "only planned"),
    ({"location": "ICU"}, [], "a field of the wrong type"),
]


@pytest.mark.parametrize(("fields", "hours", "why"), STAYS)
@pytest.mark.parametrize("first", [True, False])
def test_stays(tmp_path: Path, fields: Resource, hours: list[float], why: str, first: bool) -> None:
    stay, places = {**STAY, **fields}, (UNIT, WARD)
    cohort = read(tmp_path, *((*places, stay) if first else (stay, *places)))
    assert admitted(cohort) == hours, why


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("planned", "not_final"),
        ("cancelled", "cancelled"),
        ("entered-in-error", "entered_in_error"),
        ("unknown", "status_unknown"),
    ],
)
def test_a_stay_that_was_none_is_rejected(tmp_path: Path, status: str, reason: str) -> None:
    cohort = read(tmp_path, {**STAY, "type": ICU_TYPE, "status": status})
    assert not admitted(cohort)
    assert cohort.rejected[["table", "reason", "source"]].to_numpy().tolist() == [
        ["events", reason, "x.ndjson:3"]
    ]


def test_a_later_version_withdraws_a_stay(tmp_path: Path) -> None:
    gone = {**STAY, "type": ICU_TYPE, "status": "entered-in-error",
            "meta": {"lastUpdated": "2024-06-01T00:00:00Z"}}  # fmt: skip
    assert not admitted(read(tmp_path, gone, {**STAY, "type": ICU_TYPE}))


ACTS = [
    ({"coding": [{"code": "12719002"}]}, "transfusion_platelets", "SNOMED CT"),
    ({"coding": [{"code": "30243N1"}]}, "transfusion_red_cells", "ICD-10-PCS"),
    ({"text": "Transfusion of packed red blood cells"}, "transfusion_red_cells", "a name"),
    ({"text": "Platelet antibody screening"}, None, "a test"),
    ({"text": "Platelet transfusion refused"}, None, "not given"),
    ({"coding": [{"code": "36430", "display": "Transfusion, blood"}]}, None, "of what is not said"),
]


@pytest.mark.parametrize(("code", "event", "why"), ACTS)
def test_transfusions(tmp_path: Path, code: Resource, event: str | None, why: str) -> None:
    act = {"resourceType": "Procedure", "status": "completed", "code": code, **WHO,
           "performedDateTime": "2024-05-12T10:00:00Z"}  # fmt: skip
    assert read(tmp_path, act).events["event"].tolist() == ([event] if event else []), why


def test_conditioning_before_the_infusion(tmp_path: Path) -> None:
    drugs = [("fludarabine", "05-06"), ("Fludarabine", "05-05"), ("Bendamustine", "03-01"),
             ("cyclophosphamide 50 MG", "06-20")]  # fmt: skip
    given = [
        {"resourceType": "MedicationAdministration", "id": day, "status": "completed",
         "medicationCodeableConcept": {"text": name}, "effectiveDateTime": f"2024-{day}", **WHO}
        for name, day in drugs
    ]  # fmt: skip
    events = read(tmp_path, *given).events
    assert events["event"].tolist() == ["lymphodepletion_start"]
    assert events["hours"].tolist() == [-130.0]


@pytest.mark.parametrize(
    ("fields", "kg"),
    [
        ({"valueQuantity": {"value": 154, "unit": "lb", "system": "http://unitsofmeasure.org",
                            "code": "[lb_av]"}}, 154 * 0.45359237),
        ({"valueString": "70,5 kg"}, 70.5),
        ({"status": "entered-in-error", "valueQuantity": {"value": 70, "unit": "kg"}}, None),
        ({"effectiveDateTime": "2024-05-10T10:00:01Z",
          "valueQuantity": {"value": 70, "unit": "kg"}}, None),
    ],
)  # fmt: skip
def test_weight(tmp_path: Path, fields: Resource, kg: float | None) -> None:
    weight = {"resourceType": "Observation", "status": "final", **WHO,
              "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
              "effectiveDateTime": "2024-05-09T08:00:00Z", **fields}  # fmt: skip
    found = read(tmp_path, weight)
    assert found.labs.empty
    assert found.patients["weight_kg"].dropna().tolist() == ([pytest.approx(kg)] if kg else [])
