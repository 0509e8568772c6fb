"""A smooth calibration curve: logistic regression on a restricted cubic spline of the log-odds."""

import numpy as np

from riskmodel.arrays import Floats
from riskmodel.evaluation.metrics import risk_of

KNOTS = (0.10, 0.50, 0.90)
"""Quantiles of the log-odds at which the cubic pieces meet; linear beyond the outer two (Harrell,
Regression Modeling Strategies, table 2.3)."""
_RIDGE = 1e-3
_STEPS = 30


def knots_of(logit: Floats, weight: Floats) -> Floats:
    """Weighted quantiles of the log-odds where the spline's pieces meet."""
    order = np.argsort(logit, kind="stable")
    share = np.cumsum(weight[order]) / weight.sum()
    return np.asarray(np.unique([logit[order][np.searchsorted(share, q)] for q in KNOTS]))


def spline_columns(logit: Floats, knots: Floats) -> Floats:
    """Intercept, the log-odds, and its restricted cubic terms: shape (n, 2 or 3)."""
    plain = np.column_stack([np.ones(len(logit)), logit])
    if len(knots) < 3:
        return plain
    first, middle, last = knots
    cube = [np.maximum(logit - k, 0.0) ** 3 for k in (first, middle, last)]
    term = cube[0] - cube[1] * (last - first) / (last - middle)
    term += cube[2] * (middle - first) / (last - middle)
    return np.column_stack([plain, term / (last - first) ** 2])


def fitted_curves(y: Floats, columns: Floats, weights: Floats) -> Floats:
    """Coefficients of each weighting's logistic regression: shape (b, k), NaN without both classes.

    A very weak pull towards the plain log-odds keeps the curve finite where the risks separate
    the classes.
    """
    target = np.zeros(columns.shape[1])
    target[1] = 1.0
    pull = np.diag([0.0] + [_RIDGE] * (columns.shape[1] - 1))
    theta = np.tile(target, (len(weights), 1))
    for _ in range(_STEPS):
        p = risk_of(theta @ columns.T)
        gradient = (weights * (p - y)) @ columns + (theta - target) @ pull
        hessian = np.einsum("bn,ni,nj->bij", weights * p * (1 - p), columns, columns, optimize=True)
        step = np.linalg.solve(hessian + pull + 1e-9 * np.eye(len(target)), gradient[..., None])
        step = step[..., 0]
        longest = np.abs(step).max(axis=1, keepdims=True)
        theta = theta - step * np.minimum(1.0, 2.0 / np.maximum(longest, 1e-300))
        if longest.max() < 1e-8:
            break
    theta[(weights @ y <= 0) | (weights @ (1 - y) <= 0)] = np.nan
    return theta
