"""The ferritin sign: an absolute limit, a rate of rise, or either, by what the product targets.

The rate between consecutive samples is their mean rate, taken as constant between them.
Consecutive intervals that reach the rate add up to one run, and a sample meets the sign when the
run that ends there lasts long enough.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from riskmodel.arrays import Flags, Floats, States
from riskmodel.cohort import PATIENT_CHOICES, Cohort
from riskmodel.criteria.intervals import Samples, changes, lab_samples, previous
from riskmodel.criteria.signs.sign import LabSign, Sign, Threshold, lab_series, read_lab_sign
from riskmodel.criteria.toml_table import Keys
from riskmodel.criteria.truth import (
    MET,
    NOT_ASSESSABLE,
    NOT_MET,
    Intervals,
    any_of,
    decide,
    holds,
    satisfies,
    tidy,
)

ABSOLUTE, RATE, EITHER = "absolute", "rate", "either"
FERRITIN_RULES = ("", "absolute", "rate", "both")


@dataclass(frozen=True)
class Rise:
    """A rate of rise that must last.

    Attributes
    ----------
    comparison, per_hour :
        Of the rate, in the analyte's unit per hour.
    lasting_comparison, lasting_hours :
        Of the length of the run of intervals that reach the rate.
    source : str
    """

    comparison: str
    per_hour: float
    lasting_comparison: str
    lasting_hours: float
    source: str


@dataclass(frozen=True)
class QuickRise:
    """A rate of rise within a period.

    Attributes
    ----------
    comparison, per_hour :
        Of the mean rate between consecutive samples, in the analyte's unit per hour.
    within_hours : float
        The period.
    source : str
    """

    comparison: str
    per_hour: float
    within_hours: float
    source: str


@dataclass(frozen=True)
class FerritinSign:
    """Hyperferritinemia by target antigen.

    Attributes
    ----------
    absolute : LabSign
    rise : Rise
    rule_of : mapping
        Target antigen to ``"absolute"``, ``"rate"`` or ``"either"``.
    otherwise : str
        The rule of every other target, a missing one included.
    """

    absolute: LabSign
    rise: Rise
    rule_of: Mapping[str, str]
    otherwise: str
    source: str

    @property
    def name(self) -> str:
        """Name of the sign."""
        return self.absolute.name

    @property
    def thresholds(self) -> tuple[Threshold, ...]:
        """The absolute limit."""
        return self.absolute.thresholds

    def judge(self, cohort: Cohort) -> Sign:
        """Judge every sample by its patient's rule; the detail says which rule held."""
        (limit,) = self.absolute.thresholds
        samples = lab_samples(cohort, limit.analyte)
        absolute = satisfies(samples.interval, limit.comparison, limit.value)
        rate = rising(samples, self.rise)
        target = cohort.patients["target_antigen"].astype(object)
        by_patient = target.map(dict(self.rule_of)).fillna(self.otherwise)
        rule = by_patient.to_numpy(dtype=object)[samples.patient]
        state = np.where(
            rule == ABSOLUTE, absolute, np.where(rule == RATE, rate, any_of(absolute, rate))
        ).astype(np.int8)
        held = (absolute == MET) & (rule != RATE), (rate == MET) & (rule != ABSOLUTE)
        detail = (held[0] + 2 * held[1]).astype(np.int8)
        carry = self.absolute.carry_forward_hours
        series = lab_series(samples, limit.analyte, state, carry, detail, FERRITIN_RULES)
        return Sign(self.name, (series,))


def rising(samples: Samples, rise: Rise) -> States:
    """Whether a long enough run of rising intervals ends at each sample.

    A pair with a bound (``<``, ``>``) counts where every value that the bound allows reaches the
    rate, and is not assessable where only some do. A sample is not assessable where the run
    would be long enough only with such pairs, and where it is the patient's first.
    """
    patient, hours = samples.patient, samples.hours
    first = changes(patient)
    needed = tidy(rise.per_hour * (hours - previous(hours, patient, 0.0)))
    pair = satisfies(differences(samples), rise.comparison, needed)
    certain = _run_hours(hours, ~first & (pair == MET))
    possible = _run_hours(hours, ~first & (pair != NOT_MET))
    state = decide(
        holds(certain, rise.lasting_comparison, rise.lasting_hours),
        ~holds(possible, rise.lasting_comparison, rise.lasting_hours),
    )
    state[first] = NOT_ASSESSABLE
    return state


def rising_within(samples: Samples, rise: QuickRise) -> States:
    """Whether ferritin rose at the rate since each sample's predecessor, within the period.

    Two samples further apart than the period meet the sign at the rate, since some period between
    them then reached it. Below the rate they are not assessable, unless their whole rise is
    too small even for one period. A patient's first sample is not assessable.
    """
    patient, hours = samples.patient, samples.hours
    found = differences(samples)
    apart = tidy(hours - previous(hours, patient, 0.0))
    pair = satisfies(found, rise.comparison, tidy(rise.per_hour * apart))
    whole = satisfies(found, rise.comparison, rise.per_hour * rise.within_hours)
    hidden = (apart > rise.within_hours) & (pair == NOT_MET) & (whole != NOT_MET)
    state = np.where(hidden | changes(patient), NOT_ASSESSABLE, pair)
    return state.astype(np.int8)


def differences(samples: Samples) -> Intervals:
    """What is known of the rise of each sample over the one before of the same patient.

    A patient's first sample is compared with 0 and means nothing.
    """
    patient, found = samples.patient, samples.interval
    return Intervals(
        low=tidy(found.low - previous(found.high, patient, 0.0)),
        high=tidy(found.high - previous(found.low, patient, 0.0)),
        low_open=found.low_open | previous(found.high_open, patient, False),
        high_open=found.high_open | previous(found.low_open, patient, False),
    )


def _run_hours(hours: Floats, joined: Flags) -> Floats:
    """Hours from the start of each sample's run; `joined` samples continue the one before."""
    start = np.maximum.accumulate(np.where(joined, 0, np.arange(len(hours))))
    return tidy(hours - hours[start])


def read_quick_rise(keys: Keys, unit: str) -> QuickRise:
    """A rate of rise within a period, of an analyte in `unit`."""
    keys.text("unit", (f"{unit}/h",))
    return QuickRise(
        keys.text("comparison", (">", ">=")),
        keys.number("threshold"),
        keys.number("within_hours"),
        keys.text("source"),
    )


def read_ferritin_sign(name: str, keys: Keys) -> FerritinSign:
    """The ferritin sign of a definition."""
    rise, rules = keys.table("rate"), keys.table("rule_by_target")
    absolute = read_lab_sign(name, keys)
    allowed = (ABSOLUTE, RATE, EITHER)
    otherwise, source = rules.text("otherwise", allowed), rules.text("source")
    rise.text("unit", (f"{absolute.thresholds[0].unit}/h",))
    return FerritinSign(
        absolute=absolute,
        rise=Rise(
            rise.comparison("comparison"),
            rise.number("threshold"),
            rise.comparison("lasting_comparison"),
            rise.number("lasting_hours"),
            rise.text("source"),
        ),
        rule_of={
            target: rules.text(target, allowed)
            for target in PATIENT_CHOICES["target_antigen"]
            if target in rules.names()
        },
        otherwise=otherwise,
        source=source,
    )
