"""The members of the stack."""

from dataclasses import replace

import numpy as np
import pytest

from riskmodel.models.learning.base_learners import (
    BASE,
    FREE,
    MONOTONE,
    SCORE,
    fit_linear,
    learn_columns,
    out_of_fold,
)


@pytest.fixture
def part(make, world):
    _, classifier = make
    model = classifier()
    model.names_ = list(world.X.columns)
    return world.X.to_numpy(), world.y.astype(float), np.ones(len(world.y)), model._recipe()


def linear(part):
    X, y, weight, recipe = part
    return fit_linear(X, y, weight, recipe, *learn_columns(X, weight, recipe))


def test_expected_weights_sum_to_one_whatever_is_known(part):
    recipe = part[-1]
    for changed in (recipe, replace(recipe, evidence={}), replace(recipe, directions={})):
        weights = changed.prior_weights()
        assert weights.sum() == pytest.approx(1)
        assert (weights > 0).all()
        assert len(weights) == len(changed.linear) + len(changed.forests)
    assert recipe.linear[:2] == [BASE, SCORE]
    assert recipe.forests == [MONOTONE]
    assert replace(recipe, overruled=True).forests == [MONOTONE, FREE]
    assert SCORE not in replace(recipe, evidence={}).linear
    assert replace(recipe, directions={}).forests == [FREE]


def test_the_base_rate_member_knows_nothing_else(part):
    members = linear(part)
    assert (members.coefficients[0, 1:] == 0).all()
    risk = 1 / (1 + np.exp(-members.log_odds(part[0])[:, 0]))
    np.testing.assert_allclose(risk, part[1].mean())


def test_the_score_is_one_direction(part):
    X, _, weight, recipe = part
    _, prior = learn_columns(X, weight, recipe)
    row = linear(part).coefficients[recipe.linear.index(SCORE), 1:]
    slope = row[3] / prior.mean[3]
    np.testing.assert_allclose(row, slope * prior.mean, atol=1e-12)


def test_members_average_to_the_base_rate(part):
    """The free intercept makes every linear member right on average."""
    X, y, _, _ = part
    risk = 1 / (1 + np.exp(-linear(part).log_odds(X)))
    np.testing.assert_allclose(risk.mean(axis=0), y.mean(), atol=1e-6)


def test_stronger_shrinkage_is_nearer_to_what_is_expected(part):
    recipe = part[-1]
    rows = linear(part).coefficients[:, 1:]
    zero = [np.linalg.norm(rows[recipe.linear.index(f"zero_{s:g}")]) for s in recipe.zero_strengths]
    assert zero == sorted(zero, reverse=True)


def test_noise_moves_what_the_data_do_not_settle(part):
    X, y, weight, recipe = part
    learnt = learn_columns(X, weight, recipe)
    noise = np.random.default_rng(0).standard_normal(X.shape[1] + 1)
    moved = fit_linear(X, y, weight, recipe, *learnt, noise).coefficients
    assert not np.allclose(moved, linear(part).coefficients)
    assert (moved[0] == linear(part).coefficients[0]).all()


def test_the_held_out_fold_teaches_nothing(part):
    X, y, weight, recipe = part
    fold = np.arange(len(y)) % 4
    patient = np.arange(len(y))
    recipes = [recipe, replace(recipe, overruled=True)]
    held_out, one = out_of_fold(
        X, y, weight, patient, fold, 1, recipes, 1, np.random.default_rng(0)
    )
    changed = weight.copy()
    changed[fold == 1] = 5.0
    _, two = out_of_fold(X, y, changed, patient, fold, 1, recipes, 1, np.random.default_rng(0))
    assert held_out.sum() == (fold == 1).sum()
    for ours, theirs in zip(one, two, strict=True):
        np.testing.assert_array_equal(ours, theirs)
