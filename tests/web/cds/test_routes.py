"""CDS Hooks 2.0: discovery, cards and feedback against the tables of the specification."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema
import pytest
from starlette.testclient import TestClient

from riskmodel.web.app import make_app
from riskmodel.web.cds.routes import EXTENSION
from riskmodel.web.security.audit import AuditLog
from riskmodel.web.settings import Settings

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
URL = {"type": "string", "pattern": "^https?://"}
CODING = {
    "type": "object",
    "required": ["code"],
    "properties": {"code": {"type": "string"}, "system": {"type": "string"}},
}
# https://cds-hooks.hl7.org/2.0/#discovery
DISCOVERY = {
    "type": "object",
    "required": ["services"],
    "additionalProperties": False,
    "properties": {
        "services": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["hook", "description", "id"],
                "additionalProperties": False,
                "properties": {
                    "hook": {"enum": ["patient-view", "order-select"]},
                    "title": {"type": "string"},
                    "description": {"type": "string"},
                    "id": {"type": "string", "pattern": "^[A-Za-z0-9.-]+$"},
                    "prefetch": {"type": "object", "additionalProperties": {"type": "string"}},
                    "usageRequirements": {"type": "string"},
                },
            },
        }
    },
}
# https://cds-hooks.hl7.org/2.0/#card-attributes
CARDS = {
    "type": "object",
    "required": ["cards"],
    "properties": {
        "cards": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["summary", "indicator", "source"],
                "additionalProperties": False,
                "properties": {
                    "uuid": {"type": "string", "format": "uuid"},
                    "summary": {"type": "string", "maxLength": 139},
                    "detail": {"type": "string"},
                    "indicator": {"enum": ["info", "warning", "critical"]},
                    "source": {
                        "type": "object",
                        "required": ["label"],
                        "properties": {"label": {"type": "string"}, "url": URL},
                    },
                    "overrideReasons": {
                        "type": "array",
                        "items": {**CODING, "required": ["code", "system", "display"]},
                    },
                    "links": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["label", "url", "type"],
                            "additionalProperties": False,
                            "properties": {
                                "label": {"type": "string"},
                                "url": URL,
                                "type": {"enum": ["absolute", "smart"]},
                            },
                        },
                    },
                    "extension": {"type": "object"},
                },
            },
        }
    },
}


@pytest.fixture(scope="module")
def hooks(engine) -> TestClient:
    app = make_app(engine, Settings(), AuditLog(None), clock=lambda: NOW)
    return TestClient(app, base_url="http://localhost:8000")


def observation(code: str, value: float, unit: str, days: float) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"{code}-{days}",
        "status": "final",
        "subject": {"reference": "Patient/p1"},
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "effectiveDateTime": (NOW + timedelta(days=days)).isoformat(),
        "valueQuantity": {"value": value, "code": unit, "system": "http://unitsofmeasure.org"},
    }


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries}


def request(infused_days_ago: float | None, hook: str = "patient-view") -> dict[str, Any]:
    labs = [observation("2276-4", 4000.0 + 900 * k, "ng/mL", -k) for k in range(4)]
    prefetch: dict[str, Any] = {
        "patient": {"resourceType": "Patient", "id": "p1", "gender": "female",
                    "birthDate": "1961-05-02"},
        "results": bundle(*labs),
        "conditions": None,
    }  # fmt: skip
    if infused_days_ago is not None:
        prefetch["procedures"] = bundle(
            {
                "resourceType": "Procedure",
                "id": "i1",
                "status": "completed",
                "subject": {"reference": "Patient/p1"},
                "code": {"coding": [{"code": "XW033H7"}]},
                "performedDateTime": (NOW - timedelta(days=infused_days_ago)).isoformat(),
            }
        )
    return {
        "hook": hook,
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": "p1"},
        "prefetch": prefetch,
    }


def order(text: str) -> dict[str, Any]:
    sent = request(None, "order-select")
    sent["context"] |= {
        "selections": ["MedicationRequest/o1"],
        "draftOrders": bundle(
            {
                "resourceType": "MedicationRequest",
                "id": "o1",
                "status": "draft",
                "medicationCodeableConcept": {"text": text},
            }
        ),
    }
    return sent


def validated(answer) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    jsonschema.validate(
        answer.json(), CARDS, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    found: list[dict[str, Any]] = answer.json()["cards"]
    return found


def test_discovery_is_valid_and_asks_for_no_more_than_is_read(hooks):
    found = hooks.get("/cds-services").json()
    jsonschema.validate(found, DISCOVERY)
    for service in found["services"]:
        for template in service["prefetch"].values():
            assert template.count("{{context.patientId}}") == 1
        assert "2276-4" in service["prefetch"]["results"]


def test_a_patient_after_an_infusion_gets_one_card(hooks, engine):
    card = validated(hooks.post("/cds-services/iec-hs-patient-view", json=request(4.5)))[0]
    assert "day 5" in card["summary"]
    assert "Research use only" in card["summary"]
    assert "**" in card["detail"]
    assert "p1" not in str({k: v for k, v in card.items() if k != "extension"})
    assessment = card["extension"][EXTENSION]
    assert assessment["resourceType"] == "RiskAssessment"
    assert assessment["subject"]["reference"] == "Patient/p1"
    # Day 5 is not over yet: the assessment was made when it was asked for.
    assert datetime.fromisoformat(assessment["occurrenceDateTime"]) == NOW
    sent = {
        "patients": [{"patient_id": "p1", "infusion_time": (NOW - timedelta(days=4.5)).isoformat(),
                      "product": "axi-cel", "sex": "F", "age_years": 64}],
        "labs": [{"patient_id": "p1", "time": (NOW - timedelta(days=k)).isoformat(),
                  "analyte": "ferritin", "value": 4000 + 900 * k, "unit": "ng/mL"}
                 for k in range(4)],
        "at": "day-5",
    }  # fmt: skip
    risk = hooks.post("/score", json=sent).json()["scores"][0]["risk"]
    assert assessment["prediction"][0]["probabilityDecimal"] == pytest.approx(risk)


def without_cards() -> Iterator[tuple[str, dict[str, Any]]]:
    yield "iec-hs-patient-view", request(None)
    yield "iec-hs-patient-view", request(20)
    yield "iec-hs-order-select", order("paracetamol 1 g")
    elsewhere = order("Yescarta")
    elsewhere["context"]["selections"] = ["MedicationRequest/another"]
    yield "iec-hs-order-select", elsewhere


@pytest.mark.parametrize(("service", "sent"), list(without_cards()))
def test_who_has_nothing_to_hear_gets_no_card(hooks, service, sent):
    assert validated(hooks.post(f"/cds-services/{service}", json=sent)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"results": None}, "No laboratory results were sent."),
        ({"results": {"resourceType": "OperationOutcome"}}, "No laboratory results were sent."),
        (
            {"results": bundle() | {"link": [{"relation": "next", "url": "http://ehr/2"}]}},
            "Only the first page of the laboratory results was sent",
        ),
        (
            {"results": bundle(observation("2276-4", 4000, "mmHg", -1))},
            "1 result was sent that could not be used.",
        ),
    ],
)
def test_a_card_says_what_it_was_not_sent(hooks, change, said):
    sent = request(4.2)
    sent["prefetch"] |= change
    (card,) = validated(hooks.post("/cds-services/iec-hs-patient-view", json=sent))
    assert said in card["detail"]
    assert "No records of drugs given were sent." in card["detail"]
    complete = request(4.2)
    complete["prefetch"] |= {"given": bundle(), "conditions": bundle()}
    (card,) = validated(hooks.post("/cds-services/iec-hs-patient-view", json=complete))
    assert "were sent" not in card["detail"]


def test_an_order_of_a_car_t_product_gets_the_risk_before_it(hooks):
    cards = validated(hooks.post("/cds-services/iec-hs-order-select", json=order("Yescarta")))
    assert "before the infusion" in cards[0]["summary"]
    assert cards[0]["links"][0]["url"] == "http://localhost:8000/before"


def test_what_is_wrong_is_named(hooks):
    sent = request(4)
    del sent["prefetch"]["patient"]
    assert hooks.post("/cds-services/iec-hs-patient-view", json=sent).status_code == 412
    assert hooks.post("/cds-services/another", json=request(4)).status_code == 404
    wrong = hooks.post("/cds-services/iec-hs-order-select", json=request(4))
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["field"] == "hook"
    assert hooks.post("/cds-services/iec-hs-patient-view", json={"hook": 3}).status_code == 422


def test_what_is_prefetched_is_never_written_to_disk(hooks, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "absent"))
    monkeypatch.chdir(tmp_path)
    assert validated(hooks.post("/cds-services/iec-hs-patient-view", json=request(4.5)))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "broken",
    [
        {"resourceType": "Bundle", "entry": {"resource": 3}},
        {"resourceType": "Bundle", "entry": [None, {"resource": {"resourceType": "Observation"}}]},
        {"resourceType": "OperationOutcome"},
        [],
        "text",
    ],
)
def test_a_broken_prefetch_is_no_fault_of_the_server(hooks, broken):
    sent = request(4)
    sent["prefetch"]["results"] = broken
    validated(hooks.post("/cds-services/iec-hs-patient-view", json=sent))


def test_feedback_is_taken_and_comments_are_not_kept(engine, tmp_path):
    log = AuditLog(tmp_path / "audit.jsonl")
    asked = TestClient(make_app(engine, Settings(), log), base_url="http://localhost")
    sent = {
        "feedback": [
            {
                "card": "4e0a3a1e-3283-4575-ab82-028d55fe2719",
                "outcome": "overridden",
                "overrideReason": {
                    "reason": {"code": "incomplete", "system": "urn:riskmodel:override-reasons"},
                    "userComment": "Jane Roe is well",
                },
                "outcomeTimestamp": "2026-03-10T00:00:00Z",
            }
        ]
    }
    answer = asked.post("/cds-services/iec-hs-patient-view/feedback", json=sent)
    assert answer.status_code == 200
    text = (tmp_path / "audit.jsonl").read_text(encoding="utf-8")
    assert "incomplete" in text
    assert "Jane" not in text
    wrong = asked.post("/cds-services/iec-hs-patient-view/feedback", json={"feedback": [{}]})
    assert wrong.status_code == 422
