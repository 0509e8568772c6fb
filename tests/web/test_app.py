"""Every door on one server: what the description names, and what each door needs."""

import json

import pytest
from starlette.testclient import TestClient

from riskmodel.web.app import make_app
from riskmodel.web.security.audit import AuditLog
from riskmodel.web.settings import Settings


@pytest.fixture(scope="module")
def described(client):
    return client.get("/openapi.json").json()


def test_the_description_names_every_door_and_its_problems(described):
    paths = described["paths"]
    assert set(paths) == {
        "/score",
        "/explain",
        "/label",
        "/cds-services",
        "/cds-services/{service}",
        "/cds-services/{service}/feedback",
    }
    for path, methods in paths.items():
        for operation in methods.values():
            assert operation["summary"]
            if "post" in methods:
                assert "422" in operation["responses"], path
    assert json.dumps(described).count("#/components/schemas/HTTPValidationError") == 0


def test_every_reference_of_the_description_has_its_schema(described):
    held = set(described["components"]["schemas"])
    text = json.dumps(described)
    named = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert {"Problem", "Scores", "Labels"} <= named <= held


def test_a_person_has_pages_without_an_outside_description(client):
    for path in ("/", "/before", "/after", "/patients", "/model", "/docs"):
        assert client.get(path).status_code == 200, path
    assert client.get("/redoc").status_code == 404


def test_a_fault_of_the_program_tells_nothing_of_what_it_worked_on(engine, monkeypatch):
    def failing(*_, **__):
        raise RuntimeError("ferritin of Jane Roe")

    monkeypatch.setattr(type(engine), "scores", failing)
    app = make_app(engine, Settings(), AuditLog(None))
    asked = TestClient(app, base_url="http://localhost", raise_server_exceptions=False)
    answer = asked.post("/score", json={"patients": [{"patient_id": "Jane Roe"}]})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Jane" not in answer.text


def test_the_threads_are_those_of_the_limits_and_the_log_is_closed_at_the_end(engine, tmp_path):
    log = AuditLog(tmp_path / "audit.jsonl")
    with TestClient(make_app(engine, Settings(), log), base_url="http://localhost") as asked:
        asked.post("/score", json={"patients": [{"patient_id": "a"}]})
    before = (tmp_path / "audit.jsonl").read_text()
    log.note("after the end")
    assert (tmp_path / "audit.jsonl").read_text() == before
