"""Weights and calibration of the stack."""

import numpy as np
import pytest

from riskmodel.arrays import expit
from riskmodel.models.learning.stacking import (
    LEAST_TREES,
    affine_calibration,
    simplex_weights,
    slope_deviation,
    tidy,
    toward_base_rate,
)


@pytest.fixture
def stack():
    rng = np.random.default_rng(2)
    truth = rng.normal(-2, 1.2, 800)
    y = (rng.random(800) < expit(truth)).astype(float)
    members = np.column_stack([truth, rng.normal(-2, 1.2, 800), np.full(800, -2.0)])
    return members, y, np.ones(800)


def test_the_good_member_gets_the_weight(stack):
    weights = simplex_weights(*stack, np.full(3, 1 / 3), 0.1)
    assert weights[0] > 0.8
    assert weights.sum() == pytest.approx(1)


def test_the_trees_keep_their_least_share(stack):
    weights = simplex_weights(*stack, np.full(3, 1 / 3), 0.1, n_forests=1)
    assert weights[2] >= LEAST_TREES - 1e-6
    assert simplex_weights(*stack, np.full(3, 1 / 3), 0.1)[2] < LEAST_TREES


def test_a_strong_prior_holds(stack):
    prior = np.array([0.2, 0.5, 0.3])
    np.testing.assert_allclose(simplex_weights(*stack, prior, 1e7), prior, atol=1e-3)


def test_calibration_finds_the_scale_and_never_turns_it_round(stack):
    members, y, weight = stack
    a, b = affine_calibration(members[:, 0] / 2 + 1, y, weight, 100.0)
    assert b == pytest.approx(2, abs=0.4)
    assert a == pytest.approx(-2, abs=0.6)
    assert affine_calibration(-members[:, 0], y, weight, 100.0)[1] == 0


def test_calibration_is_drawn_to_one(stack):
    members, y, weight = stack
    assert affine_calibration(members[:, 0] / 2, y, weight, 1e-3)[1] == pytest.approx(1, abs=0.01)


def test_negligible_members_are_dropped():
    np.testing.assert_allclose(tidy(np.array([0.005, 0.5, 0.495])), [0, 0.5 / 0.995, 0.495 / 0.995])


def test_calibration_is_drawn_to_the_slope_expected(stack):
    members, y, weight = stack
    assert affine_calibration(members[:, 0], y, weight, 1e-3, 1.4)[1] == pytest.approx(
        1.4, abs=0.01
    )


@pytest.mark.parametrize("share", [1.0, 0.5, 0.0])
def test_the_mean_risk_is_that_of_the_rows(stack, share):
    members, y, weight = stack
    for j in range(3):
        free = affine_calibration(members[:, j], y, weight, 0.25)
        a, b = toward_base_rate(free, share, members[:, j], y, weight)
        assert b == pytest.approx(share * free[1])
        assert expit(a + b * members[:, j]).mean() == pytest.approx(y.mean(), abs=1e-5)


def test_the_slope_is_known_as_well_as_fits_of_other_patients_say():
    rng = np.random.default_rng(4)
    found, told = [], []
    for _ in range(60):
        truth = rng.normal(-2, 1.0, 400)
        y = (rng.random(400) < expit(truth)).astype(float)
        fitted = affine_calibration(truth, y, np.ones(400), 100.0)
        found.append(fitted[1])
        told.append(slope_deviation(truth, y, np.ones(400), 100.0, fitted) * fitted[1])
    assert np.mean(told) == pytest.approx(np.std(found), rel=0.3)


def test_time_keeps_its_whole_effect_under_a_calibration(stack):
    members, y, weight = stack
    base = np.where(np.arange(len(y)) % 2 == 0, -1.0, -3.0)
    a, b = affine_calibration(base + 0.1 * members[:, 1], y, weight, 1e-3, 0.5, base)
    assert b == pytest.approx(0.5, abs=0.01)
    a, b = toward_base_rate((a, b), 0.2, base + members[:, 1], y, weight, base)
    risk = expit(base + a + b * members[:, 1])
    assert risk.mean() == pytest.approx(y.mean(), abs=1e-6)
    assert np.corrcoef(risk, base)[0, 1] > 0.9
