"""Promotion in a real store: a better, a worse, an incomparable challenger; force and rollback."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from riskmodel import tracking
from riskmodel.cli import app
from riskmodel.cohort import read_cohort
from riskmodel.errors import SchemaError
from riskmodel.models import load_model
from riskmodel.training import simulate, train
from riskmodel.training.promote import promote, rollback

NAME = "gated"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory):
    """An empty SQLite store."""
    patch = pytest.MonkeyPatch()
    patch.chdir(tmp_path_factory.mktemp("store"))
    patch.delenv("MLFLOW_TRACKING_URI", raising=False)
    yield Path.cwd()
    import mlflow

    mlflow.set_tracking_uri(None)
    patch.undo()


@pytest.fixture(scope="module")
def unseen(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unseen") / "cohort"
    simulate(folder, patients=400, seed=909)
    return folder


@pytest.fixture(scope="module")
def versions(store, simulated, tiny_design, model_folders):
    """Champion 1; 2 the same patients and design; 3 a damaged copy; 4 of another stage."""
    cohort = read_cohort(simulated)
    first = train(cohort, "pre_infusion", design=tiny_design, simulated=True, register=NAME)
    tracking.log_training(first.model, {}, first.performance, NAME)
    damaged = replace(first.model, classifier=first.model.classifier)
    classifier = type(first.model.classifier)(**first.model.classifier.get_params())
    classifier.__dict__ |= first.model.classifier.__dict__
    classifier.calibration_ = (2.0, -1.0)
    damaged = replace(damaged, classifier=classifier, fingerprint="other")
    tracking.log_training(damaged, {}, first.performance, NAME)
    tracking.log_training(load_model(model_folders["early"]), {}, first.performance, NAME)
    return first


def test_an_equal_challenger_passes_on_the_stored_figures(versions):
    done = promote(NAME, "2")
    assert done.moved, done.text()
    assert not done.forced
    assert tracking.champion_version(NAME) == "2"
    tags = tracking.version_tags(NAME, "2")
    assert tags["gate.verdict"] == "passed"
    assert tags["gate.compared_with"] == "1"


def test_rollback_gives_the_alias_back(versions):
    promote(NAME, "2")
    done = rollback(NAME, why="a test")
    assert done.version == "1"
    assert tracking.champion_version(NAME) == "1"
    assert tracking.version_tags(NAME, "2")["gate.rolled_back_why"] == "a test"
    with pytest.raises(SchemaError, match="no earlier champion"):
        rollback(NAME)


def test_a_worse_challenger_is_refused_with_figures(versions, unseen):
    done = promote(NAME, "3", cohort=read_cohort(unseen))
    assert not done.moved
    assert "FAILS  log-loss" in done.text()
    assert tracking.champion_version(NAME) == "1"
    assert tracking.version_tags(NAME, "3")["gate.verdict"] == "refused"


def test_force_needs_a_reason_and_is_recorded(versions, unseen):
    with pytest.raises(SchemaError, match="needs a reason"):
        promote(NAME, "3", force=True)
    done = promote(NAME, "3", cohort=read_cohort(unseen), force=True, why="to try it out")
    assert done.forced
    assert tracking.version_tags(NAME, "3")["gate.why"] == "to try it out"
    assert rollback(NAME).version == "1"


def test_other_patients_without_a_cohort_are_refused(versions):
    with pytest.raises(SchemaError, match="neither has seen with --cohort"):
        promote(NAME, "3")


def test_the_training_cohort_is_not_held_out(versions, simulated):
    with pytest.raises(SchemaError, match="is the one that version"):
        promote(NAME, "2", cohort=read_cohort(simulated))


def test_another_stage_is_another_contract(versions, unseen):
    done = promote(NAME, "4", cohort=read_cohort(unseen))
    assert not done.moved
    assert "stage early instead of pre_infusion" in done.text()


def test_equal_models_tie_on_held_out_patients(versions, unseen):
    done = promote(NAME, "2", cohort=read_cohort(unseen))
    (log_loss,) = [c for c in done.verdict.checks if c.name == "log-loss"]
    assert log_loss.holds
    assert np.isclose(float(log_loss.sentence.split()[1]), 0.0)


def test_the_command_says_what_it_did(versions):
    promote(NAME, "2")
    run = CliRunner().invoke
    same = run(app, ["promote", NAME, "2"])
    assert same.exit_code == 0
    assert "already" in same.output
    assert run(app, ["promote", NAME]).exit_code == 2
    assert run(app, ["promote", NAME, "2", "--rollback"]).exit_code == 2
    assert run(app, ["promote", NAME, "--rollback"]).exit_code == 0
    with pytest.raises(SchemaError, match=r"refused|cannot be loaded"):
        promote("nonesuch", "1")
    with pytest.raises(SchemaError, match=r"refused|cannot be loaded"):
        promote(NAME, "77")
