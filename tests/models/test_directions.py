"""Declared directions hold in every part of a model, and a model that breaks them is found out."""

import copy

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from riskmodel.models import FewEventsWarning, RiskClassifier, check_directions, directions_kept
from riskmodel.models.learning.base_learners import FREE


def against(model, effects):
    """Standardised effects that go against what is declared."""
    declared = np.array([model.directions.get(name, 0) for name in model.names_])
    return np.array(model.names_)[declared * effects < -1e-12].tolist()


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), effect=st.sampled_from([-1.0, 0.0, 1.0]))
def test_whatever_the_data_say_declared_directions_hold(make, seed, effect):
    make_world, classifier = make
    rows = make_world(120, seed, effect=effect, rate=0.25)
    model = classifier(n_bags=2, n_repeats=1, n_rounds=10, overrule_nats=1e9)
    model.fit(rows.X, rows.y)
    assert not model.overruled_
    assert FREE not in model.weights_
    assert against(model, model.linear_coef_) == []
    for draw in model.bag_coef_:
        assert against(model, draw[1:]) == []
    assert check_directions(model, rows.X).empty


def test_data_that_contradict_them_clearly_overrule_them(make):
    make_world, classifier = make
    rows = make_world(1000, 5, effect=-1.0)
    model = classifier().fit(rows.X, rows.y)
    assert model.overruled_
    found = check_directions(model, rows.X)
    assert {"f3", "f4"} <= set(found["feature"])
    assert (found["worst"] > 0).all()
    said = directions_kept(model, rows.X)
    assert "The data overruled them" in said
    assert "f3 (by up to" in said


@pytest.mark.parametrize(("effect", "expected"), [(-1.5, True), (1.5, False)])
def test_with_too_few_events_for_folds_the_slope_of_the_evidence_decides(make, effect, expected):
    make_world, classifier = make
    found = make_world(400, 3, effect=effect)
    kept = np.sort(
        np.concatenate([np.flatnonzero(found.y == 1)[:9], np.flatnonzero(found.y == 0)[:150]])
    )
    with pytest.warns(FewEventsWarning):
        model = classifier().fit(found.X.iloc[kept], found.y[kept])
    assert model.n_folds_ == 0
    assert model.overruled_ is expected


def test_consequences_of_severity_are_never_overruled(make):
    make_world, classifier = make
    rows = make_world(1000, 5, effect=-1.0)
    model = classifier(severity=("f3", "f0")).fit(rows.X, rows.y)
    assert model.overruled_
    assert not {"f3", "f0"} & set(check_directions(model, rows.X)["feature"])
    assert not {"f3", "f0"} & set(against(model, model.linear_coef_))


def test_the_sentence_counts_what_was_tried(fitted, world):
    assert directions_kept(fitted, world.X) == (
        "All 6 declared directions of risk hold (100 rows, each feature over its range)."
    )


def test_a_reversed_coefficient_is_found(fitted, world):
    broken = copy.copy(fitted)
    broken.linear_coef_ = fitted.linear_coef_.copy()
    broken.linear_coef_[3] = -2.0
    found = check_directions(broken, world.X).set_index("feature")
    assert found.index.tolist() == ["f3"]
    assert found.loc["f3", "share"] == 1.0
    assert found.loc["f3", "worst"] == pytest.approx(
        broken.calibration_[1] * 2.0, rel=2
    )  # per spread of a column of unit variance, over less than its range


def test_a_feature_without_a_value_or_direction_is_not_tried(make, world):
    _, classifier = make
    X = world.X.iloc[:150].assign(empty=np.nan)
    model = classifier(n_bags=2, n_repeats=1, directions={"empty": 1}).fit(X, world.y[:150])
    assert check_directions(model, X).empty


def test_time_is_part_of_the_base_rate():
    """The odds fall with the days left, and nothing else tells anything."""
    rng = np.random.default_rng(1)
    left = rng.integers(1, 14, 4000).astype(float)
    y = (rng.random(4000) < 0.02 * left).astype(int)
    X = pd.DataFrame({"left": np.log2(left), **{f"x{j}": rng.normal(size=4000) for j in range(5)}})
    settings_ = {"n_bags": 2, "n_repeats": 1, "n_rounds": 10}
    timed = RiskClassifier(clock=("left",), **settings_).fit(X, y)
    risk = timed.predict_proba(X)[:, 1]
    for day in range(1, 14):
        here = left == day
        assert risk[here].mean() == pytest.approx(0.02 * day, abs=0.02)
    parts = timed.contributions(X)
    np.testing.assert_allclose(parts.sum(axis=1), timed.decision_function(X), atol=1e-9)
    # Noise is drawn to the base rate; time is not.
    assert parts[[f"x{j}" for j in range(5)]].abs().max(axis=None) < 0.3
    assert parts["left"].std() > 0.5
