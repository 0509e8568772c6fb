"""Requests made from the OpenAPI description, right and wrong ones: no fault of the server."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from riskmodel.web.app import make_app
from riskmodel.web.security.audit import AuditLog
from riskmodel.web.settings import Settings

FEW = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def described(client):
    return client.get("/openapi.json").json()


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("path", ["/score", "/explain", "/label", "/cds-services/{service}"])
def test_no_request_is_a_fault_of_the_server(engine, described, path, mode):
    app = make_app(engine, Settings(), AuditLog(None))
    schema = schemathesis.openapi.from_dict(described)
    operation = schema[path]["POST"]

    @FEW
    @given(case=operation.as_strategy(generation_mode=mode))
    def answered(case):
        sent = case.as_transport_kwargs(base_url="http://localhost")
        answer = post(app, sent)
        assert answer.status_code < 500, answer.text
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"

    answered()


def post(app, sent):
    from starlette.testclient import TestClient

    client = TestClient(app, base_url="http://localhost", raise_server_exceptions=False)
    kept = {key: sent[key] for key in ("json", "data", "content") if sent.get(key) is not None}
    if "data" in kept:
        kept["content"] = kept.pop("data")
    headers = {
        name: value
        for name, value in dict(sent.get("headers") or {}).items()
        if name.lower() in ("content-type", "accept")
    }
    return client.request(sent["method"], sent["url"], headers=headers, **kept)
