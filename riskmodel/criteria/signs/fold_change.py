"""Signs of several analytes and events, each with limits of its own, of which any suffices."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from pydantic import ConfigDict, Field, model_validator

from riskmodel.cohort import Cohort, analytes
from riskmodel.criteria.intervals import lab_samples
from riskmodel.criteria.signs.baseline import RelativeRule, RelativeRuleTable, RelativeSeries
from riskmodel.criteria.signs.events import EventSign, EventTable
from riskmodel.criteria.signs.ferritin import QuickRise, QuickRiseTable, rising_within
from riskmodel.criteria.signs.sign import (
    CohortSign,
    LabSign,
    LabTable,
    Limit,
    Shared,
    Sign,
    SignTable,
    Threshold,
    lab_series,
)
from riskmodel.criteria.toml_table import Above, AnalyteName, CanonicalRate
from riskmodel.criteria.truth import NOT_MET, any_of, satisfies
from riskmodel.toml_model import refuse


@dataclass(frozen=True)
class RelativeSign:
    """Results against multiples of a normal limit or baseline, a rise, or an event.

    Attributes
    ----------
    name : str
    series : tuple of RelativeSeries
        One an analyte.
    rise : QuickRise or None
        Another way in which the first analyte meets the sign.
    events : EventSign or None
        Events that meet the sign too. One that is not recorded adds nothing: the sign then
        rests on its results.
    """

    name: str
    series: tuple[RelativeSeries, ...]
    rise: QuickRise | None = None
    events: EventSign | None = None

    @property
    def thresholds(self) -> tuple[Threshold, ...]:
        """Limits that can be drawn."""
        return tuple(limit for series in self.series for limit in series.thresholds)

    def judge(self, cohort: Cohort) -> Sign:
        """Judge every sample and event."""
        also = {} if self.rise is None else {"rise": partial(rising_within, rise=self.rise)}
        found = [
            series.judge(cohort, also if k == 0 else None) for k, series in enumerate(self.series)
        ]
        if self.events is not None:
            found += self.events.series(cohort, absent=NOT_MET)
        return Sign(self.name, tuple(found))


@dataclass(frozen=True)
class RiseSign:
    """A rise of one analyte since its last sample."""

    name: str
    analyte: str
    rise: QuickRise
    carry_forward_hours: float

    @property
    def thresholds(self) -> tuple[Threshold, ...]:
        """None: a rate is not drawn."""
        return ()

    def judge(self, cohort: Cohort) -> Sign:
        """Judge every sample."""
        samples = lab_samples(cohort, self.analyte)
        state = rising_within(samples, self.rise)
        return Sign(
            self.name, (lab_series(samples, self.analyte, state, self.carry_forward_hours),)
        )


@dataclass(frozen=True)
class LowSign:
    """One analyte below a limit, or below the lower limit of normal where its row has one."""

    absolute: LabSign

    @property
    def name(self) -> str:
        """Name of the sign."""
        return self.absolute.name

    @property
    def thresholds(self) -> tuple[Threshold, ...]:
        """The limit."""
        return self.absolute.thresholds

    def judge(self, cohort: Cohort) -> Sign:
        """Judge every sample; without a lower limit of normal the other limit decides alone."""
        (limit,) = self.absolute.thresholds
        samples = lab_samples(cohort, limit.analyte)
        state = satisfies(samples.interval, limit.comparison, limit.value)
        given = np.isfinite(samples.reference_low)
        normal = np.where(given, samples.reference_low, 0.0)
        state = any_of(state, np.where(given, satisfies(samples.interval, "<", normal), NOT_MET))
        carry = self.absolute.carry_forward_hours
        return Sign(self.name, (lab_series(samples, limit.analyte, state, carry),))


class RelativeTable(SignTable):
    """``relative``: every further inner table is a rule; ``rise`` and ``events`` add to them."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, RelativeRuleTable] = Field(init=False)

    carry_forward_hours: float
    rise: QuickRiseTable | None = None
    events: EventTable | None = None

    @model_validator(mode="after")
    def _whole(self) -> "RelativeTable":
        if not self.rows:
            raise refuse("a table with a rule of its own")
        unit = f"{analytes()[self.rows[0].analyte].unit}/h"
        if self.rise is not None and self.rise.unit != unit:
            raise refuse(f"a table whose rise is in {unit}")
        return self

    @property
    def rows(self) -> tuple[RelativeRuleTable, ...]:
        """The rules, in the order of the file."""
        return tuple(self.__pydantic_extra__.values())

    def sign(self, name: str, shared: Shared) -> CohortSign:
        """What judges a cohort by it."""
        rules: dict[str, list[RelativeRule]] = {}
        for row in self.rows:
            rules.setdefault(row.analyte, []).append(row.rule(shared.normal))
        return RelativeSign(
            name,
            tuple(RelativeSeries(a, tuple(r), self.carry_forward_hours) for a, r in rules.items()),
            None if self.rise is None else self.rise.rise,
            None if self.events is None else self.events.sign(name, shared),
        )

    @property
    def limits(self) -> tuple[Limit, ...]:
        """As pages show them."""
        rise = () if self.rise is None else (self.rise.limit,)
        return (*(row.limit for row in self.rows), *rise)


class RiseTable(SignTable):
    """``rise``: one analyte's rise since its last sample."""

    analyte: AnalyteName
    comparison: Above
    threshold: float
    unit: CanonicalRate
    within_hours: float
    carry_forward_hours: float
    source: str

    def sign(self, name: str, shared: Shared) -> CohortSign:
        """What judges a cohort by it."""
        rise = QuickRise(self.comparison, self.threshold, self.within_hours, self.source)
        return RiseSign(name, self.analyte, rise, self.carry_forward_hours)

    @property
    def limits(self) -> tuple[Limit, ...]:
        """As pages show them."""
        within = self.within_hours
        return (Limit("", self.comparison, self.threshold, self.unit, within_hours=within),)


class LowTable(LabTable):
    """``limit_or_low``: below a limit, or below the lower limit of normal of the own row."""

    def sign(self, name: str, shared: Shared) -> CohortSign:
        """What judges a cohort by it."""
        return LowSign(self.lab(name))
