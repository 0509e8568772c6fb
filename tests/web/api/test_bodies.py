"""Bodies: every column of the contract, nothing else, and no more than one request may ask."""

import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient

from riskmodel.cohort import PATIENT_CHOICES, PATIENT_FLAGS, PATIENT_NUMBERS, PATIENT_TEXT
from riskmodel.features import LAST_LANDMARK_DAY
from riskmodel.web.api.bodies import TIMES, ExplainRequest, LabelRequest, Patient, ScoreRequest


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"patients": []}, "patients"),
        ({"patients": [{"patient_id": "a", "age": 3}]}, "patients[0].age"),
        ({"patients": [{"patient_id": "a", "age_years": [58]}]}, "patients[0].age_years"),
        ({"patients": [{}]}, "patients[0].patient_id"),
        ({"labs": [{"patient_id": "a", "value": [1]}]}, "labs[0].value"),
        ({"events": [{"patient_id": "a"}]}, "events[0].event"),
        ({"at": "day-30"}, "at"),
        ({"model": "another"}, "model"),
    ],
)
def test_errors_name_the_field_and_repeat_no_value(client: TestClient, change, field):
    answer = client.post("/score", json={"patients": [{"patient_id": "a"}], **change})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert field in [error["field"] for error in told["errors"]]
    assert told["status"] == 422
    assert told["detail"].endswith(".")
    assert "58" not in answer.text


def test_rows_beyond_the_limit_are_refused(client: TestClient):
    row = {"patient_id": "a", "event": "fever", "hours_from_infusion": 1}
    answer = client.post(
        "/score", json={"patients": [{"patient_id": "a"}], "events": [row] * 50_001}
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "events"
    many = [{"patient_id": f"p{k}"} for k in range(501)]
    assert client.post("/score", json={"patients": many}).status_code == 422


def test_a_patient_has_exactly_the_columns_of_the_contract():
    named = {*PATIENT_TEXT, *PATIENT_CHOICES, *PATIENT_NUMBERS, *PATIENT_FLAGS}
    assert set(Patient.model_fields) == {*named, "patient_id", "infusion_time", "product"}


def test_times_are_before_the_infusion_and_each_landmark():
    assert len(TIMES) == LAST_LANDMARK_DAY + 1
    for at in TIMES:
        assert ScoreRequest(patients=[{"patient_id": "a"}], at=at).at == at


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_json_cannot_hold_is_no_number(number):
    with pytest.raises(ValidationError):
        LabelRequest(patients=[{"patient_id": "a"}], horizon_days=number)


def test_one_patient_is_explained_at_a_time():
    rows = [{"patient_id": "a"}, {"patient_id": "b"}]
    assert len(ScoreRequest(patients=rows).patients) == 2
    with pytest.raises(ValidationError, match="patients"):
        ExplainRequest(patients=rows)
