"""Closed-form contributions: Shapley values by brute force, XGBoost's own, and what is missing."""

import json
from itertools import permutations

import numpy as np
import pytest
import xgboost as xgb

from riskmodel.models.learning.trees import TreeSettings, grow, tree_contributions
from riskmodel.models.tree_shap import pack


@pytest.fixture(scope="module")
def rows():
    """Two columns that act together, one with many ties, one often missing."""
    rng = np.random.default_rng(4)
    X = rng.normal(size=(600, 5))
    X[:, 1] = rng.integers(0, 3, 600)
    log_odds = -1.5 + X[:, 0] + (X[:, 0] > 0) * X[:, 1] - 0.8 * X[:, 2]
    y = (rng.random(600) < 1 / (1 + np.exp(-log_odds))).astype(float)
    X[rng.random(X.shape) < 0.15] = np.nan
    return X, y, np.ones(600)


def grown(rows, depth=2, rounds=40, columns=slice(None), seed=0):
    X, y, weight = rows
    settings = TreeSettings(depth, rounds, 0.2, 1.0, 0.5, 0.8, 0.7)
    return grow(X[:, columns], y, weight, None, settings, seed)


def odd(X):
    """Nothing known, far outside, exactly at thresholds."""
    extra = np.full((4, X.shape[1]), np.nan)
    extra[1], extra[2], extra[3] = 1e30, -1e30, 0.0
    return np.concatenate([X, extra])


def brute_force(booster, x):
    """Shapley values over all orders of the columns, from the stored trees alone."""
    trees = json.loads(bytes(booster.save_raw("json")))["learner"]["gradient_booster"]["model"]
    p = len(x)

    def margin(tree, known, node=0):
        left, right = tree["left_children"][node], tree["right_children"][node]
        condition = np.float32(tree["split_conditions"][node])
        if left < 0:
            return float(condition)
        column = tree["split_indices"][node]
        if column in known:
            value = np.float32(x[column])
            goes_left = tree["default_left"][node] if np.isnan(value) else value < condition
            return margin(tree, known, left if goes_left else right)
        cover = tree["sum_hessian"]
        share = cover[left] / (cover[left] + cover[right])
        return share * margin(tree, known, left) + (1 - share) * margin(tree, known, right)

    def value(known):
        return sum(margin(tree, known) for tree in trees["trees"])

    worth = {}
    parts = np.zeros(p + 1)
    orders = list(permutations(range(p)))
    for order in orders:
        known = frozenset()
        for column in order:
            more = known | {column}
            for s in (known, more):
                if s not in worth:
                    worth[s] = value(s)
            parts[column] += (worth[more] - worth[known]) / len(orders)
            known = more
    parts[-1] = worth[frozenset()]
    return parts


@pytest.mark.parametrize("depth", [1, 2])
def test_brute_force_shapley_values(rows, depth):
    booster = grown(rows, depth, rounds=12)
    X = odd(rows[0])[[0, 5, 11, 600, 601, 602, 603]]
    found, _ = pack([[booster]], [1.0], 5, 1).contributions(X)
    for x, parts in zip(X, found, strict=True):
        np.testing.assert_allclose(parts, brute_force(booster, x), atol=1e-12)


def test_one_column_asked_more_than_once_in_a_tree(rows):
    """With two columns every way of asking for the same one occurs."""
    booster = grown(rows, rounds=60, columns=slice(0, 2))
    X = odd(rows[0][:, :2])[::40]
    found, _ = pack([[booster]], [1.0], 2, 1).contributions(X)
    for x, parts in zip(X, found, strict=True):
        np.testing.assert_allclose(parts, brute_force(booster, x), atol=1e-12)


@pytest.mark.parametrize("depth", [1, 2])
def test_xgboost_says_the_same_as_far_as_it_counts(rows, depth):
    """XGBoost adds in float32."""
    booster = grown(rows, depth)
    X = odd(rows[0])
    found, margins = pack([[booster]], [1.0], 5, 1).contributions(X)
    np.testing.assert_allclose(found, tree_contributions(booster, X), atol=2e-6)
    margin = booster.predict(xgb.DMatrix(X), output_margin=True)
    np.testing.assert_allclose(margins[:, 0], margin, atol=2e-6)
    np.testing.assert_allclose(found.sum(axis=1), margins[:, 0], atol=1e-12)


def test_members_count_by_their_weight_and_draws_by_their_mean(rows):
    X = odd(rows[0])
    bag = [[grown(rows, seed=k) for k in (0, 1)], [grown(rows, 1, seed=k) for k in (2, 3)]]
    found, margins = pack(bag, [0.3, 0.1], 5, 2).contributions(X)
    single = [[pack([[b]], [1.0], 5, 1).contributions(X) for b in row] for row in bag]
    mean = sum(
        share * (row[0][0] + row[1][0]) / 2 for share, row in zip((0.3, 0.1), single, strict=True)
    )
    np.testing.assert_allclose(found, mean, atol=1e-12)
    for draw in (0, 1):
        own = 0.3 * single[0][draw][1] + 0.1 * single[1][draw][1]
        np.testing.assert_allclose(margins[:, [draw]], own, atol=1e-12)


def test_deeper_trees_are_asked_of_xgboost(rows):
    deep, shallow = grown(rows, depth=4), grown(rows)
    X = odd(rows[0])
    found, margins = pack([[deep], [shallow]], [0.5, 0.5], 5, 1).contributions(X)
    expected = 0.5 * (tree_contributions(deep, X) + tree_contributions(shallow, X))
    np.testing.assert_allclose(found, expected, atol=2e-6)
    np.testing.assert_allclose(found.sum(axis=1), margins[:, 0], atol=1e-9)


def test_a_row_alone_is_as_among_others(rows):
    X = np.tile(rows[0], (8, 1))  # more rows than are taken at a time
    forest = pack([[grown(rows)]], [1.0], 5, 1)
    together, margins = forest.contributions(X)
    for i in (0, 4095, 4096, len(X) - 1):
        alone, margin = forest.contributions(X[[i]])
        assert (alone[0] == together[i]).all()
        assert margin[0] == margins[i]


def test_no_member_and_trees_without_a_split(rows):
    X, y, weight = rows
    nothing, margins = pack([], [], 5, 3).contributions(X)
    assert nothing.shape == (600, 6)
    assert margins.shape == (600, 3)
    assert not nothing.any()
    stubborn = TreeSettings(2, 3, 0.2, 1.0, 1e9, 0.8, 0.7)
    booster = grow(X, y, weight, None, stubborn, 0)
    found, _ = pack([[booster]], [1.0], 5, 1).contributions(X)
    np.testing.assert_allclose(found, tree_contributions(booster, X), atol=1e-6)
    assert not found[:, :-1].any()
