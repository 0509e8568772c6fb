"""The chance of an onset in the time that nobody watched, from those who were watched longer.

A discrete-time hazard: each day on which a patient is at risk and watched is a row, an onset that
was found at the end of a gap counts for each day of the gap in part. What is known on the day tells
the sicker from the others, and the days since the last decisive moment tell whether draws come
because of an onset: where none is ever found at the end of a long gap, a long gap itself speaks
against it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from riskmodel.arrays import Codes, Floats
from riskmodel.cohort import Cohort
from riskmodel.evaluation.follow_up.history import AGO, CLOCK, ago, clock, history
from riskmodel.evaluation.follow_up.watching import Watch, ends

_DAY = 24.0


@dataclass(frozen=True)
class Hazard:
    """A fitted hazard per day.

    Attributes
    ----------
    model : LogisticRegression or None
        None where no onset was seen: the chance is then 0.
    centre, spread : float64 arrays of shape (c,)
        Of the columns of `history`.
    """

    model: LogisticRegression | None
    centre: Floats
    spread: Floats

    def remaining(self, X: Floats, hours: Floats, horizon: float) -> Floats:
        """Chance of an onset between each hour and the horizon, with nothing more known.

        Parameters
        ----------
        X : array of shape (q, c)
            `history` at the hours.
        hours : array of shape (q,)
        horizon : float
            Hours.
        """
        stays = np.zeros(len(hours))
        if self.model is None or not len(hours):
            return stays
        for step in range(int(np.ceil((horizon - hours.min()) / _DAY))):
            left = np.clip((horizon - hours) / _DAY - step, 0.0, 1.0)
            open_rows = np.flatnonzero(left > 0)
            later = X[open_rows].copy()
            later[:, CLOCK] = clock(hours[open_rows] / _DAY + step)
            later[:, AGO] = ago(X[open_rows, AGO.stop - 1] + step)
            scaled = (later - self.centre) / self.spread
            stays[open_rows] += left[open_rows] * self.model.predict_log_proba(scaled)[:, 0]
        return np.asarray(-np.expm1(stays))


def fit_hazard(cohort: Cohort, watch: Watch, labels: pd.DataFrame, horizon: float) -> Hazard:
    """Learn the hazard of an onset from every day that was watched.

    Parameters
    ----------
    cohort : Cohort
    watch : Watch
    labels : DataFrame
        Of `riskmodel.criteria.label`, one row per patient.
    horizon : float
        Hours.
    """
    everyone = np.arange(len(cohort))
    onset, ended = ends(labels)
    place, _ = watch.after(everyone, np.zeros(len(cohort)))
    seen = np.zeros(len(cohort))
    there = watch.after(everyone, seen)[1] < np.inf
    seen[there] = watch.hours[watch.until_break[place[there]]]
    found = (onset <= seen) & (onset <= ended)
    before = np.zeros(len(cohort))
    before[found] = np.maximum(
        watch.last(everyone[found], np.nextafter(onset[found], -np.inf))[1], 0.0
    )
    stop = np.where(found, onset, np.minimum(seen, ended))
    days = np.ceil(np.minimum(stop, horizon) / _DAY).astype(np.int64)
    patient = np.repeat(everyone, days)
    day = np.arange(len(patient)) - np.repeat(np.cumsum(days) - days, days)
    start = day.astype(np.float64) * _DAY
    close = start + _DAY
    inside = np.minimum(close, onset[patient]) - np.maximum(start, before[patient])
    wide = np.where(found, np.maximum(onset - before, 1e-9), 1.0)[patient]
    mass = np.where(found[patient], np.clip(inside / wide, 0.0, 1.0), 0.0)
    # Of an onset's interval the days before it are at risk as far as it had not come yet.
    gone = np.where(found[patient], np.clip((start - before[patient]) / wide, 0.0, 1.0), 0.0)
    X = history(cohort, watch, patient, start)
    centre, spread = X.mean(axis=0), np.maximum(X.std(axis=0), 1e-9)
    hit, free = mass > 0, 1 - gone - mass > 1e-9
    if not hit.any():
        return Hazard(None, centre, spread)
    scaled = (X - centre) / spread
    rows = np.concatenate([scaled[hit], scaled[free]])
    y = np.repeat([1, 0], [int(hit.sum()), int(free.sum())])
    weight = np.concatenate([mass[hit], (1 - gone - mass)[free]])
    return Hazard(LogisticRegression(max_iter=500).fit(rows, y, weight), centre, spread)


def remaining_chance(
    cohort: Cohort, watch: Watch, hazard: Hazard, patient: Codes, hours: Floats, horizon: float
) -> Floats:
    """Chance of an onset between each time and the horizon, by what is known at the time."""
    return hazard.remaining(history(cohort, watch, patient, hours), hours, horizon)
