"""The gate: who may ask, under which name, how much, and what every answer carries."""

import base64

import pytest
from starlette.testclient import TestClient

from riskmodel.web.app import make_app
from riskmodel.web.security.audit import AuditLog
from riskmodel.web.security.guard import CONTENT_POLICY
from riskmodel.web.settings import Limits, Settings

TOKEN = "a-token-of-more-than-16"
PATIENT = {"patients": [{"patient_id": "Jane Roe"}]}


def client_of(engine, settings: Settings, audit: AuditLog | None = None) -> TestClient:
    return TestClient(
        make_app(engine, settings, audit or AuditLog(None)), base_url="http://localhost"
    )


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("LOCALHOST", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("", 421),
    ],
)
def test_a_host_that_is_not_this_server_is_refused(client, host, status):
    assert client.get("/static/icon.svg", headers={"host": host}).status_code == status


def test_a_named_host_is_answered(engine):
    named = client_of(engine, Settings(allowed_hosts=("risk.example",)))
    assert named.get("/static/icon.svg", headers={"host": "risk.example:443"}).status_code == 200


def test_with_a_token_nothing_is_answered_without_it(engine):
    asked = client_of(engine, Settings(token=TOKEN))
    basic = base64.b64encode(f"anyone:{TOKEN}".encode()).decode()
    wrong = base64.b64encode(b"anyone:" + b"x" * 23).decode()
    for path in ("/", "/static/page.css", "/openapi.json", "/cds-services"):
        refused = asked.get(path)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Basic")
        for given, status in (
            (f"Bearer {TOKEN}", 200),
            (f"Basic {basic}", 200),
            (f"Basic {wrong}", 401),
            ("Basic ???", 401),
            (f"Bearer {TOKEN}x", 401),
            (TOKEN, 401),
        ):
            assert asked.get(path, headers={"authorization": given}).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"sec-fetch-site": "same-origin", "origin": "null"}, 200),
        ({"origin": "http://localhost:8000"}, 200),
        ({"origin": "http://localhost:9000"}, 403),
        ({"origin": "http://localhost"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
    ],
)
def test_a_page_of_another_site_cannot_post(client, headers, status):
    assert client.post("/score", json=PATIENT, headers=headers).status_code == status


def test_every_answer_carries_the_headers(client):
    for path in ("/", "/openapi.json", "/nothing", "/static/page.js"):
        headers = client.get(path).headers
        assert headers["content-security-policy"] == CONTENT_POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "server" not in headers
    assert "unsafe" not in CONTENT_POLICY
    assert client.get("/").headers["cache-control"] == "no-store"


def test_too_much_and_too_slow_are_refused(engine):
    small = client_of(engine, Settings(limits=Limits(body_bytes=1000)))
    assert small.post("/score", content=b" " * 1001).status_code == 413

    def pieces():
        for _ in range(30):
            yield b" " * 100

    assert small.post("/score", content=pieces()).status_code == 413
    refused = small.post("/score", json=PATIENT, headers={"content-length": "-1"})
    assert refused.status_code == 413
