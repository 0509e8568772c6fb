"""Whether hyperinflammation is new after CRS, or may be the CRS itself (switch of a definition).

off     the definition as printed: CRS decides nothing
prefer  while severe CRS stands the definition holds only where the course tells the two apart: a
        marker fell and rose again, or ferritin is beyond what CRS reaches; where the course cannot
        be judged, the definition as printed decides
strict  as prefer, but where the course cannot be judged the definition is not assessable

Severe CRS stands from its grade on until a lower one, or until it should have ended (course.toml).
What is still there, or comes, after that counts in every position, as does all without severe CRS.
"""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from pydantic import ConfigDict, Field

from riskmodel.arrays import States
from riskmodel.cohort import Cohort
from riskmodel.criteria.intervals import lab_samples, moments, previous, running_max
from riskmodel.criteria.signs.sign import Series, Sign, Threshold, lab_series
from riskmodel.criteria.toml_table import Comparison, EventName, Sourced, Whole, sentences
from riskmodel.criteria.truth import MET, NOT_ASSESSABLE, NOT_MET, any_of, decide, satisfies, tidy
from riskmodel.errors import SchemaError
from riskmodel.files import read_toml
from riskmodel.toml_model import Fault, read

CRS_RULES = OFF, PREFER, STRICT = ("off", "prefer", "strict")
NEW_AFTER_CRS = "new_after_crs"


class _Floor(Sourced):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, float] = Field(init=False)


class Rebound(Sourced):
    """A marker that fell, then rose again, above a floor in its own unit."""

    fall: float
    rise: float
    floor: _Floor
    carry_forward_hours: float

    @property
    def name(self) -> str:
        """Name of the sign."""
        return "rebound"

    @property
    def thresholds(self) -> tuple[Threshold, ...]:
        """None: what is drawn is the course itself."""
        return ()

    def judge(self, cohort: Cohort) -> Sign:
        """Judge every result since the infusion; the first of an analyte decides nothing.

        Bounds (``>``) count where every value that they allow shows the rebound.
        """
        series = []
        for name, floor in self.floor.__pydantic_extra__.items():
            samples = lab_samples(cohort, name)
            samples = samples.where(samples.hours >= 0)
            patient, found = samples.patient, samples.interval
            peak = previous(running_max(found.low, patient), patient, 0.0)
            fallen = (found.high <= self.fall * peak) & (peak > 0)
            since = running_max(fallen.astype(np.int8), patient) > 0
            trough = -running_max(np.where(since, -found.high, -np.inf), patient)
            lowest = previous(trough, patient, np.inf)
            again = (found.low >= self.rise * lowest) & (found.low > floor)
            open_ended = running_max((found.low != found.high).astype(np.int8), patient) > 0
            first = previous(np.ones(len(samples), dtype=np.int8), patient, 0) == 0
            state = decide(again, ~open_ended & ~first)
            series.append(lab_series(samples, name, state, self.carry_forward_hours))
        return Sign(self.name, tuple(series))


class AfterCrsTable(Sourced):
    """When CRS stands, and what tells hyperinflammation from it meanwhile."""

    event: EventName
    from_grade: Whole
    standing_hours: float
    ended_by_hours: float
    comparison: Comparison
    threshold: float
    carry_forward_hours: float


@dataclass(frozen=True)
class AfterCrsSign:
    """Met without severe CRS, and in it where inflammation is new or beyond it."""

    rules: AfterCrsTable
    rebound: Rebound
    strict: bool

    @property
    def name(self) -> str:
        """Name of the sign."""
        return NEW_AFTER_CRS

    @property
    def thresholds(self) -> tuple[Threshold, ...]:
        """None: what is judged is the course."""
        return ()

    def judge(self, cohort: Cohort) -> Sign:
        """Judge every CRS event and every result of a marker since the infusion."""
        crs = self._crs(cohort)
        # Without severe CRS nothing else decides, and few patients have it.
        asked = np.zeros(len(cohort), dtype=bool)
        asked[crs.patient[crs.state != MET]] = True
        labs = cohort.labs[asked[cohort.labs["patient"].to_numpy(dtype=np.int64)]]
        few = replace(cohort, labs=labs)
        return Sign(NEW_AFTER_CRS, (crs, self._again(few), self._beyond(few)))

    def _crs(self, cohort: Cohort) -> Series:
        """Not met while severe CRS stands, met once it is over and where none is recorded."""
        events = cohort.events
        chosen = ((events["event"] == self.rules.event) & (events["hours"] >= 0)).to_numpy(bool)
        patient = events["patient"].to_numpy(dtype=np.int64)[chosen]
        hours = events["hours"].to_numpy(dtype=np.float64)[chosen]
        grade = events["grade"].to_numpy(dtype=np.float64)[chosen]
        order = np.lexsort((grade, hours, patient))  # of several at one time the highest counts
        patient, hours, grade = patient[order], hours[order], grade[order]
        severe = grade >= self.rules.from_grade
        state = np.where(severe, NOT_MET, np.where(np.isnan(grade), self._unknown, MET))
        rest = np.maximum(self.rules.standing_hours, self.rules.ended_by_hours - hours)
        return Series(
            self.rules.event,
            patient,
            hours,
            state.astype(np.int8),
            np.full(len(hours), np.nan),
            np.where(state == MET, np.inf, rest),
            severe.astype(np.int8),
            ("", "severe CRS stands, no marker fell and rose again, ferritin is not beyond CRS"),
            absent=MET,
        )

    @property
    def _unknown(self) -> int:
        return NOT_ASSESSABLE if self.strict else MET

    def _again(self, cohort: Cohort) -> Series:
        """Whether any marker rose again, judged whenever one was measured."""
        found = self.rebound.judge(cohort).series
        when = moments(cohort)
        asked = when.keys(when.patient, when.hours)
        state = np.full(len(asked), NOT_ASSESSABLE, dtype=np.int8)
        measured = np.zeros(len(asked), dtype=bool)
        for series in found:
            keys = when.keys(series.patient, series.hours)
            measured |= np.isin(asked, keys)
            position = when.latest(keys, asked)
            fresh = position >= 0
            age = when.hours[fresh] - series.hours[position[fresh]]
            fresh[fresh] = tidy(age) <= self.rebound.carry_forward_hours
            own = np.full(len(asked), NOT_ASSESSABLE, dtype=np.int8)
            own[fresh] = series.state[position[fresh]]
            state = _best(state, own)
        state = np.where(state == NOT_ASSESSABLE, self._unknown, state).astype(np.int8)
        n = int(measured.sum())
        return Series(
            "rebound",
            when.patient[measured],
            when.hours[measured],
            state[measured],
            np.full(n, np.nan),
            np.full(n, self.rebound.carry_forward_hours),
            np.zeros(n, dtype=np.int8),
            absent=self._unknown,
        )

    def _beyond(self, cohort: Cohort) -> Series:
        """Whether ferritin is higher than CRS takes it; nothing is asked of one not measured."""
        samples = lab_samples(cohort, "ferritin")
        samples = samples.where(samples.hours >= 0)
        state = satisfies(samples.interval, self.rules.comparison, self.rules.threshold)
        found = lab_series(samples, "ferritin", state, self.rules.carry_forward_hours)
        return replace(found, absent=NOT_MET)


def _best(one: States, other: States) -> States:
    """Met where either is; not met where one is that, whatever of the other is not known."""
    known = np.where(one == NOT_ASSESSABLE, other, np.where(other == NOT_ASSESSABLE, one, -1))
    return np.where(known == -1, any_of(one, other), known).astype(np.int8)


@cache
def after_crs_sign(rule: str) -> AfterCrsSign:
    """The sign of a position of the switch other than `OFF`, by the numbers of course.toml."""
    signs = read_toml(Path(__file__).parents[1] / "course.toml")["signs"]

    def said(found: list[Fault]) -> SchemaError:
        return sentences("course.signs", found)

    rules = read(AfterCrsTable, signs[NEW_AFTER_CRS], said)
    return AfterCrsSign(rules, read(Rebound, signs["rebound"], said), rule == STRICT)
