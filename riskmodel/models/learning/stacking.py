"""How much each member counts: weights and affine calibration from out-of-fold log-odds."""

import numpy as np
from scipy.optimize import minimize

from riskmodel.arrays import Floats, expit, logit
from riskmodel.models.learning.shrinkage import log_loss

NEGLIGIBLE = 0.01
"""A member with a smaller weight is dropped."""


LEAST_SLOPE = 1e-3
"""Slope of the departures from a base rate that changes with time: with none, the base rate could
not be written as a part of the whole."""

LEAST_TREES = 0.05
"""Weight that the trees keep together: what they cost where they do not help is within the noise of
an evaluation, and they alone can show that two factors act together."""


def tidy(weights: Floats) -> Floats:
    """Weights without negligible members, summing to 1."""
    kept = np.where(weights < NEGLIGIBLE, 0.0, weights)
    return np.asarray(kept / kept.sum(), dtype=np.float64)


def simplex_weights(
    members: Floats,
    y: Floats,
    weight: Floats,
    prior: Floats,
    strength: float,
    n_forests: int = 0,
) -> Floats:
    """Non-negative weights, summing to 1, of the members' log-odds.

    Minimises the weighted log-loss of the mixture plus
    ``strength / 2 * sum((w - prior)**2 / prior)``: a member expected to count little must earn
    its weight.

    Parameters
    ----------
    members : float64[n, m]
        Out-of-fold log-odds, one column per member.
    y, weight : float64[n]
    prior : float64[m]
        Positive, summing to 1.
    strength : float
        In units of log-loss.
    n_forests : int
        The last members, which are trees: together they keep at least ``LEAST_TREES``.
    """
    forests = np.zeros(len(prior))
    forests[len(prior) - n_forests :] = 1.0

    def objective(w: Floats) -> tuple[float, Floats]:
        log_odds = members @ w
        gradient = members.T @ (weight * (expit(log_odds) - y))
        away = w - prior
        value = log_loss(y, log_odds, weight) + 0.5 * strength * float(away @ (away / prior))
        return value, np.asarray(gradient + strength * away / prior)

    found = minimize(
        objective,
        prior,
        jac=True,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * len(prior),
        constraints=[
            {"type": "eq", "fun": lambda w: w.sum() - 1.0, "jac": lambda w: np.ones_like(w)},
            *([{"type": "ineq", "fun": lambda w: forests @ w - LEAST_TREES}] if n_forests else []),
        ],
        options={"maxiter": 200, "ftol": 1e-9},
    )
    weights = np.clip(np.asarray(found.x, dtype=np.float64), 0.0, None)
    return tidy(weights / weights.sum())


def toward_base_rate(
    calibration: tuple[float, float],
    share: float,
    log_odds: Floats,
    y: Floats,
    weight: Floats,
    base: Floats | None = None,
) -> tuple[float, float]:
    """Calibration drawn towards the base rate, the mean risk of the rows kept at their outcome.

    Parameters
    ----------
    calibration : (float, float)
        Intercept and slope.
    share : float
        Of the calibrated log-odds, between 0 and 1; the rest is the base rate's.
    log_odds, y, weight : float64[n]
    base : float64[n], optional
        As in `affine_calibration`, without which the base rate is that of all rows.
    """
    a, b = calibration
    if base is not None:
        a, b = share * a, max(share * b, LEAST_SLOPE)
        return a + _recentre(base + a + b * (log_odds - base), y, weight), b
    rate = float(logit(float(weight @ y) / float(weight.sum())))
    drawn = rate + share * (a + b * log_odds - rate)
    return rate + share * (a - rate) + _recentre(drawn, y, weight), share * b


def _recentre(log_odds: Floats, y: Floats, weight: Floats) -> float:
    """What to add to the log-odds so that the mean risk is the mean outcome."""
    shift = 0.0
    for _ in range(50):
        risk = expit(log_odds + shift)
        step = float(weight @ (y - risk)) / float(weight @ (risk * (1.0 - risk)))
        shift += step
        if abs(step) < 1e-10:
            break
    return shift


def affine_calibration(
    log_odds: Floats,
    y: Floats,
    weight: Floats,
    slope_sd: float,
    slope_mean: float = 1.0,
    base: Floats | None = None,
) -> tuple[float, float]:
    """Intercept a and slope b >= 0 of ``a + b * log_odds``; b is drawn towards what is expected.

    Parameters
    ----------
    log_odds : float64[n]
        Out of fold.
    y, weight : float64[n]
    slope_sd, slope_mean : float
        The slope expected, and how far from it the slope may lie.
    base : float64[n], optional
        Log-odds of the base rate at the time of each row, which are right as they are: what is
        calibrated is ``base + a + b * (log_odds - base)``.
    """
    fixed = np.zeros(len(y)) if base is None else base
    log_odds = log_odds - fixed

    def objective(ab: Floats) -> tuple[float, Floats]:
        fitted = fixed + ab[0] + ab[1] * log_odds
        error = weight * (expit(fitted) - y)
        away = (ab[1] - slope_mean) / slope_sd
        value = log_loss(y, fitted, weight) + 0.5 * away**2
        return value, np.array([error.sum(), error @ log_odds + away / slope_sd])

    found = minimize(
        objective,
        np.array([0.0, 1.0]),
        jac=True,
        method="L-BFGS-B",
        bounds=[(None, None), (0.0, None)],
        options={"ftol": 1e-12, "gtol": 1e-8},
    )
    return float(found.x[0]), float(found.x[1])


def slope_deviation(
    log_odds: Floats,
    y: Floats,
    weight: Floats,
    slope_sd: float,
    calibration: tuple[float, float],
    base: Floats | None = None,
) -> float:
    """Standard deviation of what `affine_calibration` found as the slope, relative to it.

    By the curvature of its objective, level and slope together.
    """
    fixed = np.zeros(len(y)) if base is None else base
    a, b = calibration
    risk = expit(fixed + a + b * (log_odds - fixed))
    curvature = weight * risk * (1.0 - risk)
    apart = log_odds - fixed
    apart = apart - float(curvature @ apart) / float(curvature.sum())
    information = float(curvature @ apart**2) + 1.0 / slope_sd**2
    return 1.0 / float(np.sqrt(information)) / max(b, LEAST_SLOPE)
