"""Curves of an evaluation as tables: ROC, precision-recall, calibration, distribution, decision.

Each stands on a fixed grid, so that no row of a table is one patient.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from riskmodel.arrays import Codes, Floats
from riskmodel.evaluation.measures.bootstrap import Estimate, bootstrapped, estimates, with_room
from riskmodel.evaluation.measures.comparators import Contender
from riskmodel.evaluation.measures.estimates import FEWEST, patients_by_class
from riskmodel.evaluation.measures.metrics import logit_of, net_benefit, risk_of
from riskmodel.evaluation.row_subsets import Subset
from riskmodel.evaluation.rows import Examples

GRID = np.linspace(0.0, 1.0, 51)
THRESHOLDS = np.round(np.arange(0.01, 0.505, 0.01), 2)
"""Threshold probabilities of the decision curve."""
_BINS = 10
_CURVE_POINTS = 41
KNOTS = (0.10, 0.50, 0.90)
"""Quantiles of the log-odds at which the cubic pieces meet; linear beyond the outer two (Harrell,
Regression Modeling Strategies, table 2.3)."""
_RIDGE = 1e-3
_STEPS = 30


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
        ``rows, predicted, observed, low, high`` of up to ten groups of rising risk; where nobody
        or everybody in a group has the event, the exact binomial bound for its patients.
    distance : dict
        ``ici``: mean absolute distance of the curve from the risks (Austin 2019), with
        ``ici_low`` and ``ici_high``.
    """
    kept = rows.known & ~np.isnan(one.risk)
    y, weight, patient = rows.y[kept].astype(np.float64), rows.weight[kept], rows.patient[kept]
    risk, logit = one.risk[kept], logit_of(one.risk[kept])
    if len(np.unique(y)) < 2 or len(np.unique(logit)) < 3:
        return pd.DataFrame(), pd.DataFrame(), {}
    place = _groups_of_risk(risk, patient)
    member = (place[:, None] == np.unique(place)).astype(np.float64)
    knots = knots_of(logit, weight)
    columns = spline_columns(logit, knots)
    low, high = np.percentile(logit, [2, 98])
    grid = np.linspace(float(low), float(high), _CURVE_POINTS)
    grid_columns = spline_columns(grid, knots)

    def curve(weights: Floats) -> Floats:
        theta = fitted_curves(y, columns, weights)
        apart = np.abs(risk_of(theta @ columns.T) - risk)
        distance = (weights * apart).sum(axis=1) / weights.sum(axis=1)
        held = weights @ member
        shares = (weights * y) @ member / np.where(held > 0, held, np.nan)
        return np.column_stack([risk_of(theta @ grid_columns.T), distance, shares])

    values, drawn = bootstrapped(curve, weight, patient, draws=draws, seed=seed)
    found = estimates(values, drawn)
    table = pd.DataFrame({"predicted": risk_of(grid), **_observed(found[:_CURVE_POINTS])})
    ici = found[_CURVE_POINTS]
    people = [len(np.unique(patient[column > 0])) for column in member.T]
    groups = pd.DataFrame(
        {
            "rows": member.sum(axis=0).astype(int),
            "predicted": (weight * risk) @ member / (weight @ member),
            **_observed(list(map(with_room, found[_CURVE_POINTS + 1 :], people))),
        }
    )
    return table, groups, {"ici": ici.value, "ici_low": ici.low, "ici_high": ici.high}


def _observed(found: Sequence[Estimate]) -> dict[str, list[float]]:
    return {
        "observed": [e.value for e in found],
        "low": [e.low for e in found],
        "high": [e.high for e in found],
    }


def _groups_of_risk(risk: Floats, patient: Codes) -> Codes:
    """The group of rising risk of each row; fewer groups where there are few patients."""
    bins = max(2, min(_BINS, len(np.unique(patient)) // 20))
    edges = np.unique(np.quantile(risk, np.linspace(0, 1, bins + 1)[1:-1]))
    return np.searchsorted(edges, risk, side="right").astype(np.int64)


def calibration_by_landmark(
    rows: Examples, one: Contender, landmarks: Sequence[Subset], *, draws: int, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The curve and the groups of `calibration` at each landmark with patients of both classes.

    Returns
    -------
    curve : DataFrame
        ``subset, patients, events, predicted, observed, low, high``.
    groups : DataFrame
        ``subset, rows, predicted, observed, low, high``.
    """
    curves: list[pd.DataFrame] = []
    groups: list[pd.DataFrame] = []
    for landmark in landmarks:
        kept = landmark.rows & rows.known & ~np.isnan(one.risk)
        events, others = patients_by_class(rows.y[kept], rows.patient[kept])
        if min(events, others) < FEWEST:
            continue
        there = Contender(one.name, one.risk[kept], one.rank[kept], one.how)
        curve, own, _ = calibration(rows.take(kept), there, draws=draws, seed=seed)
        if len(curve):
            for table, found in ((curve, curves), (own, groups)):
                table.insert(0, "subset", landmark.name)
                found.append(table)
            curve.insert(1, "patients", events + others)
            curve.insert(2, "events", events)
    return _joined(curves), _joined(groups)


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
