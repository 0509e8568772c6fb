"""The models of a server: which is asked when, and what is said where none fits."""

import pytest

from riskmodel.errors import SchemaError
from riskmodel.features import LAST_LANDMARK_DAY
from riskmodel.models import save_model
from riskmodel.web.engine import Engine, load_engine
from riskmodel.web.problems import ProblemError


def test_the_model_is_that_of_the_stage(engine):
    assert engine.fitting("pre-infusion").stage == "pre_infusion"
    assert engine.fitting("day-3").stage == "early"
    assert engine.of_stage("early") is engine.fitting("day-3")
    assert engine.last_day() == engine.of_stage("early").last_day


def test_the_first_of_a_stage_is_asked_and_a_named_one_is_found(engine):
    twice = Engine((*engine.models, *engine.models))
    assert twice.fitting("day-3") is engine.fitting("day-3")
    name = engine.models[-1].name
    assert twice.fitting("day-3", name).name == name


@pytest.mark.parametrize(
    ("at", "name", "field", "said"),
    [("day-3", None, "at", "stage 'early'"), ("pre-infusion", "absent", "model", "of that name")],
)
def test_where_none_fits_the_field_and_what_is_loaded_are_said(engine, at, name, field, said):
    only = Engine((engine.of_stage("pre_infusion"),))
    with pytest.raises(ProblemError) as refused:
        only.fitting(at, name)
    assert refused.value.status == 422
    assert refused.value.errors[0]["field"] == field
    assert said in refused.value.detail
    assert only.models[0].name in refused.value.detail
    assert only.of_stage("early") is None
    assert only.last_day() == LAST_LANDMARK_DAY


def test_a_model_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(SchemaError, match="absent"):
        load_engine([str(tmp_path / "absent")])


@pytest.mark.parametrize(("size", "held"), [(10, True), (2_000_001, False)])
def test_the_picture_of_a_folder_is_held_unless_it_is_too_large(engine, tmp_path, size, held):
    save_model(engine.of_stage("pre_infusion"), tmp_path / "model")
    (tmp_path / "model" / "calibration.svg").write_bytes(b"x" * size)
    assert load_engine([str(tmp_path / "model")]).pictures == ({0: b"x" * size} if held else {})
