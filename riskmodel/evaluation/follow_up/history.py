"""What is known of a patient at a time, for the chance that it goes on being watched."""

import numpy as np

from riskmodel.arrays import Codes, Floats
from riskmodel.cohort import Cohort
from riskmodel.evaluation.follow_up.watching import Watch

ANALYTES = ("ferritin", "crp", "ldh", "platelets")
"""Results by which the sicker are told, each as its last value on a logarithmic scale."""
HINGES = (4.0, 7.0, 10.0, 14.0, 21.0)
"""Days at which the chance of a further draw may change its course: it falls at discharge."""
LONGEST_AGO = 10.0
"""Days; a decisive moment longer ago than this counts as so long ago."""
CLOCK = slice(0, 1 + len(HINGES))
AGO = slice(1 + len(HINGES), 4 + len(HINGES))
"""Columns of `history` that go on by themselves: the time, and the days since the last moment."""


def ago(days: Floats) -> Floats:
    """Days since the last decisive moment and its bends, as columns."""
    return np.column_stack([np.minimum(days, most) for most in (1.5, 4.0, LONGEST_AGO)])


def clock(day: Floats) -> Floats:
    """Time and its bends, as columns."""
    return np.column_stack([day, *(np.maximum(day - hinge, 0.0) for hinge in HINGES)])


def history(cohort: Cohort, watch: Watch, patient: Codes, hours: Floats) -> Floats:
    """Columns that may tell whether watching goes on, known at each time.

    Parameters
    ----------
    cohort : Cohort
    watch : Watch
    patient, hours : arrays of shape (q,)

    Returns
    -------
    array of shape (q, c)
        Time and its bends, days since the last decisive moment, signs met then, the highest CRS
        grade so far, and the last value of `ANALYTES` with whether there is one. Without NaN.
    """
    when = watch.timeline.moments
    asked = when.keys(patient, hours)
    day = hours / 24
    place, last = watch.last(patient, hours)
    met = np.where(np.isfinite(last), watch.signs_met[np.maximum(place, 0)], 0.0)
    columns = [*clock(day).T, *ago(day - last / 24).T, met]
    events = cohort.events[(cohort.events["event"] == "crs").to_numpy()]
    columns.append(_highest(events["patient"].to_numpy(np.int64),
                            when.keys(events["patient"].to_numpy(np.int64),
                                      events["hours"].to_numpy(np.float64)),
                            events["grade"].to_numpy(np.float64), patient, asked))  # fmt: skip
    labs = cohort.labs
    for analyte in ANALYTES:
        own = labs[(labs["analyte"] == analyte).to_numpy() & labs["value"].notna().to_numpy()]
        keys = when.keys(own["patient"].to_numpy(np.int64), own["hours"].to_numpy(np.float64))
        order = np.argsort(keys, kind="stable")
        found = when.latest(keys[order], asked)
        value = own["value"].to_numpy(np.float64)[order]
        there = found >= 0
        level = np.zeros(len(asked))
        level[there] = np.log10(np.maximum(value[found[there]], 1e-3))
        centre = level[there].mean() if there.any() else 0.0
        columns += [np.where(there, level, centre), there.astype(np.float64)]
    return np.column_stack(columns)


def _highest(whose: Codes, keys: Codes, grade: Floats, patient: Codes, asked: Codes) -> Floats:
    """Highest grade of each patient up to each asked time, 0 without one."""
    found = np.zeros(len(asked))
    kept = ~np.isnan(grade)
    whose, keys, grade = whose[kept], keys[kept], grade[kept]
    for level in np.unique(grade):
        first = np.full(int(patient.max(initial=0)) + 1, np.iinfo(np.int64).max)
        own = (grade == level) & (whose < len(first))
        np.minimum.at(first, whose[own], keys[own])
        found = np.where(first[patient] <= asked, level, found)
    return found
