"""The audit log: lines are only added, each holds the one before, nobody is named."""

import hashlib
import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from riskmodel.errors import SchemaError
from riskmodel.web.app import make_app
from riskmodel.web.security.audit import AuditLog
from riskmodel.web.settings import Settings

PATIENT = {"patients": [{"patient_id": "Jane Roe"}]}


def client_of(engine, audit: AuditLog) -> TestClient:
    return TestClient(make_app(engine, Settings(), audit), base_url="http://localhost")


def test_the_audit_log_only_grows_and_names_nobody(engine, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("RISKMODEL_AUDIT_KEY", "key of the test")
    path = tmp_path / "audit.jsonl"
    for _ in range(2):
        log = AuditLog(path)
        asked = client_of(engine, log)
        assert asked.post("/score", json=PATIENT).status_code == 200
        log.close()
    text = path.read_text(encoding="utf-8")
    assert "Jane" not in text
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["door"] for line in lines] == ["start", "score", "start", "score"]
    assert lines[1]["patients"] == lines[3]["patients"]
    assert lines[1]["previous"] != lines[3]["previous"]
    assert path.stat().st_mode & 0o077 == 0
    other = tmp_path / "notes.txt"
    other.write_text("shopping\n")
    with pytest.raises(SchemaError, match="does not end as an audit log"):
        AuditLog(other)
    assert other.read_text() == "shopping\n"


def test_without_an_audit_log_nothing_is_written(engine, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = client_of(engine, AuditLog(None))
    assert asked.post("/score", json=PATIENT).status_code == 200
    assert list(tmp_path.iterdir()) == []


def test_each_line_holds_the_hash_of_the_one_before(tmp_path: Path):
    path = tmp_path / "audit.jsonl"
    for _ in range(2):
        log = AuditLog(path)
        log.note("score", ["a", "b"], at="day-3")
        log.close()
    lines = path.read_text(encoding="utf-8").splitlines()
    told = [json.loads(line)["previous"] for line in lines]
    assert told == ["", *(hashlib.sha256(line.encode()).hexdigest() for line in lines[:-1])]


def test_without_a_key_a_patient_can_be_followed_within_one_run_only(tmp_path: Path, monkeypatch):
    monkeypatch.delenv("RISKMODEL_AUDIT_KEY", raising=False)
    path = tmp_path / "audit.jsonl"
    for _ in range(2):
        log = AuditLog(path)
        log.note("score", ["a"])
        log.note("score", ["a"])
        log.close()
    start, first, again, other, later, _ = map(json.loads, path.read_text().splitlines())
    assert start["lasting_key"] is other["lasting_key"] is False
    assert first["patients"] == again["patients"] != later["patients"]


def test_a_file_that_cannot_be_opened_is_one_sentence(tmp_path: Path):
    with pytest.raises(SchemaError, match="cannot be opened"):
        AuditLog(tmp_path / "absent" / "audit.jsonl")
