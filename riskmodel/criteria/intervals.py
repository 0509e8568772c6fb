"""Where results and findings stand in time: moments, samples, and what came before what.

Everything is a flat array sorted by patient, then hour; no function loops over patients.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import pandas as pd

from riskmodel.arrays import Codes, Flags, Floats, States
from riskmodel.cohort import EXACT, Cohort
from riskmodel.criteria.truth import Intervals, intervals

T = TypeVar("T", States, Floats, Flags)


@dataclass(frozen=True)
class Moments:
    """The times at which anything was recorded of a patient, each once.

    Attributes
    ----------
    patients : int
        Number of patients, those without any record included.
    patient : int64 array of shape (m,)
        Patient codes, sorted.
    hours : float64 array of shape (m,)
        Hours from the infusion, sorted within a patient.
    """

    patients: int
    patient: Codes
    hours: Floats

    @cached_property
    def _clock(self) -> Floats:
        return np.unique(self.hours)

    def keys(self, patient: Codes, hours: Floats) -> Codes:
        """Integers that sort as (patient, hours), equal times at the same integer."""
        ticks = np.searchsorted(self._clock, hours, side="right")
        return np.asarray(patient * (len(self._clock) + 1) + ticks, dtype=np.int64)

    def latest(self, records: Codes, asked: Codes) -> Codes:
        """Position of the last record at or before each asked time, -1 where there is none.

        Parameters
        ----------
        records : int64 array of shape (k,)
            `keys` of some of the moments, sorted.
        asked : int64 array of shape (q,)
            `keys` of any times.
        """
        found = np.asarray(np.searchsorted(records, asked, side="right") - 1, dtype=np.int64)
        if len(records):
            period = len(self._clock) + 1
            found[(found >= 0) & (records[found] // period != asked // period)] = -1
        return found


def moments(cohort: Cohort) -> Moments:
    """Unique (patient, hours) pairs over labs and events."""
    pieces = [_thinned(table) for table in (cohort.labs, cohort.events)]
    patient = np.concatenate([piece[0] for piece in pieces])
    hours = np.concatenate([piece[1] for piece in pieces])
    order = np.lexsort((hours, patient))
    patient, hours = patient[order], hours[order]
    kept = changes(patient, hours)
    return Moments(len(cohort), patient[kept], hours[kept])


def _thinned(table: pd.DataFrame) -> tuple[Codes, Floats]:
    """Times of a table without repetitions in consecutive rows, which are most of its rows."""
    patient = table["patient"].to_numpy(dtype=np.int64)
    hours = table["hours"].to_numpy(dtype=np.float64)
    kept = changes(patient, hours)
    return patient[kept], hours[kept]


def changes(*columns: Codes | Floats) -> Flags:
    """Rows that differ from the row before in any column."""
    changed = np.ones(len(columns[0]), dtype=bool)
    if len(changed):
        changed[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    return changed


@dataclass(frozen=True)
class Samples:
    """Results of one analyte, one per patient and time.

    Attributes
    ----------
    patient, hours : arrays of shape (k,)
        Sorted.
    interval : Intervals of shape (k,)
        What is known of the value.
    value : float64 array of shape (k,)
        The value to show; the bound itself where only a bound is known.
    reference_high, reference_low : float64 arrays of shape (k,)
        Upper and lower limit of normal as given, NaN where not.
    """

    patient: Codes
    hours: Floats
    interval: Intervals
    value: Floats
    reference_high: Floats
    reference_low: Floats

    def __len__(self) -> int:
        return len(self.patient)

    def where(self, kept: Flags) -> "Samples":
        """Only the samples that are kept."""
        inside = self.interval
        return Samples(
            self.patient[kept],
            self.hours[kept],
            Intervals(
                inside.low[kept],
                inside.high[kept],
                inside.low_open[kept],
                inside.high_open[kept],
            ),
            self.value[kept],
            self.reference_high[kept],
            self.reference_low[kept],
        )


def lab_samples(cohort: Cohort, analyte: str) -> Samples:
    """Samples of one analyte, in its canonical unit.

    Exact results at one time become their mean. Where bounds (``<``, ``>``) stand beside them, the
    sample is the smallest interval that holds them all, so that a comparison is decided only
    where all of them agree. Of several reference limits at one time the widest are used: the
    highest upper and the lowest lower one.
    """
    chosen = cohort.labs[(cohort.labs["analyte"] == analyte).to_numpy(dtype=bool)]
    patient = chosen["patient"].to_numpy(dtype=np.int64)
    hours = chosen["hours"].to_numpy(dtype=np.float64)
    value = chosen["value"].to_numpy(dtype=np.float64)
    comparator = chosen["comparator"].to_numpy(dtype=np.int8)
    reference = chosen["reference_high"].to_numpy(dtype=np.float64)
    reference = np.where(reference > 0, reference, -np.inf)
    lower = chosen["reference_low"].to_numpy(dtype=np.float64)
    lower = np.where(lower > 0, lower, np.inf)

    order = np.lexsort((-reference, comparator, value, hours, patient))
    every = changes(patient[order], hours[order])
    lowest = np.minimum.reduceat(lower[order], np.flatnonzero(every)) if len(order) else lower
    kept = order[changes(patient[order], hours[order], value[order], comparator[order])]
    patient, hours, value = patient[kept], hours[kept], value[kept]
    comparator, reference = comparator[kept], reference[kept]
    first = changes(patient, hours)
    start, group = np.flatnonzero(first), np.cumsum(first) - 1

    exact = comparator == EXACT
    count = np.add.reduceat(exact.astype(np.int64), start) if len(start) else start
    total = np.add.reduceat(np.where(exact, value, 0.0), start) if len(start) else value
    mean = total / np.maximum(count, 1)
    single = intervals(np.where(exact, mean[group], value), comparator)
    highest = np.maximum.reduceat(reference, start) if len(start) else reference
    return Samples(
        patient[start],
        hours[start],
        _hull(single, start, group),
        np.where(count > 0, mean, value[start]),
        np.where(np.isfinite(highest), highest, np.nan),
        np.where(np.isfinite(lowest), lowest, np.nan),
    )


def _hull(single: Intervals, start: Codes, group: Codes) -> Intervals:
    """Smallest interval that holds each group; an end is open if all that reach it are open."""
    if not len(start):
        return single
    low = np.minimum.reduceat(single.low, start)
    high = np.maximum.reduceat(single.high, start)
    low_open = np.logical_and.reduceat(single.low_open | (single.low != low[group]), start)
    high_open = np.logical_and.reduceat(single.high_open | (single.high != high[group]), start)
    return Intervals(low, high, low_open, high_open)


def previous(values: T, patient: Codes, fill: float, steps: int = 1) -> T:
    """Value `steps` samples earlier of the same patient, `fill` where there is none."""
    if steps == 0:
        return values
    earlier = np.full_like(values, fill)
    same = patient[steps:] == patient[:-steps]
    earlier[steps:] = np.where(same, values[:-steps], fill)
    return earlier


def running_max(values: T, patient: Codes) -> T:
    """Highest value so far of the same patient, the sample itself included."""
    return pd.Series(values).groupby(patient, sort=False).cummax().to_numpy(dtype=values.dtype)
