"""Registered versions: what they say of themselves, and who may be champion."""

import pandas as pd
import pytest

from riskmodel.errors import SchemaError
from riskmodel.models import RiskModel, load_model
from riskmodel.scoring import load_model as find
from riskmodel.tracking import (
    champion_version,
    check_registration,
    set_champion,
    training_run,
    version_tags,
    write_verdict,
)
from riskmodel.training import promote

NONE = pd.DataFrame(columns=["model", "subset", "metric", "value", "low", "high"])


@pytest.fixture(scope="module")
def model(model_folders) -> RiskModel:
    return with_signal(load_model(model_folders["pre_infusion"]), True)


def with_signal(model: RiskModel, found: bool) -> RiskModel:
    from dataclasses import replace

    return replace(model, card=model.card.model_copy(update={"no_signal": not found}))


def registered(model: RiskModel, name: str) -> str:
    with training_run("a run") as run:
        version = run.log(model, {}, NONE, register_as=name)
    assert version is not None
    return version


def test_a_version_says_what_it_is(store, model):
    import mlflow

    version = registered(model, "told")
    tags = version_tags("told", version)
    assert tags["stage"] == "pre_infusion"
    assert tags["events"] == str(model.counts["events"])
    assert tags["horizon_days"] == "14"
    assert tags["signal"] == "found or not checked"
    told = mlflow.MlflowClient().get_model_version("told", version).description
    assert "Research use only" in told
    assert all(warning in told for warning in model.card.warnings)
    assert find("models:/told@champion").version == version


def test_a_model_without_signal_is_never_champion_by_itself(store, model):
    first = registered(with_signal(model, False), "unsound")
    assert champion_version("unsound") is None
    assert version_tags("unsound", first)["signal"] == "not found: do not use"
    done = promote("unsound", first)
    assert not done.moved
    assert "none was found in its training" in done.text()
    assert champion_version("unsound") is None
    assert promote("unsound", first, force=True, why="a drill").moved
    assert champion_version("unsound") == first


def test_a_sound_version_after_it_is_champion(store, model):
    registered(with_signal(model, False), "mixed")
    second = registered(model, "mixed")
    assert champion_version("mixed") == second


def test_the_other_stage_is_refused_under_a_name(store, model):
    registered(model, "before")
    check_registration("before", "pre_infusion")
    with pytest.raises(SchemaError, match="stage 'pre_infusion'"):
        check_registration("before", "early")
    check_registration("before", "early", force=True)
    check_registration("nobody yet", "early")
    with pytest.raises(SchemaError, match="not usable"):
        check_registration("a/b", "early")


def test_whoever_is_champion_again_was_not_rolled_back(store, model):
    version = registered(model, "again")
    write_verdict("again", version, {"gate.rolled_back": "2026-01-01", "gate.why": "x"}, None)
    set_champion("again", version)
    assert "gate.rolled_back" not in version_tags("again", version)
    assert version_tags("again", version)["gate.why"] == "x"
