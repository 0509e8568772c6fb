"""Correction of apparent figures for optimism, and .632+, from models on draws of patients.

For small cohorts: every patient is in the fit of the model, and the price of having looked at it is
estimated by doing the same on draws of patients with replacement.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from riskmodel.arrays import Codes, Floats
from riskmodel.evaluation.measures.metrics import METRICS, logit_of, risk_of
from riskmodel.evaluation.rows import Examples
from riskmodel.evaluation.splits import Maker, Split

_RANDOM: Mapping[str, float] = {"auroc": 0.5, "scaled_brier": 0.0, "calibration_slope": 0.0}
"""Value of a figure without any information, where it does not depend on the outcomes."""
_PAIRS = 200_000
_HIGHER_IS_BETTER = ("auroc", "auprc", "scaled_brier", "calibration_slope")


def _every(examples: Examples, logit: Floats, rows: Codes) -> dict[str, float]:
    kept = rows[examples.known[rows] & ~np.isnan(logit)]
    z = logit[examples.known[rows] & ~np.isnan(logit)]
    y, weight = examples.y[kept].astype(np.float64), examples.weight[kept][None, :]
    if len(np.unique(y)) < 2:
        return dict.fromkeys(METRICS, np.nan)
    z = logit_of(risk_of(z))
    return {name: float(metric(y, z, weight)[0]) for name, metric in METRICS.items()}


def _uninformed(examples: Examples, logit: Floats, seed: int) -> dict[str, float]:
    """Each figure when risks and outcomes are paired at random (Efron and Tibshirani 1997)."""
    known = np.flatnonzero(examples.known)
    rng = np.random.default_rng(seed)
    weight = examples.weight[known] / examples.weight[known].sum()
    one, two = (rng.choice(known, size=_PAIRS, p=weight) for _ in range(2))
    y, even = examples.y[one].astype(np.float64), np.ones((1, _PAIRS))
    z = logit_of(risk_of(logit[two]))
    named = {n: float(METRICS[n](y, z, even)[0]) for n in METRICS if n not in _RANDOM}
    return {**named, **_RANDOM}


def point_632(apparent: float, outside: float, uninformed: float, higher_is_better: bool) -> float:
    """The .632+ estimate of one figure (Efron and Tibshirani 1997, equations 29 to 32).

    Examples
    --------
    >>> round(point_632(0.1, 0.3, 0.5, higher_is_better=False), 4)
    0.2549
    >>> point_632(0.2, 0.2, 0.5, higher_is_better=False)
    0.2
    """
    sign = -1.0 if higher_is_better else 1.0
    err, out, none = sign * apparent, sign * outside, sign * uninformed
    out = min(out, none)
    rate = (out - err) / (none - err) if out > err and none > err else 0.0
    share = 0.632 / (1 - 0.368 * rate)
    return sign * ((1 - share) * err + share * out)


def corrected(
    examples: Examples, maker: Maker, splits: Sequence[Sequence[Split]], *, seed: int
) -> tuple[pd.DataFrame, Floats]:
    """Apparent figures, their optimism, and both corrections.

    Parameters
    ----------
    examples : Examples
    maker : Maker
        Fitted once to all rows and once to each draw, every choice made anew in each.
    splits : sequence of sequence of Split
        Of the scheme bootstrap: what was drawn, and the rows of patients who were not.
    seed : int
        Of the random pairs that stand for no information.

    Returns
    -------
    table : DataFrame
        ``metric, apparent, optimism, corrected, outside, point_632``. `optimism` is the mean, over
        draws, of the figure on the draw minus that on all rows (Harrell 1996); `corrected` is
        apparent minus it; `outside` the figure of the log-odds averaged over the models that did
        not see the patient; `point_632` the .632+ estimate, empty for intercept and E/O, which have
        no worst value.
    outside : array of shape (n,)
        Log-odds of each row from the models that did not see its patient.
    """
    everyone = np.arange(len(examples.y))
    whole = maker.log_odds(maker.fitted(examples, everyone), examples, everyone)
    apparent = _every(examples, whole, everyone)
    total, asked = np.zeros(len(everyone)), np.zeros(len(everyone))
    gaps: list[dict[str, float]] = []
    for split in (one for each in splits for one in each):
        logit = maker.log_odds(maker.fitted(examples, split.train), examples, everyone)
        if np.isnan(logit).all():
            continue
        drawn = _every(examples, logit[split.train], split.train)
        back = _every(examples, logit, everyone)
        gaps.append({name: drawn[name] - back[name] for name in METRICS})
        total[split.test] += logit[split.test]
        asked[split.test] += 1
    with np.errstate(invalid="ignore"):
        averaged = np.where(asked > 0, total / np.maximum(asked, 1), np.nan)
    outside = _every(examples, averaged, everyone)
    none = _uninformed(examples, whole, seed)
    rows = []
    for name in METRICS:
        values = np.array([gap[name] for gap in gaps])
        optimism = float(np.nanmean(values)) if np.isfinite(values).any() else np.nan
        point = (
            np.nan
            if name in ("calibration_intercept", "expected_over_observed")
            else point_632(apparent[name], outside[name], none[name], name in _HIGHER_IS_BETTER)
        )
        rows.append(
            (name, apparent[name], optimism, apparent[name] - optimism, outside[name], point)
        )
    columns = ["metric", "apparent", "optimism", "corrected", "outside", "point_632"]
    return pd.DataFrame(rows, columns=columns), averaged
