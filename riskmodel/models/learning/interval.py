"""The interval of each risk: spread of the bag, the base rate, and what is missing."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import t as student

from riskmodel.arrays import Flags, Floats, expit, row_sums
from riskmodel.errors import SchemaError
from riskmodel.models.learning.factors import by_factor

SMALLEST_SHARE = 1e-6
"""Squared share of the variance below which a normal distribution is as good."""


UNSEEN_SHARE = 0.2
"""Variance of the log-odds between patients who look alike to a model, as a share of the variance
that it shows. Chosen on simulated worlds (docs/model.md), where that is 0 to 0.6."""

EXPECTED_BETWEEN = 1.6
"""Variance of the log-odds between patients, where risk differs at all: an AUROC of about 0.81. A
model of few events that shows less has not learnt it, and what it does not show stays between
patients who look alike to it. Chosen on simulated worlds (docs/model.md), where it is 1.1 to 3."""

EVENTS_THAT_TELL = 10.0
"""Events at which half of that expectation is given up for what the model shows."""

LEAST_SIGNAL = 0.05
"""A smaller probability of a signal counts as this: a division by next to nothing tells nothing."""

CENTRE_SD = 0.25
"""How far the log-odds of all patients of one centre may lie from those of another: at a level of
0.9, odds 1.5 times higher or lower. Published series of one product differ twofold, mixes and
definitions included (EVIDENCE.md D.1)."""


def interval(
    centre: Floats, draws: Floats, others: Floats, level: float, unseen: Floats | None = None
) -> tuple[Floats, Floats]:
    """Lower and upper probability around log-odds.

    A risk is the mean of the probabilities of all patients who look alike to the model. Where
    these differ, most have less than the mean and a few much more: the log-odds of the mean stand
    above those in the middle by half their variance, for a small risk (of a logit-normal variable).

    Parameters
    ----------
    centre : float64[n]
        Log-odds of the risk.
    draws : float64[n, m]
        Log-odds of the bag's draws.
    others : float64[n]
        Variance that the bag does not show.
    level : float
        Coverage aimed at, between 0 and 1.
    unseen : float64[n], optional
        The part of `others` by which patients who look alike differ; none by default.

    Raises
    ------
    SchemaError
        When `level` is not between 0 and 1.
    """
    if not 0.0 < level < 1.0:
        raise SchemaError(f"Interval level is {level}. Allowed: between 0 and 1. Use 0.9.")
    m = draws.shape[1]
    away = draws - (row_sums(draws) / m)[:, None]
    bag = row_sums(away**2) / max(m - 1, 1)
    variance = bag + others
    # Only the bag's part of the variance is estimated from few draws (Satterthwaite 1946).
    share = np.divide(bag, variance, out=np.zeros_like(bag), where=variance > 0)
    freedom = max(m - 1, 1) / np.maximum(share**2, SMALLEST_SHARE)
    reach = student.ppf(0.5 + level / 2.0, freedom) * np.sqrt(variance)
    away_from_mean = np.zeros(len(centre)) if unseen is None else unseen / 2.0
    shift = (1.0 - 2.0 * expit(centre)) * np.minimum(away_from_mean, reach / 2.0)
    return expit(centre - shift - reach), expit(centre - shift + reach)


def risk_interval(
    log_odds: Floats,
    draws: Floats,
    level: float,
    *,
    missing: Floats,
    between: float,
    departure: Floats,
    slope_sd: float,
    signal: float,
    patients: int,
    events: int,
) -> tuple[Floats, Floats]:
    """Lower and upper probability of rows of a fitted model.

    Parameters
    ----------
    log_odds : float64[n]
    draws : float64[n, m]
        Log-odds of the bag's draws.
    level : float
        Coverage aimed at, between 0 and 1.
    missing : float64[n]
        Variance for what is missing; see `missing_variance`.
    between : float
        Variance of the log-odds that the model shows between patients.
    departure : float64[n]
        Of each row's log-odds from the base rate at its time.
    slope_sd : float
        Standard deviation of the calibration slope, relative to it.
    signal : float
        Probability that the features tell anything, by which the departures are drawn to nothing:
        with it they are 1 / `signal` of what is shown, else none. The variance of that mixture is
        what each has, over `signal`, and how far the two lie apart.
    patients, events : int
        Of the training rows: how exact the base rate is.
    """
    signal = max(signal, LEAST_SIGNAL)
    shown = between / signal**2
    lacking = (EXPECTED_BETWEEN - shown) * EVENTS_THAT_TELL / (EVENTS_THAT_TELL + events)
    alike = signal * max(UNSEEN_SHARE * shown, lacking)
    unseen = missing / signal + alike
    others = unseen + 1.0 / events + 1.0 / max(patients - events, 1)
    others += CENTRE_SD**2 + departure**2 * (slope_sd**2 + 1.0 - signal) / signal
    # Of the draws only their spread counts.
    return interval(log_odds, draws / np.sqrt(signal), others, level, unseen)


def missing_variance(
    missing: Flags,
    spread: Floats,
    names: Sequence[str],
    groups: Mapping[str, str],
) -> Floats:
    """Variance of the log-odds for what is missing, float64[n].

    A clinical factor's missing inputs are taken to move together, factors as independent.

    Parameters
    ----------
    missing : bool[n, p]
    spread : float64[p]
        Standard deviation of each feature's contribution.
    names : sequence of str
    groups : mapping of str to str
        Clinical factor of a feature; a feature without one is its own factor.
    """
    together = by_factor(missing * spread, names, groups)
    return np.asarray(sum((part**2 for part in together.values()), np.zeros(len(missing))))
