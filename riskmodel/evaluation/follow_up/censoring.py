"""Inverse-probability-of-censoring weights, for patients who were not watched to their outcome."""

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

from riskmodel.arrays import Codes, Flags, Floats
from riskmodel.cohort import Cohort
from riskmodel.evaluation.follow_up.history import history
from riskmodel.evaluation.follow_up.labelling import Labels
from riskmodel.evaluation.follow_up.remaining import Hazard, fit_hazard, remaining_chance
from riskmodel.evaluation.follow_up.watching import (
    CENSORED,
    LONGEST_GAP_HOURS,
    Followed,
    Watch,
    ends,
)

LARGEST_WEIGHT = 10.0
"""Weights are held below this, so that one late patient never stands for a tenth of a cohort."""


LARGEST_REST = 0.25
"""Chance of an onset after watching ended up to which a row still counts: this project's choice. A
row that is likelier to hide an onset says too little of what it would have shown."""


def still_followed(hours: Floats, censored: Flags, at: Floats) -> Floats:
    """Kaplan-Meier probability that follow-up has not ended before each time of `at`.

    Parameters
    ----------
    hours : array of shape (n,)
        When each patient's observation ended, by censoring or by an outcome.
    censored : bool array of shape (n,)
        Whether it ended because follow-up did.
    at : array of shape (m,)

    Returns
    -------
    array of shape (m,)
        The left limit: a patient censored exactly at a time still counts as followed there.

    Examples
    --------
    >>> ended = np.array([10.0, 20.0, 30.0, 40.0])
    >>> still_followed(ended, np.array([True, False, False, False]), np.array([10.0, 11.0]))
    array([1.  , 0.75])
    """
    times = np.unique(hours[censored])
    if len(times) == 0:
        return np.ones(len(at))
    at_risk = len(hours) - np.searchsorted(np.sort(hours), times, side="left")
    ended = np.bincount(np.searchsorted(times, hours[censored]), minlength=len(times))
    survival = np.concatenate([[1.0], np.cumprod(1.0 - ended / at_risk)])
    return np.asarray(survival[np.searchsorted(times, at, side="left")])


def censoring_weights(hours: Floats, censored: Flags, start: float, known: Flags) -> Floats:
    """Weight of each patient whose outcome is known, given follow-up up to `start`.

    Parameters
    ----------
    hours, censored : arrays of shape (n,)
        As in `still_followed`, of the patients at risk at `start`.
    start : float
        The prediction time.
    known : bool array of shape (n,)
        Whose outcome is known; the others get 0.
    """
    end = still_followed(hours, censored, hours)
    begin = still_followed(hours, censored, np.array([start]))[0]
    weight = np.where(known, begin / np.maximum(end, 1e-12), 0.0)
    return np.asarray(np.minimum(weight, LARGEST_WEIGHT))


@dataclass(frozen=True)
class Weights:
    """Weights of q rows, arrays of shape (q,).

    Attributes
    ----------
    row : float64 array
        One over the chance that the row was watched as far as it was; 0 where its outcome stays
        open. Of a censored row that is completed the share without an onset is left.
    event : float64 array
        What an onset of the row's prediction time counts besides: at least 1, for the onsets in the
        time that nobody watched.
    rest : float64 array
        Chance of an onset after watching ended, NaN where the outcome is known.
    """

    row: Floats
    event: Floats
    rest: Floats


def history_weights(
    cohort: Cohort,
    labels: Labels,
    watch: Watch,
    rows: tuple[Codes, Floats],
    after: Followed,
) -> Weights:
    """Weights of rows some of which were not watched to their outcome.

    What was not watched has a chance of an onset, learnt from those who were watched longer
    (`riskmodel.evaluation.follow_up.remaining`). Up to `LARGEST_REST` the row counts as one without
    an onset, less that chance, which the onsets seen from the same prediction time carry instead.
    Beyond it the row is left out, and those who were watched on from the like moment carry it: one
    over the chance of being watched on, by a ridge logistic on what was known then, so that the
    sicker, who are drawn more often, do not stand for the others.

    Parameters
    ----------
    cohort : Cohort
    labels : Labels
    watch : Watch
    rows : (int64 array, float64 array) of shape (q,)
        Patient and prediction time.
    after : Followed
        What became of them.
    """
    patient, hours = rows
    horizon = labels.horizon
    known = ~np.isin(after.outcome, CENSORED)
    rest = np.full(len(patient), np.nan)
    if known.all():
        return Weights(np.ones(len(patient)), np.ones(len(patient)), rest)
    hazard = fit_hazard(cohort, watch, labels.table, horizon)
    rest[~known] = remaining_chance(
        cohort, watch, hazard, patient[~known], after.end[~known], horizon
    )
    open_rows = rest > LARGEST_REST
    row = np.where(known, 1.0, np.where(open_rows, 0.0, 1.0 - rest))
    if open_rows.any():
        row /= _watched_chance(cohort, labels, watch, hazard, rows, after, open_rows)
    event = np.ones(len(patient))
    for time in np.unique(hours):
        here = hours == time
        seen = (row * after.part)[here & (after.outcome == "event")].sum()
        missed = (row / np.maximum(1 - rest, 1e-9) * rest)[here & (rest <= LARGEST_REST)].sum()
        event[here] = np.minimum(1 + missed / max(seen, 1e-9), LARGEST_WEIGHT) if seen else 1.0
    return Weights(row, event, rest)


def _watched_chance(
    cohort: Cohort,
    labels: Labels,
    watch: Watch,
    hazard: Hazard,
    rows: tuple[Codes, Floats],
    after: Followed,
    open_rows: Flags,
) -> Floats:
    """Chance that a row was watched as far as it was, at least one over `LARGEST_WEIGHT`."""
    patient, hours = rows
    onset, ended = ends(labels.table)
    last = labels.horizon - watch.window
    tried = (watch.hours >= hours.min(initial=0.0)) & (watch.hours < last)
    tried &= watch.hours < np.minimum(onset, ended)[watch.patient]
    stops = tried & (watch.until_break == np.arange(len(watch.hours)))
    stops &= np.minimum(onset, ended)[watch.patient] - watch.hours > LONGEST_GAP_HOURS
    chance = remaining_chance(
        cohort, watch, hazard, watch.patient[stops], watch.hours[stops], labels.horizon
    )
    stops[stops] = chance > LARGEST_REST
    starts = hours < last
    stopped = (open_rows & (after.end <= hours))[starts]
    broken = np.concatenate([stopped, stops[tried]])
    if not broken.any() or broken.all():
        return np.ones(len(patient))
    X = history(
        cohort,
        watch,
        np.concatenate([patient[starts], watch.patient[tried]]),
        np.concatenate([hours[starts], watch.hours[tried]]),
    )
    X = (X - X.mean(axis=0)) / np.maximum(X.std(axis=0), 1e-9)
    stays = LogisticRegression(max_iter=500).fit(X, broken).predict_log_proba(X)[:, 0]
    start = np.zeros(len(patient))
    start[starts] = stays[: len(stopped)]
    # Every moment's chance, added up over a row: from its first moment to the last before its end.
    each = np.zeros(len(watch.hours))
    each[tried] = stays[len(stopped) :]
    summed = np.concatenate([[0.0], np.cumsum(each)])
    place, _ = watch.after(patient, hours)
    through = watch.last(patient, np.nextafter(after.end, -np.inf))[0] + 1
    found = np.exp(start + summed[np.maximum(through, place)] - summed[place])
    return np.asarray(np.maximum(found, 1.0 / LARGEST_WEIGHT))
