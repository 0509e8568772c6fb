"""When each sign of a definition was met in one patient, and which result or finding decided it."""

from dataclasses import dataclass

import numpy as np

from riskmodel.arrays import Codes, Floats, States
from riskmodel.cohort import Cohort, analytes
from riskmodel.criteria import (
    MET,
    NOT_MET,
    Series,
    Sign,
    SignTimeline,
    event_label,
    series_shown,
)
from riskmodel.patient.limits import result_words, rule_words
from riskmodel.patient.wording import COURSE_EVIDENCE, NO_CRS, when

_AFTER = 1e-6  # hours: the next moment after a result has become too old
_SAME = 0.05  # hours within which two times are one


@dataclass(frozen=True)
class Span:
    """A stretch of hours in one state, and what decided it.

    Attributes
    ----------
    start, end : float
        Hours from the infusion; the state holds from `start` up to `end`.
    state : int
        Met 1, not met 0, not assessable -1.
    by, last : str
        The result or finding that decided it at the start, and the last one that did; empty
        where none did.
    """

    start: float
    end: float
    state: int
    by: str = ""
    last: str = ""

    @property
    def time(self) -> str:
        """When.

        Examples
        --------
        >>> Span(24.0, 60.0, 1).time, Span(24.0, 24.1, 0).time
        ('day 1 to day 2.5', 'day 1')
        """
        begin, end = when(self.start), when(self.end)
        return begin if begin == end else f"{begin} to {end}"


def sign_spans(
    timeline: SignTimeline, patient: Cohort, until_hours: float
) -> dict[str, tuple[Span, ...]]:
    """Spans of every sign of a cohort of one patient, from the infusion to `until_hours`."""
    grid = _grid(timeline, until_hours)
    found = timeline.standing(np.zeros(len(grid), dtype=np.int64), grid)
    return {
        sign.name: _runs(
            grid,
            found.states[:, j],
            until_hours,
            _deciding(sign, patient, grid, found.states[:, j], found.samples[j]),
        )
        for j, sign in enumerate(timeline.judged)
    }


def part_spans(timeline: SignTimeline, until_hours: float) -> tuple[tuple[Span, ...], ...]:
    """Spans of every part of the definition, and of the whole last."""
    grid = _grid(timeline, until_hours)
    states = timeline.standing(np.zeros(len(grid), dtype=np.int64), grid).states
    chosen = timeline.definition
    columns = [*chosen.part_states(states).T, chosen.state(states, grid)]
    return tuple(_runs(grid, column, until_hours, [""] * len(grid)) for column in columns)


def _grid(timeline: SignTimeline, until_hours: float) -> Floats:
    """Every hour from 0 on at which a state may change: records, and results becoming too old."""
    expired = [s.hours + s.carry + _AFTER for sign in timeline.judged for s in sign.series]
    hours = np.unique(np.concatenate([[0.0], timeline.moments.hours, *expired]))
    return hours[(hours >= 0) & (hours <= until_hours)]


def _runs(grid: Floats, states: States, until_hours: float, by: list[str]) -> tuple[Span, ...]:
    first = np.flatnonzero(np.append(True, states[1:] != states[:-1]))
    ends = np.append(grid[first[1:]], until_hours)
    return tuple(
        Span(float(grid[k]), float(end), int(states[k]), by[k], by[last])
        for k, last, end in zip(first, np.append(first[1:], len(grid)) - 1, ends, strict=True)
    )


def _deciding(
    sign: Sign, patient: Cohort, grid: Floats, states: States, samples: tuple[Codes, ...]
) -> list[str]:
    """The sample shown at each hour of the grid, in words."""
    shown = series_shown(sign, states, samples)
    named = len({series.name for series in sign.series}) > 1
    return [
        _sample_words(sign.series[k], int(samples[k][row]), patient, float(grid[row]), named)
        if k >= 0
        else (NO_CRS if sign.series[0].absent == MET else "")
        for row, k in enumerate(shown)
    ]


def _sample_words(series: Series, k: int, patient: Cohort, hours: float, named: bool) -> str:
    taken = float((series.hours if series.taken is None else series.taken)[k])
    at = "" if abs(taken - hours) < _SAME else f" on {when(taken)}"
    entry = analytes().get(series.name)
    if entry is None:
        state = int(series.state[k])
        if (series.name, state) in COURSE_EVIDENCE:
            return f"{COURSE_EVIDENCE[series.name, state]}{at}"
        words = {MET: "found", NOT_MET: "looked for, not found"}.get(state, "unclear")
        return f"{event_label(series.name)} {words}{at}"
    lead = f"{entry.label} " if named else ""
    if np.isnan(series.value[k]):
        return f"{lead}low count reported without a number{at}"
    rule = series.rules[series.detail[k]] if series.rules else ""
    ruled = f" ({rule_words(rule)})" if rule else ""
    return f"{lead}{result_words(series, k, taken, patient)}{ruled}{at}"
