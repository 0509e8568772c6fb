"""Curves of an evaluation as tables: ROC, precision-recall, calibration, distribution, decision.

Each stands on a fixed grid, so that no row of a table is one patient.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.training.evaluation.bootstrap import bootstrapped, estimates
from riskmodel.training.evaluation.contenders import Contender
from riskmodel.training.evaluation.spline import fitted_curves, knots_of, spline_columns
from riskmodel.training.examples import Examples
from riskmodel.training.metrics import logit_of, net_benefit, risk_of

Floats = npt.NDArray[np.float64]

GRID = np.linspace(0.0, 1.0, 51)
THRESHOLDS = np.round(np.arange(0.01, 0.505, 0.01), 2)
"""Threshold probabilities of the decision curve."""
_BINS = 10
_CURVE_POINTS = 41


def roc_and_pr(
    rows: Examples, contenders: Sequence[Contender]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sensitivity at 51 false-positive rates, and precision at 51 recalls, of each contender."""
    roc, pr = [], []
    for one in contenders:
        kept = rows.known & ~np.isnan(one.rank)
        y, weight, score = rows.y[kept].astype(np.float64), rows.weight[kept], one.rank[kept]
        if len(np.unique(y)) < 2:
            continue
        order = np.argsort(-score, kind="stable")
        last = np.concatenate([np.diff(score[order]) < 0, [True]])
        found = np.cumsum((weight * y)[order])[last]
        wrong = np.cumsum((weight * (1 - y))[order])[last]
        recall = np.concatenate([[0.0], found / found[-1]])
        false = np.concatenate([[0.0], wrong / wrong[-1]])
        roc.append(_long(one.name, "false_positive_rate", "sensitivity",
                         np.interp(GRID, false, recall)))  # fmt: skip
        precision = found / (found + wrong)
        at = np.minimum(np.searchsorted(recall[1:], GRID), len(precision) - 1)
        pr.append(_long(one.name, "recall", "precision", precision[at]))
    return _joined(roc), _joined(pr)


def _long(model: str, x: str, y: str, values: Floats) -> pd.DataFrame:
    return pd.DataFrame({"model": model, x: GRID, y: values})


def _joined(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def calibration(
    rows: Examples, one: Contender, *, draws: int, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, float]]:
    """The smoothed calibration curve with its interval, the groups of risk, and how far it is off.

    Returns
    -------
    curve : DataFrame
        ``predicted, observed, low, high`` from the 2nd to the 98th percentile of the risks.
    groups : DataFrame
        ``rows, predicted, observed`` of up to ten groups of rising risk.
    distance : dict
        ``ici``: mean absolute distance of the curve from the risks (Austin 2019), with
        ``ici_low`` and ``ici_high``.
    """
    kept = rows.known & ~np.isnan(one.risk)
    y, weight, patient = rows.y[kept].astype(np.float64), rows.weight[kept], rows.patient[kept]
    risk, logit = one.risk[kept], logit_of(one.risk[kept])
    if len(np.unique(y)) < 2 or len(np.unique(logit)) < 3:
        return pd.DataFrame(), pd.DataFrame(), {}
    knots = knots_of(logit, weight)
    columns = spline_columns(logit, knots)
    low, high = np.percentile(logit, [2, 98])
    grid = np.linspace(float(low), float(high), _CURVE_POINTS)
    grid_columns = spline_columns(grid, knots)

    def curve(weights: Floats) -> Floats:
        theta = fitted_curves(y, columns, weights)
        apart = np.abs(risk_of(theta @ columns.T) - risk)
        distance = (weights * apart).sum(axis=1) / weights.sum(axis=1)
        return np.column_stack([risk_of(theta @ grid_columns.T), distance])

    values, drawn = bootstrapped(curve, weight, patient, draws=draws, seed=seed)
    found = estimates(values, drawn)
    table = pd.DataFrame(
        {
            "predicted": risk_of(grid),
            "observed": [e.value for e in found[:-1]],
            "low": [e.low for e in found[:-1]],
            "high": [e.high for e in found[:-1]],
        }
    )
    ici = found[-1]
    groups = _groups(y, risk, weight, patient)
    return table, groups, {"ici": ici.value, "ici_low": ici.low, "ici_high": ici.high}


def _groups(
    y: Floats, risk: Floats, weight: Floats, patient: npt.NDArray[np.int64]
) -> pd.DataFrame:
    people = len(np.unique(patient))
    bins = max(2, min(_BINS, people // 20))
    edges = np.unique(np.quantile(risk, np.linspace(0, 1, bins + 1)[1:-1]))
    place = np.searchsorted(edges, risk, side="right")
    rows = []
    for k in np.unique(place):
        own = place == k
        w = weight[own]
        rows.append(
            {
                "rows": int(own.sum()),
                "predicted": float(np.average(risk[own], weights=w)),
                "observed": float(np.average(y[own], weights=w)),
            }
        )
    return pd.DataFrame(rows)


def distribution(rows: Examples, one: Contender) -> pd.DataFrame:
    """Share of the rows with and without event in each 0.02 of risk."""
    kept = rows.known & ~np.isnan(one.risk)
    edges = np.linspace(0, 1, 51)
    table = {"lower": edges[:-1], "upper": edges[1:]}
    for name, y in (("no_event", 0), ("event", 1)):
        own = kept & (rows.y == y)
        counts = np.histogram(one.risk[own], edges, weights=rows.weight[own])[0]
        table[name] = counts / max(counts.sum(), 1e-12)
    return pd.DataFrame(table)


def decision_curves(
    rows: Examples, contenders: Sequence[Contender], *, draws: int, seed: int
) -> pd.DataFrame:
    """Net benefit per prediction of each contender, of treating all and of treating none.

    Returns
    -------
    DataFrame
        ``model, threshold, net_benefit, low, high``, and ``above_default`` with its interval:
        the difference from the better of treating all and treating none.
    """
    found = []
    for one in [*contenders, None]:
        risk = np.ones(len(rows.y)) if one is None else one.risk
        kept = rows.known & ~np.isnan(risk)
        y, weight, patient = rows.y[kept].astype(np.float64), rows.weight[kept], rows.patient[kept]
        if not len(y):
            continue

        def both(weights: Floats, y: Floats = y, risk: Floats = risk[kept]) -> Floats:
            own = net_benefit(y, risk, weights, THRESHOLDS)
            everyone = net_benefit(y, np.ones(len(y)), weights, THRESHOLDS)
            return np.column_stack([own, own - np.maximum(everyone, 0.0)])

        values, drawn = bootstrapped(both, weight, patient, draws=draws, seed=seed)
        each = estimates(values, drawn)
        plain, apart = each[: len(THRESHOLDS)], each[len(THRESHOLDS) :]
        found.append(
            pd.DataFrame(
                {
                    "model": "treat all" if one is None else one.name,
                    "threshold": THRESHOLDS,
                    "net_benefit": [e.value for e in plain],
                    "low": [e.low for e in plain],
                    "high": [e.high for e in plain],
                    "above_default": [e.value for e in apart],
                    "above_default_low": [e.low for e in apart],
                    "above_default_high": [e.high for e in apart],
                }
            )
        )
    none = pd.DataFrame({"model": "treat none", "threshold": THRESHOLDS})
    zero = ["net_benefit", "low", "high"]
    return pd.concat([*found, none.assign(**dict.fromkeys(zero, 0.0))], ignore_index=True)
