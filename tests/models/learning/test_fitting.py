"""How the parts are learnt: what each draw and each fold may see, and what no data can overrule."""

from dataclasses import fields, replace

import numpy as np
import pytest
from joblib import Parallel

from riskmodel.models.learning.fitting import Plan, learn


@pytest.fixture(scope="module")
def given(make, world):
    """Rows, patients, the recipe and a small plan."""
    _, classifier = make
    model = classifier(n_bags=3, n_repeats=1, n_rounds=10)
    model.names_ = list(world.X.columns)
    X, y = world.X.to_numpy()[:200], world.y[:200].astype(float)
    return X, y, np.ones(200), np.arange(200), model._recipe(), Plan(**model._named(Plan))


def learnt(given, n_folds=3, seed=0, **changes):
    X, y, weight, patient, recipe, plan = given
    plan = replace(plan, **changes)
    return learn(X, y, weight, patient, n_folds, recipe, plan, seed, lambda: Parallel(n_jobs=1))


@pytest.fixture(scope="module")
def once(given):
    return learnt(given)


def test_every_part_has_its_shape(given, once):
    X, recipe = given[0], given[4]
    assert len(once.weights) == len(recipe.linear) + len(recipe.forests)
    assert once.weights.sum() == pytest.approx(1)
    assert (once.weights >= 0).all()
    assert once.coef.shape == (X.shape[1],)
    assert once.bag_coef.shape == (3, X.shape[1] + 1)
    assert [len(draws) for draws in once.bag] == [3] * len(once.bag_weights)
    assert np.isfinite(once.out_of_fold).all()
    assert 0 <= once.signal <= 1
    assert once.calibration[1] >= 0


def test_the_same_seed_gives_the_same_bits_and_another_does_not(given, once):
    again, other = learnt(given), learnt(given, seed=1)
    for key in ("weights", "coef", "bag_coef", "out_of_fold"):
        np.testing.assert_array_equal(getattr(again, key), getattr(once, key))
    assert (other.bag_coef != once.bag_coef).any()


def test_without_folds_the_expected_weights_are_taken(given):
    found = learnt(given, n_folds=0)
    np.testing.assert_array_equal(found.weights, given[4].prior_weights())
    assert np.isnan(found.out_of_fold).all()
    assert not found.overruled


def test_risks_out_of_fold_are_right_on_average(given, once):
    risk = 1 / (1 + np.exp(-once.out_of_fold))
    assert risk.mean() == pytest.approx(given[1].mean(), abs=0.02)


def test_a_prior_of_no_signal_gives_everybody_the_base_rate(given):
    found = learnt(given, signal_prior=1e-12)
    assert found.signal < 1e-6
    np.testing.assert_allclose(1 / (1 + np.exp(-found.out_of_fold)), given[1].mean(), atol=1e-3)


def test_directions_hold_in_every_draw_unless_overruled(given, once):
    names = given[4].names
    for name, direction in given[4].directions.items():
        assert (direction * once.bag_coef[:, 1 + names.index(name)] >= 0).all()


def test_what_is_severe_is_held_whatever_the_data_say(given):
    X, y, *rest = given
    recipe = replace(given[4], severity=frozenset({"f3"}))
    turned = X.copy()
    turned[:, 3] = -4 * y + np.random.default_rng(0).normal(size=len(y))
    turned[:, 4] = -4 * y + np.random.default_rng(1).normal(size=len(y))
    found = learnt((turned, y, *rest[:2], recipe, rest[3]))
    assert found.overruled
    assert found.coef[3] >= 0  # declared a consequence of severity: cannot protect
    assert found.coef[4] < 0  # declared a risk and nothing more: the data turned it


def test_a_row_of_weight_nothing_teaches_nothing(given):
    X, y, weight, *rest = given
    weight = weight.copy()
    weight[:20] = 0
    changed = X.copy()
    changed[:20] = 1e3
    one, two = learnt((X, y, weight, *rest)), learnt((changed, y, weight, *rest))
    np.testing.assert_allclose(one.weights, two.weights, atol=1e-9)
    np.testing.assert_allclose(one.coef, two.coef, atol=1e-9)


def test_a_plan_is_all_parameters_of_the_estimator(make):
    _, classifier = make
    assert {field.name for field in fields(Plan)} <= set(classifier().get_params())
