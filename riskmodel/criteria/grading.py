"""Grades: the highest row of a table that holds in the episode, so that every onset has one.

Row 1 always holds. A row above it holds by an event that falls into its window around the onset,
or, for the targets named, by what ferritin did in that window.
"""

from dataclasses import dataclass
from typing import Annotated, Protocol

import numpy as np
from pydantic import ConfigDict, Field, model_validator

from riskmodel.arrays import Codes, Flags, Floats
from riskmodel.cohort import PATIENT_CHOICES, Cohort
from riskmodel.criteria.intervals import lab_samples
from riskmodel.criteria.toml_table import Events, Sourced, Texts, Whole, among
from riskmodel.toml_model import refuse


class Grader(Protocol):
    """How a definition grades."""

    def __call__(
        self, cohort: Cohort, until_hours: Floats, onset_hours: Floats | None = None
    ) -> Floats:
        """Grade by the records up to each patient's time, NaN where that time is NaN.

        Parameters
        ----------
        cohort : Cohort
        until_hours : float64 array of shape (n,)
        onset_hours : float64 array of shape (n,) or None
            Around which the windows lie; None for the infusion.
        """


@dataclass(frozen=True)
class Window:
    """Hours around the onset, both ends included, never before the infusion."""

    before_onset_hours: float = np.inf
    after_onset_hours: float = np.inf

    def ends(self, onset_hours: Floats, until_hours: Floats) -> tuple[Floats, Floats]:
        """First and last hour of each patient."""
        begin = np.maximum(onset_hours - self.before_onset_hours, 0.0)
        return begin, np.minimum(onset_hours + self.after_onset_hours, until_hours)


@dataclass(frozen=True)
class EventRow:
    """A grade that some events reach."""

    grade: int
    events: tuple[str, ...]
    window: Window

    def holds(self, cohort: Cohort, onset_hours: Floats, until_hours: Floats) -> Flags:
        """Whether each patient had one of them in the window."""
        begin, end = self.window.ends(onset_hours, until_hours)
        events = cohort.happened
        patient: Codes = events["patient"].to_numpy(dtype=np.int64)
        hours = events["hours"].to_numpy(dtype=np.float64)
        chosen = events["event"].isin(self.events).to_numpy(dtype=bool)
        chosen = chosen & (hours >= begin[patient]) & (hours <= end[patient])
        had = np.zeros(len(cohort), dtype=bool)
        had[patient[chosen]] = True
        return had


@dataclass(frozen=True)
class FerritinRow:
    """A grade that a multiple of the own baseline ferritin reaches.

    Attributes
    ----------
    targets : tuple of str
        Target antigens that it applies to.
    fold : float
        At or above this multiple of the last result before the infusion.
    baseline_hours : float
        Oldest baseline before the infusion, that age included.
    """

    grade: int
    targets: tuple[str, ...]
    fold: float
    baseline_hours: float
    window: Window

    def holds(self, cohort: Cohort, onset_hours: Floats, until_hours: Floats) -> Flags:
        """Whether ferritin certainly reached the fold, whatever the bounds (``>``) allow."""
        begin, end = self.window.ends(onset_hours, until_hours)
        samples, n = lab_samples(cohort, "ferritin"), len(cohort)
        before = samples.where((samples.hours <= 0) & (samples.hours >= -self.baseline_hours))
        baseline = np.full(n, np.inf)
        baseline[before.patient] = before.interval.high  # sorted: the last one stays
        inside = (samples.hours >= begin[samples.patient]) & (samples.hours <= end[samples.patient])
        after = samples.where(inside)
        highest = np.zeros(n)
        np.maximum.at(highest, after.patient, after.interval.low)
        named = cohort.patients["target_antigen"].isin(self.targets).to_numpy(dtype=bool)
        return np.asarray(named & (highest >= self.fold * baseline))


@dataclass(frozen=True)
class Grading:
    """The rows of a grade table above the first."""

    rows: tuple[EventRow | FerritinRow, ...]

    def grade(
        self, cohort: Cohort, until_hours: Floats, onset_hours: Floats | None = None
    ) -> Floats:
        """Highest grade up to each patient's time, that time included (see `Grader`)."""
        onset = np.zeros(len(cohort)) if onset_hours is None else onset_hours
        grade = np.ones(len(cohort))
        for row in self.rows:
            reached = row.holds(cohort, onset, until_hours)
            grade = np.where(reached, np.maximum(grade, row.grade), grade)
        return np.where(np.isnan(until_hours), np.nan, grade)


class _WindowTable(Sourced):
    """The window of a row; without its ends it is the whole time since the infusion."""

    before_onset_hours: float = np.inf
    after_onset_hours: float = np.inf

    @property
    def window(self) -> Window:
        """As the rows read it."""
        return Window(self.before_onset_hours, self.after_onset_hours)


class EventRowTable(_WindowTable):
    """One table ``<grade>`` a row."""

    events: Events


class FerritinRowTable(_WindowTable):
    """What ferritin adds."""

    grade: Whole
    targets: Annotated[Texts, among(lambda: PATIENT_CHOICES["target_antigen"])]
    fold: float
    baseline_hours: float


class GradesTable(Sourced):
    """The grade table of a definition: one table ``<grade>`` a row, and ``ferritin``."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, EventRowTable] = Field(init=False)

    source: str = ""
    ferritin: FerritinRowTable | None = None

    @model_validator(mode="after")
    def _numbered(self) -> "GradesTable":
        if not all(name.isdecimal() for name in self.__pydantic_extra__):
            raise refuse(f"tables named by their grade, not {', '.join(self.__pydantic_extra__)}")
        return self

    @property
    def grading(self) -> Grading:
        """As labels read it."""
        rows: list[EventRow | FerritinRow] = [
            EventRow(int(name), tuple(row.events), row.window)
            for name, row in self.__pydantic_extra__.items()
        ]
        if self.ferritin is not None:
            f = self.ferritin
            rows.append(FerritinRow(f.grade, tuple(f.targets), f.fold, f.baseline_hours, f.window))
        return Grading(tuple(rows))
