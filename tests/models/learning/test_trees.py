"""The boosters: exact in explanation, relative to the base rate."""

import numpy as np
import pytest
import xgboost as xgb

from riskmodel.models.learning.trees import TreeSettings, directions_of, grow, tree_contributions

SETTINGS = TreeSettings(2, 30, 0.1, 5.0, 0.5, 0.8, 0.5)


@pytest.fixture
def rows():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(400, 4))
    y = (rng.random(400) < 1 / (1 + np.exp(2 - 1.5 * X[:, 0]))).astype(float)
    X[rng.random(X.shape) < 0.1] = np.nan
    return X, y, np.ones(400)


def test_contributions_are_the_margin(rows):
    X, *_ = rows
    booster = grow(*rows, None, SETTINGS, 0)
    margin = booster.predict(xgb.DMatrix(X, nthread=1), output_margin=True)
    np.testing.assert_allclose(tree_contributions(booster, X).sum(axis=1), margin, atol=1e-5)


def test_margins_are_relative_to_the_base_rate(rows):
    X, _, weight = rows
    y = np.zeros(400)
    y[::10] = 1
    booster = grow(X[:, 1:], y, weight, None, SETTINGS, 0)
    margin = tree_contributions(booster, X[:, 1:]).sum(axis=1)
    assert (1 / (1 + np.exp(-margin - np.log(0.1 / 0.9)))).mean() == pytest.approx(0.1, abs=0.01)


def test_shapley_values_of_a_stump_by_hand(rows):
    """One split: the whole effect, less the average over the training rows, is its column's."""
    X, y, weight = rows
    X = np.nan_to_num(X)
    stump = grow(X, y, weight, None, TreeSettings(1, 1, 1.0, 1.0, 1.0, 1.0, 1.0), 0)
    parts = tree_contributions(stump, X)
    margin = parts.sum(axis=1)
    assert np.count_nonzero(np.ptp(parts, axis=0)) == 1
    hessian = 1.0  # the same in every row at the base rate, so the average is a plain one
    assert parts[0, -1] * hessian == pytest.approx(margin.mean(), abs=1e-5)


def test_rows_of_weight_zero_teach_nothing(rows):
    X, y, weight = rows
    weight = weight.copy()
    weight[200:] = 0
    one = grow(X, y, weight, None, SETTINGS, 1)
    two = grow(X[:200], y[:200], weight[:200], None, SETTINGS, 1)
    assert one.save_raw("ubj") == two.save_raw("ubj")


def test_constraints_hold(rows):
    booster = grow(*rows, [-1, 0, 0, 0], SETTINGS, 0)
    swept = np.zeros((50, 4))
    swept[:, 0] = np.linspace(-3, 3, 50)
    assert (np.diff(tree_contributions(booster, swept).sum(axis=1)) <= 1e-6).all()


def test_directions_in_column_order():
    assert directions_of(["a", "b", "c"], {"c": -1, "a": 1, "other": 1}) == [1, 0, -1]
