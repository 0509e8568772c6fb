"""What every test shares: quiet libraries, hypothesis profiles, the folder of public data."""

import os

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")
os.environ.setdefault("MPLBACKEND", "Agg")

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

CHECKOUT = Path(__file__).resolve().parent.parent

settings.register_profile(
    "default",
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("ci", settings.get_profile("default"), derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "default")


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The top folder of the checkout that the tests stand in."""
    return CHECKOUT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public data beside the checkout; the test is skipped without it."""
    default = CHECKOUT.parent / "shared" / "data"
    folder = Path(os.environ.get("RISKMODEL_SHARED_DATA") or default)
    if not folder.is_dir():
        pytest.skip(f"no public data in '{folder}' (RISKMODEL_SHARED_DATA names another folder)")
    return folder


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that uses the public data, so that `-m 'not shared'` leaves them out."""
    for item in items:
        if "shared_data" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.shared)
