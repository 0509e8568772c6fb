"""The card of a model: one validated object, and the only place of its defaults."""

import json

import pytest
from pydantic import ValidationError

from riskmodel.files import material
from riskmodel.models import load_model
from riskmodel.models.card import ModelCard, Point

FIGURE = {"kind": "all", "subset": "all", "metric": "auroc", "value": 0.7}


@pytest.mark.parametrize("name", ["pre-infusion", "early"])
def test_what_is_read_is_written_alike(name):
    folder = material("models", name)
    stored = json.loads((folder / "model.json").read_text(encoding="utf-8"))["about"]["card"]
    assert json.loads(json.dumps(load_model(folder).card.as_dict())) == stored


def test_an_older_card_has_the_defaults_of_its_time():
    card = ModelCard.model_validate({})
    assert card.design.definition == "astct-2024"
    assert card.design.risk_groups == (0.05, 0.15)
    assert card.design.landmark_days == (1, 2, 3, 5, 7, 10)
    assert not card.simulated
    assert card.figure("auroc") is None
    assert card.as_dict() == {}


def test_keys_of_another_version_are_kept():
    given = {"later": {"a": 1}, "design": {"model": {"n_bags": 3}}, "warnings": ["few events"]}
    assert json.loads(json.dumps(ModelCard.model_validate(given).as_dict())) == given


def test_a_figure_without_a_value_is_none():
    card = ModelCard.model_validate({"performance": [{**FIGURE, "value": None}]})
    assert card.figure("auroc") is None
    found = ModelCard.model_validate({"performance": [FIGURE]}).figure("auroc")
    assert found is not None
    assert found.value == 0.7


def test_a_point_has_both_bounds_or_no_interval():
    about = {"predicted": 0.1, "observed": 0.2}
    assert Point(**about, low=0.1, high=0.3).interval == (0.1, 0.3)
    assert Point(**about, low=None, high=0.3).interval is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"design": {"risk_groups": [0.05]}},
        {"held_out": [{"kind": "all"}]},
        {"warnings": "one"},
        {"calibration": [{"subset": "all"}]},
    ],
)
def test_a_card_that_is_none_is_refused(wrong):
    with pytest.raises(ValidationError):
        ModelCard.model_validate(wrong)
