"""The solver finds the minimum, wherever it starts."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from riskmodel.arrays import expit, logit, row_sums
from riskmodel.models.learning.shrinkage import log_loss, shrunken_logistic


@pytest.fixture
def rows():
    rng = np.random.default_rng(1)
    Z = rng.normal(size=(120, 5))
    y = (rng.random(120) < expit(Z[:, 0] - 1)).astype(float)
    return Z, y, rng.uniform(0.2, 2, 120)


def test_agrees_with_scikit_learn_when_shrunk_to_zero(rows):
    Z, y, weight = rows
    ours = shrunken_logistic(Z, y, weight, np.zeros(5), np.full(5, 0.5))
    theirs = LogisticRegression(C=0.25, solver="newton-cholesky", tol=1e-10).fit(
        Z, y, sample_weight=weight
    )
    np.testing.assert_allclose(ours[0], theirs.intercept_[0], atol=1e-5)
    np.testing.assert_allclose(ours[1:], theirs.coef_[0], atol=1e-5)


def test_certain_evidence_is_kept_and_vague_evidence_given_up(rows):
    Z, y, weight = rows
    mean = np.full(5, -2.0)
    kept = shrunken_logistic(Z, y, weight, mean, np.full(5, 1e-3))
    np.testing.assert_allclose(kept[1:], mean, atol=1e-3)
    given_up = shrunken_logistic(Z, y, weight, mean, np.full(5, 1e3))
    free = shrunken_logistic(Z, y, weight, np.zeros(5), np.full(5, 1e3))
    np.testing.assert_allclose(given_up, free, atol=1e-4)


def test_start_changes_nothing(rows):
    Z, y, weight = rows
    mean, sd = np.zeros(5), np.full(5, 0.3)
    one = shrunken_logistic(Z, y, weight, mean, sd)
    two = shrunken_logistic(Z, y, weight, mean, sd, start=np.full(6, 4.0))
    np.testing.assert_allclose(one, two, atol=1e-6)


def test_bounds_hold_and_what_they_allow_is_the_minimum(rows):
    """Against a general solver of bounded problems."""
    Z, y, weight = rows
    mean = np.array([0.5, -0.2, 0.3, 0.0, 0.1])
    covariance = np.diag(np.full(5, 0.1)) + np.outer(mean, mean)
    precision = np.linalg.inv(covariance)
    low = np.array([-np.inf, 0.0, 0.0, 0.0, -np.inf])
    high = np.array([0.2, np.inf, np.inf, np.inf, 0.0])

    def objective(beta):
        away = beta[1:] - mean
        return log_loss(y, Z @ beta[1:] + beta[0], weight) + 0.5 * away @ precision @ away

    fitted = shrunken_logistic(Z, y, weight, mean, covariance, low=low, high=high)
    theirs = minimize(
        objective, np.zeros(6), method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-9},
        bounds=[(None, None), *zip(low, high, strict=True)],
    )  # fmt: skip
    assert ((fitted[1:] >= low) & (fitted[1:] <= high)).all()
    np.testing.assert_allclose(fitted, theirs.x, atol=1e-4)
    assert objective(fitted) <= theirs.fun + 1e-9


def test_deviations_and_their_covariance_are_one(rows):
    Z, y, weight = rows
    mean, sd = np.full(5, 0.2), np.full(5, 0.4)
    one = shrunken_logistic(Z, y, weight, mean, sd)
    two = shrunken_logistic(Z, y, weight, mean, np.diag(sd**2))
    np.testing.assert_allclose(one, two, atol=1e-9)


def test_separated_classes_stay_finite():
    Z = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    fitted = shrunken_logistic(Z, np.array([0.0, 0, 1, 1]), np.ones(4), np.zeros(1), np.ones(1))
    assert np.isfinite(fitted).all()


@settings(max_examples=30, deadline=None)
@given(st.floats(-30, 30))
def test_expit_and_logit_undo_each_other(x):
    assert float(logit(expit(np.array([x])))[0]) == pytest.approx(x, abs=1e-3)


def test_log_loss_does_not_overflow():
    assert log_loss(np.array([1.0, 0.0]), np.array([1e4, -1e4]), np.ones(2)) == 0


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_row_alone_sums_to_the_same_bits(order):
    rows = np.array(np.random.default_rng(3).normal(size=(50, 81)), order=order)
    alone = np.array([row_sums(rows[[k]])[0] for k in range(50)])
    assert (row_sums(rows) == alone).all()
    np.testing.assert_allclose(alone, rows.sum(axis=1), atol=1e-12)
