"""Updating a model: what few local patients may change, and what more of them may."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from riskmodel.cli import app
from riskmodel.cohort import read_cohort
from riskmodel.errors import SchemaError
from riskmodel.models import load_model, save_model
from riskmodel.training import train
from riskmodel.training.update import (
    FEWEST_EVENTS_TO_REFIT,
    Recalibration,
    prior_effects,
    way_of,
)


@pytest.fixture(scope="module")
def base(model_folders):
    return load_model(model_folders["pre_infusion"])


@pytest.fixture(scope="module")
def rows(base):
    """Invented rows whose outcome follows the old model with another level and slope."""
    rng = np.random.default_rng(3)
    X = pd.DataFrame(
        rng.normal(size=(20_000, len(base.features))) * base.classifier.scale_.spread
        + base.classifier.scale_.reference,
        columns=base.features,
    )
    log_odds = base.classifier.decision_function(X)
    risk = 1 / (1 + np.exp(-(0.8 + 0.9 * log_odds)))
    return X, (rng.random(len(X)) < risk).astype(int), log_odds


def test_a_recalibration_finds_the_level_and_leaves_the_ranking(base, rows):
    X, y, before = rows
    found = Recalibration(base.classifier).fit(X, y)
    after = found.decision_function(X)
    assert np.array_equal(np.argsort(after), np.argsort(before))
    assert (1 / (1 + np.exp(-after))).mean() == pytest.approx(y.mean(), abs=0.005)
    level, slope = np.polynomial.polynomial.polyfit(before, after, 1)
    assert level == pytest.approx(0.8, abs=0.35)
    assert slope == pytest.approx(0.9, abs=0.15)


def test_a_recalibration_keeps_contributions_exact_and_the_old_model_untouched(base, rows):
    X, y, before = rows
    found = Recalibration(base.classifier).fit(X.head(200), y[:200])
    total = found.contributions(X.head(50)).sum(axis=1)
    np.testing.assert_allclose(total, found.decision_function(X.head(50)), atol=1e-9)
    np.testing.assert_array_equal(base.classifier.decision_function(X), before)


def test_a_recalibrated_model_survives_its_folder(base, rows, tmp_path):
    from dataclasses import replace

    X, y, _ = rows
    found = replace(base, classifier=Recalibration(base.classifier).fit(X, y))
    save_model(found, tmp_path / "updated")
    again = load_model(tmp_path / "updated")
    np.testing.assert_array_equal(
        again.classifier.decision_function(X), found.classifier.decision_function(X)
    )


def test_the_old_effects_are_the_prior_per_unit(base):
    effects = prior_effects(base.classifier)
    slope = base.classifier.calibration_[1]
    for j, name in enumerate(base.features):
        if base.classifier.linear_coef_[j] == 0:
            assert name not in effects
            continue
        mean, deviation, per = effects[name]
        spread = base.classifier.scale_.spread[j]
        assert mean * spread == pytest.approx(slope * base.classifier.linear_coef_[j])
        assert deviation * spread >= max(0.1, abs(mean * spread)) - 1e-12
        assert per == "unit"


def test_the_way_follows_the_number_of_events():
    assert way_of(FEWEST_EVENTS_TO_REFIT - 1) == "recalibrated"
    assert way_of(FEWEST_EVENTS_TO_REFIT) == "refitted"


@pytest.mark.parametrize(("patients", "way"), [(60, "recalibrated"), (250, "refitted")])
def test_train_from_a_model_says_which_way(
    patients, way, simulated, model_folders, tiny_design, tmp_path
):
    cohort = read_cohort(simulated)
    if patients < len(cohort):
        cohort = cohort.take(np.arange(patients))
    base = load_model(model_folders["pre_infusion"])
    result = train(
        cohort, "pre_infusion", design=tiny_design, update=base, out=tmp_path / "m", track=False
    )
    assert result.model.card.updated_from.way == way
    sentence = result.model.card.updated_from.sentence
    assert sentence in result.card
    assert "trained on simulated patients" in sentence
    assert "the model before its update" in set(result.performance["model"])
    assert load_model(tmp_path / "m").features == base.features


def test_another_stage_is_refused_before_any_work(simulated, model_folders, tiny_design):
    with pytest.raises(SchemaError, match="has stage early, and the update is for pre_infusion"):
        train(
            read_cohort(simulated), "pre_infusion", design=tiny_design,
            update=load_model(model_folders["early"]), track=False,
        )  # fmt: skip


def test_the_command_line_updates_a_shipped_model(simulated, tiny_design, tmp_path):
    done = CliRunner().invoke(
        app,
        ["train", str(simulated), "--stage", "pre_infusion", "--from", "pre-infusion",
         "--design", str(tiny_design), "--out", str(tmp_path / "m"), "--no-track"],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "Refitted from" in done.output
