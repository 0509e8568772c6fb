"""Figures of risks on rows with a known outcome: each for many weightings of the rows at once.

A weighting is a vector of row weights; the bootstrap over patients is one weighting per draw, so
every figure and its interval come from the same function.
"""

from collections.abc import Callable, Mapping

import numpy as np

from riskmodel.arrays import Floats

Metric = Callable[[Floats, Floats, Floats], Floats]

_LARGEST_LOGIT = 700.0
_STEPS = 40
_LARGEST_STEP = 2.0
_CONVERGED = 1e-5
"""Newton's error is squared in every step: after a last step of this size it is below 1e-9."""
_STEEPEST = 50.0
"""A calibration slope beyond this has no maximum: the risks separate the classes."""


def risk_of(logit: Floats) -> Floats:
    """Probability of each log-odds."""
    # Not a hyperbolic tangent: the exponential is several times faster, and held from overflow.
    return np.asarray(1.0 / (1.0 + np.exp(-np.maximum(logit, -_LARGEST_LOGIT))))


def logit_of(risk: Floats) -> Floats:
    """Log-odds of each probability, held within 1e-9 of 0 and 1."""
    held = np.clip(risk, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(held) - np.log1p(-held))


def _over(part: Floats, whole: Floats) -> Floats:
    """A ratio, NaN where the whole is nothing."""
    return np.asarray(np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0))


def _tied_sums(y: Floats, score: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Weight of events and of others at each distinct score, rising: two of shape (b, k)."""
    order = np.argsort(score, kind="stable")
    starts = np.flatnonzero(np.concatenate([[True], np.diff(score[order]) > 0]))
    sorted_weights = weights[:, order]
    events = np.add.reduceat(sorted_weights * y[order], starts, axis=1)
    return events, np.add.reduceat(sorted_weights, starts, axis=1) - events


def auroc(y: Floats, logit: Floats, weights: Floats) -> Floats:
    """Chance that an event has a higher risk than a non-event; a tie counts half."""
    events, others = _tied_sums(y, logit, weights)
    below = np.cumsum(others, axis=1) - others
    pairs = events.sum(axis=1) * others.sum(axis=1)
    return _over((events * (below + others / 2)).sum(axis=1), pairs)


def auprc(y: Floats, logit: Floats, weights: Floats) -> Floats:
    """Average precision: the precision at each distinct risk, weighted by the recall it adds."""
    events, others = _tied_sums(y, logit, weights)
    found = np.cumsum(events[:, ::-1], axis=1)
    alarmed = found + np.cumsum(others[:, ::-1], axis=1)
    precision = np.divide(found, alarmed, out=np.zeros_like(found), where=alarmed > 0)
    return _over((events[:, ::-1] * precision).sum(axis=1), found[:, -1])


def brier(y: Floats, logit: Floats, weights: Floats) -> Floats:
    """Mean squared distance of the risk from the outcome."""
    return _over(weights @ (risk_of(logit) - y) ** 2, weights.sum(axis=1))


def scaled_brier(y: Floats, logit: Floats, weights: Floats) -> Floats:
    """One minus the Brier score over that of the overall risk: 0 is no better than it, 1 exact."""
    prevalence = _over(weights @ y, weights.sum(axis=1))
    return np.asarray(1 - _over(brier(y, logit, weights), prevalence * (1 - prevalence)))


def log_loss(y: Floats, logit: Floats, weights: Floats) -> Floats:
    """Mean negative log-likelihood, in nats."""
    return _over(weights @ (np.logaddexp(0.0, logit) - y * logit), weights.sum(axis=1))


def expected_over_observed(y: Floats, logit: Floats, weights: Floats) -> Floats:
    """Expected events over observed ones: above 1 the risks are too high."""
    return _over(weights @ risk_of(logit), weights @ y)


def _newton_step(y: Floats, logit: Floats, weights: Floats, at: Floats, free_slope: bool) -> Floats:
    """What to subtract from each weighting's (intercept, slope): NaN where it has no maximum."""
    p = risk_of(at[:, :1] + at[:, 1:] * logit)
    error = weights * (p - y)
    p *= 1 - p
    spread = np.multiply(weights, p, out=p)
    g0, h00 = error.sum(axis=1), spread.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        if not free_slope:
            return np.column_stack([g0 / h00, np.zeros_like(g0)])
        g1, h01, h11 = error @ logit, spread @ logit, spread @ (logit * logit)
        determinant = h00 * h11 - h01**2
        determinant[determinant <= 1e-12 * h00 * h11] = np.nan
        step = np.column_stack([h11 * g0 - h01 * g1, h00 * g1 - h01 * g0])
        return np.asarray(step / determinant[:, None])


def _recalibration(
    y: Floats, logit: Floats, weights: Floats, free_slope: bool, start: Floats | None = None
) -> Floats:
    """Maximum-likelihood (intercept, slope) of the logit: shape (b, 2), NaN where there is none."""
    if start is None and len(weights) > 1:
        # The draws lie around the mean of their weightings: from its maximum few steps remain.
        start = _recalibration(y, logit, weights.mean(axis=0, keepdims=True), free_slope)[0]
    if start is None or np.isnan(start).any():
        start = np.array([0.0, 1.0])
    found = np.tile(start, (len(weights), 1))
    lost = (weights @ y <= 0) | (weights @ (1 - y) <= 0)
    open_rows = np.flatnonzero(~lost)
    for _ in range(_STEPS):
        if not len(open_rows):
            break
        step = _newton_step(y, logit, weights[open_rows], found[open_rows], free_slope)
        longest = np.abs(step).max(axis=1)
        held = np.minimum(1.0, _LARGEST_STEP / np.maximum(longest, 1e-300))
        found[open_rows] -= step * held[:, None]
        open_rows = open_rows[longest > _CONVERGED]
    lost[open_rows] = True
    found[lost | ~(np.abs(found[:, 1]) <= _STEEPEST)] = np.nan
    return found


def calibration_intercept(y: Floats, logit: Floats, weights: Floats) -> Floats:
    """Calibration in the large: what must be added to the logit, its slope held at 1; 0 is best."""
    return np.asarray(_recalibration(y, logit, weights, free_slope=False)[:, 0])


def calibration_slope(y: Floats, logit: Floats, weights: Floats) -> Floats:
    """Slope of the outcome on the logit: below 1 the risks are too extreme; 1 is best."""
    return np.asarray(_recalibration(y, logit, weights, free_slope=True)[:, 1])


METRICS: Mapping[str, Metric] = {
    "auroc": auroc,
    "auprc": auprc,
    "brier": brier,
    "scaled_brier": scaled_brier,
    "log_loss": log_loss,
    "calibration_intercept": calibration_intercept,
    "calibration_slope": calibration_slope,
    "expected_over_observed": expected_over_observed,
}
"""Every figure, in the order of the tables. Each takes ``y`` (n,), ``logit`` (n,) and ``weights``
(b, n), and gives (b,): NaN where it cannot be computed."""

RANKING = ("auroc", "auprc")
"""Those that look only at the order of the risks."""


def net_benefit(y: Floats, risk: Floats, weights: Floats, thresholds: Floats) -> Floats:
    """Net benefit of acting on a risk at or above each threshold: shape (b, len(thresholds)).

    True positives minus false positives at the threshold's odds, per row (Vickers 2006;
    EVIDENCE.md E).
    """
    acted = (risk[:, None] >= thresholds).astype(np.float64)
    odds = thresholds / (1 - thresholds)
    gain = acted * (y[:, None] - (1 - y[:, None]) * odds)
    return np.asarray((weights @ gain) / weights.sum(axis=1, keepdims=True))
