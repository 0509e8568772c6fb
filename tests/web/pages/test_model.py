"""The pages Model and API: the card as it is held, figures in words, the doors as described."""

import html
import re

import pytest

from riskmodel.criteria import load_definition, sign_label
from riskmodel.evaluation.row_subsets import LANDMARKS, LEADS
from riskmodel.models import StoredFigure
from riskmodel.web.pages.model import _figure, _subset


def test_every_loaded_model_has_its_card_and_its_definition(client, engine):
    text = html.unescape(client.get("/model").text)
    for model in engine.models:
        assert model.version in text
        definition = load_definition(model.signs[0])
        assert definition.title in text
        assert all(sign_label(sign) in text for sign in definition.signs)
    assert text.count("<h1") == 1
    assert not re.search(r"<h[12][^>]*>[^<]*Model card", text)


def test_a_card_is_only_text(client):
    page = client.get("/model").text
    assert "<script>" not in page
    assert 'src="http' not in page


@pytest.mark.parametrize(
    ("name", "words"),
    [
        *((name, f"Onset {hours} h or more ahead") for name, hours in LEADS.items()),
        *((name, f"Day {day}") for name, day in LANDMARKS.items()),
        ("product: lead >= 24 h", "Product: lead >= 24 h"),  # a product of that name forges none
        ("age: 40 to 64", "Age: 40 to 64"),
    ],
)
def test_a_subset_is_looked_up_not_taken_apart(name, words):
    assert _subset(name) == words


@pytest.mark.parametrize(
    ("value", "low", "high", "said"),
    [
        (None, None, None, ""),
        (0.812, None, None, "0.81"),
        (0.812, 0.7, 0.9, "0.81 (0.70 to 0.90)"),
        (-0.004, -0.5, 0.5, "0.00 (−0.50 to 0.50)"),
    ],
)
def test_a_figure_stands_with_its_interval(value, low, high, said):
    entry = StoredFigure(
        model="riskmodel", kind="all", subset="all", metric="auroc", value=value, low=low, high=high
    )
    assert _figure(entry) == said


def test_the_page_of_the_interface_names_every_door(client):
    text = html.unescape(client.get("/docs").text)
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        assert path in text
        for operation in methods.values():
            assert operation["summary"] in text


def test_a_model_without_a_picture_has_none(client):
    assert client.get("/model/99/calibration.svg").status_code == 404
