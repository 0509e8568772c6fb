"""A server of two small models: in this process for most tests, on a port for browsers."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import uvicorn
from starlette.testclient import TestClient

from riskmodel.cohort import Cohort, read_cohort
from riskmodel.web.app import make_app
from riskmodel.web.engine import Engine, load_engine
from riskmodel.web.security.audit import AuditLog
from riskmodel.web.security.logs import LOGGING
from riskmodel.web.settings import Settings

BASE = "http://localhost:8000"


@pytest.fixture(scope="session")
def engine(model_folders: dict[str, Path]) -> Engine:
    return load_engine([str(folder) for folder in model_folders.values()])


@pytest.fixture(scope="session")
def cohort(simulated: Path) -> Cohort:
    return read_cohort(simulated)


@pytest.fixture(scope="session")
def client(engine: Engine, cohort: Cohort) -> TestClient:
    return TestClient(make_app(engine, Settings(), AuditLog(None), cohort), base_url=BASE)


@pytest.fixture(scope="session")
def address(engine: Engine, cohort: Cohort) -> Iterator[str]:
    """A real server on a free port of this machine."""
    yield from _served(engine, cohort)


@pytest.fixture(scope="session")
def ward(engine: Engine, cohort: Cohort) -> Iterator[str]:
    """A server of forty patients: a ward list."""
    yield from _served(engine, cohort.take(np.arange(40)))


def _served(engine: Engine, cohort: Cohort) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = make_app(engine, Settings(port=port), AuditLog(None), cohort)
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_config=LOGGING, access_log=False, server_header=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.started
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=15)
