"""A call of MLflow leaves the caller's session as it was, and a dead server is told soon."""

import logging
import os
import socket
import time
from collections.abc import Iterator

import pytest

from riskmodel.errors import SchemaError
from riskmodel.tracking import check_store, load_registered
from riskmodel.tracking.session import session, store as address, without_password


@pytest.fixture
def silent_server() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(8)
        yield listening.getsockname()[1]


def test_environment_and_loggers_are_put_back(store, monkeypatch):
    import mlflow

    monkeypatch.delenv("MLFLOW_DISABLE_TELEMETRY", raising=False)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "77")
    before = dict(os.environ)
    logging.getLogger("mlflow.pyfunc").setLevel(logging.DEBUG)
    mlflow.autolog(silent=True)
    try:
        check_store()
        with session():
            assert logging.getLogger("mlflow.pyfunc").level == logging.WARNING
        assert dict(os.environ) == before
        assert "MLFLOW_ALLOW_PICKLE_DESERIALIZATION" not in os.environ
        assert logging.getLogger("mlflow.pyfunc").level == logging.DEBUG
        assert mlflow.active_run() is None
    finally:
        mlflow.autolog(disable=True)


def test_a_password_in_an_address_is_not_shown(store, monkeypatch):
    assert address() == "sqlite:///mlflow.db"
    assert without_password("http://me:secret@host:5000") == "http://...@host:5000"


@pytest.mark.parametrize("how", ["silent", "closed"])
def test_a_server_that_does_not_answer_is_told_within_seconds(
    how, silent_server, store, monkeypatch
):
    import mlflow

    port = silent_server if how == "silent" else 9
    mlflow.set_tracking_uri(f"http://me:secret@127.0.0.1:{port}")
    begun = time.monotonic()
    try:
        for call in (check_store, lambda: load_registered("models:/any@champion")):
            with pytest.raises(SchemaError, match=r"MLflow at 'http://\.\.\.@127\.0\.0\.1"):
                call()
    finally:
        mlflow.set_tracking_uri(None)
    assert time.monotonic() - begun < 30  # two calls
