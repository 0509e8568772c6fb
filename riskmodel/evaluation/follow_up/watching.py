"""Until when an onset can be excluded: what was watched after a prediction time, and what was not.

An event needs one moment at which the definition holds; "no event" needs watching up to the
horizon. So a patient never seen to meet it is censored at the last decisive moment before a gap
that is too long, and an onset found at the end of a gap lies somewhere in it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.arrays import Codes, Flags, Floats
from riskmodel.criteria import MET, SignTimeline

LONGEST_GAP_HOURS = 336.0
"""Longest time between two moments of exclusion that still counts as watched. An onset and its
recovery would have to fit in between, and the published cases stay above 10,000 ng/mL of ferritin
for about two weeks (EVIDENCE.md D.4: medians of 106,400 on day 14, 9,244 on day 28)."""

CENSORED = ("lost", "not_assessed")
"""Outcomes that are not known: watching ended first."""


@dataclass(frozen=True)
class Watch:
    """The decisive moments of a cohort: those at which the definition is met, or excluded.

    Attributes
    ----------
    timeline : SignTimeline
    patient, hours : arrays of shape (k,)
        Sorted.
    signs_met : float64 array of shape (k,)
        Signs met then.
    until_break : int64 array of shape (k,)
        Of each moment, the position of the last one that is reached without too long a gap.
    window : float
        Hours before the horizon from which on a last exclusion suffices where follow-up goes on:
        the definition's own window.
    """

    timeline: SignTimeline
    patient: Codes
    hours: Floats
    signs_met: Floats
    until_break: Codes
    window: float

    @classmethod
    def of(cls, timeline: SignTimeline) -> "Watch":
        """The decisive moments among all moments of a timeline."""
        when, chosen = timeline.moments, timeline.definition
        clear = chosen.excluded(timeline.states, when.hours, timeline.done)
        kept = clear | (timeline.definition_states == MET)
        patient, hours = when.patient[kept], when.hours[kept]
        gap = np.full(len(hours), np.inf)
        if len(hours):
            gap[:-1] = np.where(patient[1:] == patient[:-1], np.diff(hours), np.inf)
        ends = np.where(gap > LONGEST_GAP_HOURS, np.arange(len(hours)), len(hours))
        until_break = np.minimum.accumulate(ends[::-1])[::-1]
        met = (timeline.states[kept] == MET).sum(axis=1).astype(np.float64)
        return cls(timeline, patient, hours, met, until_break, chosen.exclusion.window_hours)

    @property
    def keys(self) -> Codes:
        """Integers that sort as patient and hour."""
        return self.timeline.moments.keys(self.patient, self.hours)

    def after(self, patient: Codes, hours: Floats) -> tuple[Codes, Floats]:
        """Position and hour of the first decisive moment after each time; infinite where none."""
        asked = self.timeline.moments.keys(patient, hours)
        place = np.asarray(np.searchsorted(self.keys, asked, side="right"), dtype=np.int64)
        found = np.full(len(place), np.inf)
        there = place < len(self.patient)
        there[there] = self.patient[place[there]] == patient[there]
        found[there] = self.hours[place[there]]
        return place, found

    def last(self, patient: Codes, hours: Floats) -> tuple[Codes, Floats]:
        """Position and hour of the last decisive moment at or before each time; -inf where none."""
        place = self.after(patient, hours)[0] - 1
        found = np.full(len(place), -np.inf)
        there = place >= 0
        there[there] = self.patient[place[there]] == patient[there]
        found[there] = self.hours[place[there]]
        return place, found


@dataclass(frozen=True)
class Followed:
    """What became of each of q patients after a prediction time, arrays of shape (q,).

    Attributes
    ----------
    outcome : object array
        ``event, no_event, competing``, or ``lost`` and ``not_assessed`` where watching ended
        first, the latter while follow-up went on.
    end : float64 array
        When it came: the last moment up to which an onset can be excluded for the last two.
    part : float64 array
        Share of the onset's interval that lies before the horizon: 1, but for onsets that were
        found after the horizon and may have come before it.
    """

    outcome: npt.NDArray[np.object_]
    end: Floats
    part: Floats


def ends(labels: pd.DataFrame) -> tuple[Floats, Floats]:
    """Onset and competing outcome of each patient in hours, infinite where it did not come."""
    onset = labels["onset_hours"].to_numpy(np.float64)
    competing = (labels["outcome"] == "competing").to_numpy()
    ended = np.where(competing, labels["outcome_hours"].to_numpy(np.float64), np.inf)
    return np.where(np.isnan(onset), np.inf, onset), ended


def followed(
    watch: Watch,
    labels: pd.DataFrame,
    by_humans: Flags,
    patient: Codes,
    hours: Floats,
    horizon: float,
) -> Followed:
    """What became of patients at risk at a prediction time.

    Parameters
    ----------
    watch : Watch
    labels : DataFrame
        Of `riskmodel.criteria.label`, one row per patient.
    by_humans : bool array of shape (n,)
        Whose onset a human dated: it needs no watching, and lies in no interval.
    patient, hours : arrays of shape (q,)
        Who is asked about, and from when.
    horizon : float
        Hours, exclusive.

    Notes
    -----
    Within its interval an onset is taken as equally likely at every hour.
    """
    onset, ended = (when[patient] for when in ends(labels))
    until = labels["observed_until_hours"].to_numpy(np.float64)[patient]
    place, first = watch.after(patient, hours)
    goes_on = first - hours <= LONGEST_GAP_HOURS
    seen = hours.copy()
    seen[goes_on] = watch.hours[watch.until_break[place[goes_on]]]
    before = hours.copy()
    known = np.isfinite(onset)
    just_before = np.nextafter(onset[known], -np.inf)
    before[known] = np.maximum(hours[known], watch.last(patient[known], just_before)[1])

    told = by_humans[patient]
    found = known & (onset <= ended)
    event = found & (onset < horizon)
    hidden = found & ~event & ~told & (before < horizon)
    closed = ~found & (ended < horizon) & (ended - seen <= LONGEST_GAP_HOURS)
    clear = ~event & ~hidden & ~(ended < horizon)
    clear &= told | (seen >= horizon) | ((seen >= horizon - watch.window) & (until >= horizon))
    outcome = np.select(
        [event | hidden, closed, clear, until < horizon],
        [np.array(name, dtype=object) for name in ("event", "competing", "no_event", "lost")],
        np.array("not_assessed", dtype=object),
    )
    middle = (before + horizon) / 2
    end = np.select([event, hidden, closed, clear], [onset, middle, ended, horizon], seen)
    part = np.ones(len(patient))
    part[hidden] = (horizon - before[hidden]) / (onset[hidden] - before[hidden])
    return Followed(outcome, np.minimum(end, horizon), part)
