"""The calibration on the page Model: from the model, from its folder, or said to be missing."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from riskmodel.models import ModelCard, Point, load_model, save_model
from riskmodel.web.app import make_app
from riskmodel.web.engine import load_engine
from riskmodel.web.pages.calibration import calibration_svg, calibrations
from riskmodel.web.security.audit import AuditLog
from riskmodel.web.settings import Settings

BASE = "http://localhost:8000"
POINTS = [
    Point(rows=40, predicted=0.02, observed=0.0, low=0.0, high=0.09),
    Point(rows=40, predicted=0.3, observed=0.4, low=None, high=None),
]


@pytest.fixture
def older(model_folders: dict[str, Path], tmp_path: Path) -> Path:
    """A model of a time when the numbers of its calibration were not kept."""
    model = load_model(model_folders["early"])
    kept = {name: v for name, v in model.card.as_dict().items() if name != "calibration"}
    card = ModelCard.model_validate(kept)
    save_model(replace(model, card=card), tmp_path / "older")
    return tmp_path / "older"


def client_of(folder: Path) -> TestClient:
    engine = load_engine([str(folder)])
    return TestClient(make_app(engine, Settings(), AuditLog(None)), base_url=BASE)


def test_every_curve_that_the_model_holds_is_drawn(engine):
    for model in engine.models:
        shown = calibrations(model)
        assert len(shown) == len(model.card.calibration)
        for one, entry in zip(shown, model.card.calibration, strict=True):
            assert len(one.rows) == len(entry.groups)
            assert one.svg.count("<circle") == len(entry.groups)
            assert f"{entry.events} with the event" in one.said
    assert calibrations(engine.models[-1])[0].title == "All days together"


def test_points_lie_where_their_numbers_say():
    svg = calibration_svg(POINTS, POINTS, "Two <groups>", "x")
    (x0, y0), (x1, y1) = (
        tuple(map(float, found))
        for found in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', svg)
    )
    assert x0 < x1
    assert y0 > y1
    # On one axis the ideal line runs through equal shares: 0.3 predicted lies right of 0.02.
    assert (x1 - x0) / 0.28 == pytest.approx((340 - 56 - 14) / 0.42, rel=1e-2)
    assert svg.count('stroke-width="1.1"') == 1  # an interval that is unknown is not drawn
    assert "Two &lt;groups&gt;" in svg


def test_an_older_model_shows_the_picture_of_its_folder(older: Path, model_folders):
    shutil.copy(model_folders["early"] / "calibration.svg", older / "calibration.svg")
    client = client_of(older)
    page = client.get("/model").text
    assert "numbers of this curve are not in the model's folder" in page
    picture = client.get("/model/0/calibration.svg")
    assert picture.content == (older / "calibration.svg").read_bytes()
    assert picture.headers["content-type"].startswith("image/svg+xml")
    assert "default-src 'none'" in picture.headers["content-security-policy"]


def test_a_model_without_any_says_so(older: Path):
    client = client_of(older)
    assert "holds no calibration curve" in client.get("/model").text
    for number in ("0", "7", "-1"):
        assert client.get(f"/model/{number}/calibration.svg").status_code == 404
