"""The core of every evaluation: figures of risks on the same rows, with intervals over patients.

Training, external validation and the promotion gate call the functions of this module.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.arrays import Codes, Floats
from riskmodel.evaluation.measures.bootstrap import Estimate, bootstrapped, estimates
from riskmodel.evaluation.measures.metrics import METRICS, RANKING, logit_of, net_benefit

FEWEST = 10
"""Patients with the event, and without, below which a subgroup's figures are not estimable."""


def _nothing() -> dict[str, Estimate]:
    return dict.fromkeys(METRICS, Estimate(np.nan, np.nan, np.nan))


def _stacked(y: Floats, logit: Floats, weights: Floats) -> Floats:
    return np.column_stack([metric(y, logit, weights) for metric in METRICS.values()])


def patients_by_class(y: npt.NDArray[np.generic], patient: Codes) -> tuple[int, int]:
    """How many patients have the event in some row, and how many have it in none."""
    affected = np.unique(patient[np.asarray(y) == 1])
    return len(affected), len(np.unique(patient)) - len(affected)


def figures(
    y: npt.NDArray[np.generic],
    risk: Floats,
    weight: Floats,
    patient: Codes,
    *,
    rank: Floats | None = None,
    draws: int = 500,
    seed: int = 20,
) -> dict[str, Estimate]:
    """Every metric with its 95% percentile interval over resampled patients.

    Parameters
    ----------
    y : array of shape (n,)
        1 for an event, 0 for none.
    risk : array of shape (n,)
        Probabilities; NaN throughout for a score that has none.
    weight : array of shape (n,)
        Censoring weight, shared over a patient's rows; rows of weight 0 do not count.
    patient : array of shape (n,)
        Whose row it is: the unit that is resampled.
    rank : array of shape (n,), optional
        What the two areas rank by, instead of the risk.
    draws : int
        Bootstrap draws; 0 leaves the intervals empty.
    seed : int

    Examples
    --------
    >>> y, risk = np.array([0, 0, 1]), np.array([0.1, 0.4, 0.3])
    >>> figures(y, risk, np.ones(3), np.arange(3), draws=0)["auroc"].value
    0.5
    """
    kept = weight > 0
    truth = np.asarray(y, dtype=np.float64)[kept]
    if len(np.unique(truth)) < 2:
        return _nothing()
    logit = logit_of(risk)[kept]
    order = logit if rank is None else np.asarray(rank, dtype=np.float64)[kept]
    names = RANKING if np.isnan(logit).any() else tuple(METRICS)

    def every(weights: Floats) -> Floats:
        of = {name: order if name in RANKING else logit for name in names}
        return np.column_stack([METRICS[name](truth, of[name], weights) for name in names])

    values, drawn = bootstrapped(every, weight[kept], patient[kept], draws=draws, seed=seed)
    return _nothing() | dict(zip(names, estimates(values, drawn), strict=True))


def compare(
    y: npt.NDArray[np.generic],
    risks: Mapping[str, Floats],
    weight: Floats,
    patient: Codes,
    *,
    thresholds: Sequence[float] = (0.05, 0.1, 0.15, 0.2),
    draws: int = 500,
    seed: int = 20,
) -> pd.DataFrame:
    """Figures of several sets of risks on the same rows, and their differences from the first.

    Every draw of patients is the same for all sets, so a difference is paired.

    Parameters
    ----------
    y, weight, patient : arrays of shape (n,)
        As in `figures`.
    risks : mapping of str to array of shape (n,)
        The first is what the others are compared with.
    thresholds : sequence of float
        Of the net benefits, one metric ``net_benefit_<threshold>`` each.

    Returns
    -------
    DataFrame
        ``model, metric, value, low, high, difference, difference_low, difference_high``: the last
        three are this model minus the first.

    Examples
    --------
    >>> y, patient = np.array([0, 0, 1, 1]), np.arange(4)
    >>> one, two = np.array([0.1, 0.4, 0.3, 0.5]), np.array([0.1, 0.2, 0.3, 0.5])
    >>> table = compare(y, {"champion": one, "challenger": two}, np.ones(4), patient, draws=0)
    >>> table.query("metric == 'auroc'")["difference"].tolist()
    [0.0, 0.25]
    """
    truth = np.asarray(y, dtype=np.float64)
    limits = np.asarray(thresholds, dtype=np.float64)
    names = (*METRICS, *(f"net_benefit_{t:g}" for t in thresholds))

    def everything(weights: Floats) -> Floats:
        parts = []
        for risk in risks.values():
            parts.append(_stacked(truth, logit_of(risk), weights))
            parts.append(net_benefit(truth, risk, weights, limits))
        return np.column_stack(parts)

    values, drawn = bootstrapped(everything, weight, patient, draws=draws, seed=seed)
    width = len(names)
    rows = []
    for k, model in enumerate(risks):
        own = slice(k * width, (k + 1) * width)
        plain = estimates(values[own], drawn[:, own])
        apart = estimates(values[own] - values[:width], drawn[:, own] - drawn[:, :width])
        for name, found, difference in zip(names, plain, apart, strict=True):
            apart_by = (difference.value, difference.low, difference.high)
            rows.append((model, name, found.value, found.low, found.high, *apart_by))
    columns = ["model", "metric", "value", "low", "high"]
    columns += ["difference", "difference_low", "difference_high"]
    return pd.DataFrame(rows, columns=columns)
