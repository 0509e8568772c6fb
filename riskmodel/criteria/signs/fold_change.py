"""Signs of several analytes and events, each with limits of its own, of which any suffices."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from riskmodel.cohort import Cohort, analytes
from riskmodel.criteria.intervals import lab_samples
from riskmodel.criteria.signs.baseline import RelativeRule, RelativeSeries, read_relative_rule
from riskmodel.criteria.signs.events import EventSign, read_event_sign
from riskmodel.criteria.signs.ferritin import QuickRise, read_quick_rise, rising_within
from riskmodel.criteria.signs.sign import LabSign, Sign, Threshold, lab_series, read_lab_sign
from riskmodel.criteria.toml_table import Keys
from riskmodel.criteria.truth import NOT_MET, any_of, satisfies


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


def read_relative_sign(
    name: str, keys: Keys, defaults: dict[str, float] | None = None
) -> RelativeSign:
    """A sign whose inner tables are its rules; ``events`` and ``rise`` are tables of that name.

    Parameters
    ----------
    name : str
    keys : Keys
    defaults : dict or None
        Default upper limits of normal that the definition adds to those of the analytes.
    """
    carry = keys.number("carry_forward_hours")
    left = keys.names()
    events = read_event_sign(name, keys.table("events")) if "events" in left else None
    rules: dict[str, list[RelativeRule]] = {}
    rise_keys = keys.table("rise") if "rise" in left else None
    for inner in keys.names():
        table = keys.table(inner)
        analyte = table.text("analyte", tuple(analytes()))
        rules.setdefault(analyte, []).append(read_relative_rule(analyte, table, defaults))
    series = tuple(RelativeSeries(analyte, tuple(found), carry) for analyte, found in rules.items())
    rise = None
    if rise_keys is not None:
        rise = read_quick_rise(rise_keys, analytes()[series[0].analyte].unit)
    return RelativeSign(name, series, rise, events)


def read_rise_sign(name: str, keys: Keys) -> RiseSign:
    """A sign of one analyte's rise."""
    analyte = keys.text("analyte", tuple(analytes()))
    return RiseSign(
        name,
        analyte,
        read_quick_rise(keys, analytes()[analyte].unit),
        keys.number("carry_forward_hours"),
    )


def read_low_sign(name: str, keys: Keys) -> LabSign | LowSign:
    """A sign of one analyte below a limit, with ``or_below_normal`` below either."""
    either = keys.flag("or_below_normal")
    absolute = read_lab_sign(name, keys)
    return LowSign(absolute) if either else absolute
