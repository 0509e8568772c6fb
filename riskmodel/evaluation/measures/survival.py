"""Discrimination and error over time, with inverse-probability-of-censoring weights.

Cases at a time t are patients with an onset in (landmark, t]; controls are those without one by t,
among them patients with a competing outcome (Blanche 2013, definition of controls ii). The weights
are those of Uno 2007 and Graf 1999: one over the probability of still being followed, at the
outcome for those who had one, at t for the others.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from riskmodel.arrays import Codes, Flags, Floats
from riskmodel.evaluation.follow_up.censoring import still_followed
from riskmodel.evaluation.follow_up.watching import CENSORED
from riskmodel.evaluation.measures.bootstrap import bootstrapped, estimates
from riskmodel.evaluation.measures.comparators import Contender
from riskmodel.evaluation.measures.estimates import FEWEST
from riskmodel.evaluation.measures.metrics import auroc, brier, logit_of, scaled_brier
from riskmodel.evaluation.rows import Examples

DAYS = (5, 7, 10, 14)
"""Ends of the time at risk that are looked at, besides the horizon; only those after a landmark."""


def status_at(end: Floats, onset: Flags, lost: Flags, at: float) -> tuple[Floats, Floats]:
    """Case or control at a time, and the censoring weight of each patient.

    Parameters
    ----------
    end : array of shape (n,)
        When each patient's onset, competing outcome or end of observation came, on one clock.
    onset, lost : bool arrays of shape (n,)
        Whether that was the onset, or follow-up ending; otherwise it is a competing outcome, or
        the horizon.
    at : float
        The time looked at.

    Returns
    -------
    case : array of shape (n,)
        1 with an onset up to and including `at`, else 0.
    weight : array of shape (n,)
        0 for those lost before `at`.
    """
    over = end <= at
    case = (over & onset).astype(np.float64)
    followed = still_followed(end, lost, np.where(over, end, at))
    return case, np.where(over & lost, 0.0, 1.0 / np.maximum(followed, 1e-12))


def time_dependent(
    rows: Examples,
    contenders: Sequence[Contender],
    horizon_days: float,
    *,
    draws: int,
    seed: int,
) -> pd.DataFrame:
    """Time-dependent AUC and Brier score of each contender, landmark by landmark.

    The Brier score is given at the horizon alone, because the risks are of an onset before it;
    the AUC asks at every time whether those with an onset so far had the higher risks. Weights are
    held fixed in the bootstrap.

    Returns
    -------
    DataFrame
        ``model, landmark_day, by_day, patients, cases, metric, value, low, high``.
    """
    found = []
    horizon = 24.0 * horizon_days
    for landmark in np.unique(rows.hours):
        here = (rows.hours == landmark) & ~np.isnan(rows.end)
        times = sorted({24.0 * d for d in DAYS if landmark < 24 * d < horizon} | {horizon})
        for at in times:
            for one in contenders:
                own = here & ~np.isnan(one.rank)
                case, weight = status_at(
                    rows.end[own],
                    rows.outcome[own] == "event",
                    np.isin(rows.outcome[own], CENSORED),
                    at,
                )
                weight = weight * rows.part[own]
                about = (one.name, landmark / 24, at / 24, int(own.sum()), int(case.sum()))
                for name, value in _at(
                    case, weight, one.rank[own], one.risk[own], rows.patient[own],
                    at == horizon, draws, seed,
                ):  # fmt: skip
                    found.append((*about, name, *value))
    columns = ["model", "landmark_day", "by_day", "patients", "cases", "metric"]
    return pd.DataFrame(found, columns=[*columns, "value", "low", "high"])


def _at(
    case: Floats,
    weight: Floats,
    rank: Floats,
    risk: Floats,
    patient: Codes,
    at_horizon: bool,
    draws: int,
    seed: int,
) -> list[tuple[str, tuple[float, float, float]]]:
    """Each figure of one time; not estimable below the fewest cases and controls."""
    names = ["auc"]
    if at_horizon and not np.isnan(risk).any():
        names += ["brier", "scaled_brier"]
    cases, controls = int(case.sum()), int(((case == 0) & (weight > 0)).sum())
    if min(cases, controls) < FEWEST:
        return [(name, (np.nan, np.nan, np.nan)) for name in names]
    logit = logit_of(risk)

    def every(weights: Floats) -> Floats:
        figures = [auroc(case, rank, weights)]
        if len(names) > 1:
            figures += [brier(case, logit, weights), scaled_brier(case, logit, weights)]
        return np.column_stack(figures)

    kept = weight > 0
    case, rank, logit = case[kept], rank[kept], logit[kept]
    values, drawn = bootstrapped(every, weight[kept], patient[kept], draws=draws, seed=seed)
    each = estimates(values, drawn)
    return [(n, (e.value, e.low, e.high)) for n, e in zip(names, each, strict=True)]
