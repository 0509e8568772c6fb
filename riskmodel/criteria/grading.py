"""Grades: the highest row of a table that holds, so that every onset has one.

Row 1 always holds. In astct-2024 a row above it holds by an event from the infusion on, or, for
the targets named, by a ferritin that many times the last one before the infusion. In astct-2023
it holds by an intervention, organ support or death in a window around the onset.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from riskmodel.arrays import Codes, Flags, Floats
from riskmodel.cohort import EVENT_NAMES, PATIENT_CHOICES, Cohort
from riskmodel.criteria.intervals import Samples, lab_samples
from riskmodel.criteria.toml_table import Keys


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
            Where the grade counts from the onset; None for the infusion.
        """


@dataclass(frozen=True)
class FerritinFold:
    """A multiple of the own baseline ferritin that reaches a grade.

    Attributes
    ----------
    targets : tuple of str
        Target antigens that it applies to.
    fold : float
        At or above this multiple.
    baseline_hours : float
        Oldest baseline before the infusion, that age included.
    """

    targets: tuple[str, ...]
    fold: float
    baseline_hours: float
    source: str


@dataclass(frozen=True)
class Grading:
    """Rows of the grade table.

    Attributes
    ----------
    events : mapping
        Grade to the events that reach it.
    ferritin : FerritinFold
    ferritin_grade : int
        The grade that `ferritin` reaches.
    """

    events: Mapping[int, tuple[str, ...]]
    ferritin: FerritinFold
    ferritin_grade: int

    def grade(
        self, cohort: Cohort, until_hours: Floats, onset_hours: Floats | None = None
    ) -> Floats:
        """Highest grade from the infusion up to each patient's time, that time included.

        Parameters
        ----------
        cohort : Cohort
        until_hours : float64 array of shape (n,)
            NaN where there is no onset to grade.
        onset_hours : float64 array of shape (n,) or None
            Not used: this table counts from the infusion.
        """
        grade = np.ones(len(cohort))
        for row, names in self.events.items():
            reached = _had_event(cohort, names, np.zeros(len(cohort)), until_hours)
            grade = np.where(reached, np.maximum(grade, row), grade)
        risen = self._risen(cohort, until_hours)
        grade = np.where(risen, np.maximum(grade, self.ferritin_grade), grade)
        return np.where(np.isnan(until_hours), np.nan, grade)

    def _risen(self, cohort: Cohort, until_hours: Floats) -> Flags:
        """Whether ferritin certainly reached the fold, whatever the bounds (``>``) allow."""
        rule, n = self.ferritin, len(cohort)
        samples = lab_samples(cohort, "ferritin")
        before = samples.where((samples.hours <= 0) & (samples.hours >= -rule.baseline_hours))
        baseline = np.full(n, np.inf)
        baseline[before.patient] = before.interval.high  # sorted: the last one stays
        after = samples.where((samples.hours >= 0) & _up_to(samples, until_hours))
        highest = np.zeros(n)
        np.maximum.at(highest, after.patient, after.interval.low)
        named = cohort.patients["target_antigen"].isin(rule.targets).to_numpy(dtype=bool)
        return np.asarray(named & (highest >= rule.fold * baseline))


def _up_to(samples: Samples, until_hours: Floats) -> Flags:
    return np.asarray(samples.hours <= until_hours[samples.patient])


@dataclass(frozen=True)
class Window:
    """Events that reach a grade when they fall near the onset, both ends included."""

    events: tuple[str, ...]
    before_onset_hours: float
    after_onset_hours: float


@dataclass(frozen=True)
class InterventionGrading:
    """Grades by intervention, organ support and death; no result of the laboratory counts."""

    rows: Mapping[int, Window]

    def grade(
        self, cohort: Cohort, until_hours: Floats, onset_hours: Floats | None = None
    ) -> Floats:
        """Highest grade up to each patient's time, that time included.

        Parameters
        ----------
        cohort : Cohort
        until_hours : float64 array of shape (n,)
            NaN where there is no onset to grade.
        onset_hours : float64 array of shape (n,) or None
        """
        onset = np.zeros(len(cohort)) if onset_hours is None else onset_hours
        grade = np.ones(len(cohort))
        for row, window in self.rows.items():
            begin = np.maximum(onset - window.before_onset_hours, 0.0)
            end = np.minimum(onset + window.after_onset_hours, until_hours)
            reached = _had_event(cohort, window.events, begin, end)
            grade = np.where(reached, np.maximum(grade, row), grade)
        return np.where(np.isnan(until_hours), np.nan, grade)


def _had_event(
    cohort: Cohort, names: tuple[str, ...], from_hours: Floats, until_hours: Floats
) -> Flags:
    events = cohort.happened
    patient: Codes = events["patient"].to_numpy(dtype=np.int64)
    hours = events["hours"].to_numpy(dtype=np.float64)
    chosen = events["event"].isin(names).to_numpy(dtype=bool)
    chosen = chosen & (hours >= from_hours[patient]) & (hours <= until_hours[patient])
    had = np.zeros(len(cohort), dtype=bool)
    had[patient[chosen]] = True
    return had


def read_grading(keys: Keys) -> Grading:
    """The grade table of a definition: one table ``<grade>`` a row, and ``ferritin``."""
    fold = keys.table("ferritin")
    events: dict[int, tuple[str, ...]] = {}
    for name in keys.names():
        row = keys.table(name)
        row.text("source")
        events[int(name)] = row.texts("events", tuple(sorted(EVENT_NAMES)))
    return Grading(
        events,
        FerritinFold(
            fold.texts("targets", tuple(PATIENT_CHOICES["target_antigen"])),
            fold.number("fold"),
            fold.number("baseline_hours"),
            fold.text("source"),
        ),
        fold.whole("grade"),
    )


def read_intervention_grading(keys: Keys) -> InterventionGrading:
    """A grade table by intervention: one table ``<grade>`` a row."""
    rows: dict[int, Window] = {}
    for name in keys.names():
        row = keys.table(name)
        row.text("source")
        rows[int(name)] = Window(
            row.texts("events", tuple(sorted(EVENT_NAMES)), least=1),
            row.number("before_onset_hours"),
            row.number("after_onset_hours"),
        )
    return InterventionGrading(rows)
