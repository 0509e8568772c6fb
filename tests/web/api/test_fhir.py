"""Scores as FHIR: one RiskAssessment a row, valid, with the same numbers."""

from fhir.resources.R4B.riskassessment import RiskAssessment
from starlette.testclient import TestClient

from riskmodel.scoring import score
from riskmodel.web.api.fhir import assessments, bundle


def test_fhir_is_a_bundle_of_risk_assessments(client: TestClient, body):
    body = {**body, "at": "pre-infusion"}
    answer = client.post("/score", json=body, headers={"accept": "application/fhir+json"})
    assert answer.headers["content-type"] == "application/fhir+json"
    plain = client.post("/score", json=body).json()["scores"]
    found = [entry["resource"] for entry in answer.json()["entry"]]
    assert [r["subject"]["identifier"]["value"] for r in found] == [r["patient_id"] for r in plain]
    for resource, row in zip(found, plain, strict=True):
        RiskAssessment.model_validate(resource)
        assert resource["status"] == "final"
        assert resource["prediction"][0]["probabilityDecimal"] == row["risk"]


def test_each_patient_has_its_own_infusion(engine, cohort):
    few = cohort.take([0, 1, 2])
    table = score(few, engine.fitting("day-3"), "day-3")
    found = assessments(table.iloc[::-1], few)
    subjects = [r["subject"]["identifier"]["value"] for r in found]
    assert subjects == table["patient_id"].tolist()[::-1]
    assert [entry["resource"] for entry in bundle(table.iloc[::-1], few)["entry"]] == found
