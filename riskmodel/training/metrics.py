"""Figures of a model on rows with a known outcome, each with a bootstrap interval over patients."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from sklearn.metrics import average_precision_score, roc_auc_score

Floats = npt.NDArray[np.float64]
Metric = Callable[[Floats, Floats, Floats], float]


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95% bootstrap interval (NaN where it cannot be computed)."""

    value: float
    low: float
    high: float


def _log_loss(y: Floats, logit: Floats, weight: Floats) -> float:
    return float(np.average(np.logaddexp(0.0, logit) - y * logit, weights=weight))


def _risk(logit: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(logit / 2)))


def _brier(y: Floats, logit: Floats, weight: Floats) -> float:
    return float(np.average((_risk(logit) - y) ** 2, weights=weight))


def _auroc(y: Floats, logit: Floats, weight: Floats) -> float:
    return float(roc_auc_score(y, logit, sample_weight=weight))


def _auprc(y: Floats, logit: Floats, weight: Floats) -> float:
    return float(average_precision_score(y, logit, sample_weight=weight))


def _recalibration(y: Floats, logit: Floats, weight: Floats, slope: bool) -> float:
    """Maximum-likelihood calibration slope (free intercept), or intercept (slope 1)."""

    def loss(theta: Floats) -> tuple[float, Floats]:
        moved = theta[0] + (theta[1] if slope else 1.0) * logit
        error = weight * (_risk(moved) - y)
        gradient = [error.sum(), (error * logit).sum()] if slope else [error.sum()]
        value = float((weight * (np.logaddexp(0.0, moved) - y * moved)).sum())
        total = weight.sum()
        return value / total, np.array(gradient) / total

    start = np.array([0.0, 1.0]) if slope else np.array([0.0])
    found = minimize(loss, start, jac=True, method="BFGS")
    return float(found.x[1] if slope else found.x[0])


METRICS: Mapping[str, Metric] = {
    "auroc": _auroc,
    "auprc": _auprc,
    "brier": _brier,
    "log_loss": _log_loss,
    "calibration_intercept": lambda y, z, w: _recalibration(y, z, w, slope=False),
    "calibration_slope": lambda y, z, w: _recalibration(y, z, w, slope=True),
}


def estimate(
    y: npt.NDArray[np.int8],
    logit: Floats,
    weight: Floats,
    patient: npt.NDArray[np.int64],
    *,
    draws: int,
    seed: int,
) -> dict[str, Estimate]:
    """Every metric with its 95% percentile interval over resampled patients.

    Parameters
    ----------
    y, logit, weight, patient : arrays of shape (n,)
    draws : int
        Bootstrap draws; 0 leaves the intervals empty.
    seed : int
    """
    truth = y.astype(np.float64)
    if len(np.unique(y)) < 2:
        empty = Estimate(np.nan, np.nan, np.nan)
        return dict.fromkeys(METRICS, empty)
    values = {name: metric(truth, logit, weight) for name, metric in METRICS.items()}
    people, code = np.unique(patient, return_inverse=True)
    rng = np.random.default_rng(seed)
    found: dict[str, list[float]] = {name: [] for name in METRICS}
    for _ in range(draws):
        times = np.bincount(rng.integers(len(people), size=len(people)), minlength=len(people))
        drawn = weight * times[code]
        kept = drawn > 0
        if len(np.unique(y[kept])) < 2:
            continue
        for name, metric in METRICS.items():
            found[name].append(metric(truth[kept], logit[kept], drawn[kept]))
    return {name: Estimate(values[name], *_percentiles(found[name])) for name in METRICS}


def _percentiles(draws: list[float]) -> tuple[float, float]:
    if not draws:
        return np.nan, np.nan
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(low), float(high)
