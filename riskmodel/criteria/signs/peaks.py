"""Signs about the course so far: a peak or nadir reached in a window, not the current value.

Once met in the window the sign stays met, from the sample that met it. Otherwise each sample in
the window counts for its carry-forward, and is not assessable while an earlier one in the window
may have met the sign. Outside the window a sample cannot meet the sign.
"""

from dataclasses import dataclass, replace

import numpy as np

from riskmodel.arrays import Codes, Flags, Floats
from riskmodel.cohort import Cohort, first_event
from riskmodel.criteria.intervals import changes, running_max
from riskmodel.criteria.signs.sign import CohortSign, Series, Sign, Threshold
from riskmodel.criteria.toml_table import EventName, Sourced
from riskmodel.criteria.truth import MET, NOT_ASSESSABLE, rank, unrank


@dataclass(frozen=True)
class Window:
    """Hours in which a peak counts, both ends included.

    Attributes
    ----------
    event : str or None
        The event whose first time from the infusion on begins the window; None for the infusion.
    from_hours, to_hours : float
        From that time.
    """

    event: str | None
    from_hours: float
    to_hours: float

    def inside(self, cohort: Cohort, patient: Codes, hours: Floats) -> Flags:
        """Whether each time lies in its patient's window; never where the event is not recorded."""
        begin = np.zeros(len(cohort))
        if self.event is not None:
            begin = first_event(cohort, (self.event,), since=0.0)
        since = hours - begin[patient]
        return np.asarray((since >= self.from_hours) & (since <= self.to_hours))


def so_far(series: Series, inside: Flags, counted: Flags | None = None) -> Series:
    """The series of "reached at some time so far" of a series of current states.

    Parameters
    ----------
    series : Series of length k
    inside : bool array of shape (k,)
        Samples in the window.
    counted : bool array of shape (k,) or None
        Samples that say anything about the past; None for all. A first sample says nothing about
        a rise before it.
    """
    patient = series.patient
    seen = inside if counted is None else inside & counted
    highest = running_max(np.where(seen, rank(series.state), 0).astype(np.int8), patient)
    begun = running_max(seen.astype(np.int8), patient) == 1
    elsewhere = np.where(series.state == MET, NOT_ASSESSABLE, series.state)
    state = np.where(begun, unrank(highest), elsewhere).astype(np.int8)

    met = np.flatnonzero(seen & (series.state == MET))
    first = np.full(patient[-1] + 1 if len(patient) else 0, -1, dtype=np.int64)
    first[patient[met][::-1]] = met[::-1]
    taken = np.where(state == MET, first[patient], np.arange(len(patient)))
    return replace(
        series,
        state=state,
        value=series.value[taken],
        carry=np.where(state == MET, np.inf, series.carry),
        detail=series.detail[taken],
        uln=None if series.uln is None else series.uln[taken],
        taken=series.hours[taken],
    )


@dataclass(frozen=True)
class PeakSign:
    """A sign of one series, reached at some time so far in a window.

    Attributes
    ----------
    current : CohortSign
        What is judged sample by sample.
    window : Window
    first_counts : bool
        Whether a patient's first sample says anything; it does not of a rise.
    """

    current: CohortSign
    window: Window
    first_counts: bool = True

    @property
    def name(self) -> str:
        """Name of the sign."""
        return self.current.name

    @property
    def thresholds(self) -> tuple[Threshold, ...]:
        """The limits of the current sign."""
        return self.current.thresholds

    def judge(self, cohort: Cohort) -> Sign:
        """Judge every sample by it and the earlier ones."""
        (series,) = self.current.judge(cohort).series
        inside = self.window.inside(cohort, series.patient, series.hours)
        counted = None if self.first_counts else ~changes(series.patient)
        return Sign(self.name, (so_far(series, inside, counted),))


class WindowTable(Sourced):
    """A window of a definition; without ``event`` it is counted from the infusion."""

    event: EventName | None = None
    from_hours: float
    to_hours: float

    @property
    def window(self) -> Window:
        """As the signs read it."""
        return Window(self.event, self.from_hours, self.to_hours)
