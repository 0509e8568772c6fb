"""Judge a cohort by a definition over time: who met which sign when."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from riskmodel.arrays import Codes, Flags, Floats, States
from riskmodel.cohort import Cohort
from riskmodel.criteria.definitions.definition import Definition
from riskmodel.criteria.definitions.registry import DEFAULT_DEFINITION, load_definition
from riskmodel.criteria.intervals import Moments, changes, moments
from riskmodel.criteria.signs.cytopenia import DEFAULT_RULE
from riskmodel.criteria.signs.sign import Sign
from riskmodel.criteria.truth import MET, NOT_MET, any_of, tidy


@dataclass(frozen=True)
class Standing:
    """The signs at q times asked for.

    Attributes
    ----------
    states : int8 array of shape (q, signs)
    samples : tuple of tuples of int64 arrays of shape (q,)
        Of each sign and each of its series, the position of the sample that counts then,
        -1 where none does.
    """

    states: States
    samples: tuple[tuple[Codes, ...], ...]


@dataclass(frozen=True)
class SignTimeline:
    """Every sign of a definition at every moment of a cohort.

    States at a time rest on records at or before it alone, and each sample counts for its
    carry-forward. Rows of every result are the patients in the order of the cohort.

    Attributes
    ----------
    definition : Definition
    cytopenia_rule : str
    judged : tuple of Sign
    moments : Moments
        m of them.
    states : int8 array of shape (m, signs)
    definition_states : int8 array of shape (m,)
    onset_hours : float64 array of shape (n,)
        Earliest moment at which the whole definition holds, NaN where it never does.
    done : bool array of shape (m, signs)
        Whether a sample of the sign counts at that moment.
    """

    definition: Definition
    cytopenia_rule: str
    judged: tuple[Sign, ...]
    moments: Moments
    states: States
    definition_states: States
    onset_hours: Floats
    done: Flags

    @property
    def signs(self) -> tuple[str, ...]:
        """Names of the signs, the columns of every table."""
        return self.definition.signs

    def at(self, hours: float) -> pd.DataFrame:
        """States at one time: int8, patients x signs; 1 met, 0 not met, -1 not assessable."""
        return pd.DataFrame(self._all_at(hours)[0].states, columns=list(self.signs))

    def likely_at(self, hours: float, within: float) -> tuple[States, Flags]:
        """States at one time, where a sample that leaves its sign open keeps the one before it.

        A ferritin above an assay's limit of 2,000 says nothing of a threshold of 10,000, and no
        reason to think that a sign which was met is met no more.

        Parameters
        ----------
        hours : float
        within : float
            How many hours the last state that was known may lie back, included.

        Returns
        -------
        states : int8[n, signs]
        measured : bool[n, signs]
            Where a sample counts, open or not.
        """
        standing, at_hours = self._all_at(hours)
        states = standing.states.copy()
        measured = np.column_stack([_any_sample(sign) for sign in standing.samples])
        asked = self.moments.keys(np.arange(self.moments.patients), at_hours)
        for k in range(states.shape[1]):
            known = np.flatnonzero(self.states[:, k] >= 0)
            keys = self.moments.keys(self.moments.patient[known], self.moments.hours[known])
            last = self.moments.latest(keys, asked)
            held = (states[:, k] < 0) & measured[:, k] & (last >= 0)
            row = known[last[held]]
            recent = hours - self.moments.hours[row] <= within
            states[held, k] = np.where(recent, self.states[row, k], states[held, k])
        return states, measured

    def definition_state_at(self, hours: float) -> States:
        """State of the whole definition at one time, int8 of shape (n,)."""
        standing, at_hours = self._all_at(hours)
        return self.definition.state(standing.states, at_hours)

    def signs_still_needed_at(self, hours: float) -> Codes:
        """Fewest further signs with which the definition would hold at one time."""
        return self.definition.still_needed(self._all_at(hours)[0].states)

    def standing(self, patient: Codes, hours: Floats) -> Standing:
        """The signs of given patients at given times, arrays of shape (q,)."""
        return _standing(self.judged, self.moments, patient, hours)

    def _all_at(self, hours: float) -> tuple[Standing, Floats]:
        everyone = np.arange(self.moments.patients)
        at_hours = np.full(len(everyone), float(hours))
        return self.standing(everyone, at_hours), at_hours


def evaluate_signs(
    cohort: Cohort,
    definition: str | Definition = DEFAULT_DEFINITION,
    cytopenia_rule: str | None = None,
) -> SignTimeline:
    """Judge every sign of a definition at every moment of a cohort.

    Parameters
    ----------
    cohort : Cohort
    definition : str or Definition
        A name of `definition_names`, or what `load_definition` gave.
    cytopenia_rule : str or None
        ``recovery``, ``infusion``, ``worsening`` or ``any``; None for the definition's default.

    Raises
    ------
    SchemaError
        For an unknown definition or rule.
    """
    chosen = load_definition(definition) if isinstance(definition, str) else definition
    rule = chosen.rule(cytopenia_rule)
    when = moments(cohort)
    judged = chosen.judge(cohort, rule)
    standing = _standing(judged, when, when.patient, when.hours)
    states = standing.states
    whole = chosen.state(states, when.hours)
    onset = np.full(len(cohort), np.nan)
    held = whole == MET
    patient, hours = when.patient[held], when.hours[held]
    first = changes(patient)
    onset[patient[first]] = hours[first]
    done = np.column_stack([_any_sample(sign) for sign in standing.samples])
    return SignTimeline(chosen, rule, judged, when, states, whole, onset, done)


def grades(cohort: Cohort, timeline: SignTimeline, until_hours: Floats) -> Floats:
    """Highest grade of each patient's episode up to a time, NaN without an onset or a grade table.

    Only what falls into the episode counts: from the windows of the grade table before the onset
    until the definition has not been met for as long as the table says.

    Parameters
    ----------
    cohort : Cohort
    timeline : SignTimeline
    until_hours : float64 array of shape (n,)
        NaN where there is nothing to grade.
    """
    grading = timeline.definition.grading
    if grading is None:
        return np.full(len(until_hours), np.nan)
    until = np.minimum(until_hours, _episode_end(timeline, grading.resolved_hours))
    return grading.grade(cohort, until, timeline.onset_hours)


def _episode_end(timeline: SignTimeline, resolved_hours: float) -> Floats:
    """When the first episode was over, infinity where it never was.

    A run of moments at which the definition is not met, after the onset, must last that long; the
    moment at which it has is the end, so that no later record moves it.
    """
    when, state = timeline.moments, timeline.definition_states
    clear = (state == NOT_MET) & (when.hours > timeline.onset_hours[when.patient])
    continued = clear & ~changes(when.patient) & np.roll(clear, 1)
    start = np.maximum.accumulate(np.where(continued, 0, np.arange(len(clear))))
    since = when.hours[start]
    over = clear & (tidy(when.hours - since) >= resolved_hours)
    end = np.full(when.patients, np.inf)
    np.minimum.at(end, when.patient[over], since[over] + resolved_hours)
    return end


def grades_by_day(
    cohort: Cohort,
    definition: str | Definition = DEFAULT_DEFINITION,
    *,
    cytopenia_rule: str | None = DEFAULT_RULE,
    days: Iterable[int] = range(31),
) -> pd.DataFrame:
    """Highest grade so far of every patient at the start of each day.

    Parameters
    ----------
    cohort : Cohort
    definition : str or Definition
    cytopenia_rule : str or None
    days : iterable of int
        Day k is hour 24·k, that hour included.

    Returns
    -------
    DataFrame of n rows, in the order of the cohort
        ``patient_id``, then ``day_<k>``, Int64: empty before the onset, and throughout where the
        definition has no grades.

    Raises
    ------
    SchemaError
        For an unknown definition or rule.

    Examples
    --------
    >>> from pathlib import Path
    >>> from riskmodel import cohort
    >>> case = cohort.read_cohort(Path(cohort.__file__).parent / "published_case")
    >>> grades_by_day(case, days=[7]).columns.tolist()
    ['patient_id', 'day_7']
    """
    timeline = evaluate_signs(cohort, definition, cytopenia_rule)
    onset = timeline.onset_hours
    columns = {"patient_id": pd.Series(cohort.patient_id, dtype="str")}
    for day in days:
        until = np.where(onset <= 24.0 * day, 24.0 * day, np.nan)
        found = grades(cohort, timeline, until)
        columns[f"day_{day}"] = pd.Series(found).astype("Int64")
    return pd.DataFrame(columns)


def _any_sample(positions: tuple[Codes, ...]) -> Flags:
    """Where one of a sign's series has a sample that counts."""
    return np.asarray(np.logical_or.reduce([position >= 0 for position in positions]))


def _standing(judged: tuple[Sign, ...], when: Moments, patient: Codes, hours: Floats) -> Standing:
    asked = when.keys(patient, hours)
    columns, samples = [], []
    for sign in judged:
        states, positions = [], []
        for series in sign.series:
            position = when.latest(when.keys(series.patient, series.hours), asked)
            there = position >= 0
            found = position[there]
            fresh = tidy(hours[there] - series.hours[found]) <= series.carry[found]
            position[there] = np.where(fresh, found, -1)
            state = np.full(len(asked), series.absent, dtype=np.int8)
            state[position >= 0] = series.state[position[position >= 0]]
            states.append(state)
            positions.append(position)
        columns.append(any_of(*states))
        samples.append(tuple(positions))
    return Standing(np.column_stack(columns), tuple(samples))
