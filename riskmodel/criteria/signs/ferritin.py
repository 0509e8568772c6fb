"""The ferritin sign: an absolute limit, a rate of rise, or either, by what the product targets.

The rate between consecutive samples is their mean rate, taken as constant between them.
Consecutive intervals that reach the rate add up to one run, and a sample meets the sign when the
run that ends there lasts long enough.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import ConfigDict, Field, ValidationInfo, field_validator, model_validator

from riskmodel.arrays import Flags, Floats, States
from riskmodel.cohort import PATIENT_CHOICES, Cohort, analytes
from riskmodel.criteria.intervals import Samples, changes, lab_samples, previous
from riskmodel.criteria.signs.sign import (
    CohortSign,
    LabSign,
    LabTable,
    Limit,
    Shared,
    Sign,
    Threshold,
    lab_series,
)
from riskmodel.criteria.toml_table import Above, Comparison, Sourced, among
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
from riskmodel.toml_model import refuse

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


class QuickRiseTable(Sourced):
    """A rate of rise within a period."""

    comparison: Above
    threshold: float
    unit: str
    within_hours: float

    @property
    def rise(self) -> QuickRise:
        """As the signs read it."""
        return QuickRise(self.comparison, self.threshold, self.within_hours, self.source)

    @property
    def limit(self) -> Limit:
        """As pages show it."""
        return Limit("", self.comparison, self.threshold, self.unit, within_hours=self.within_hours)


class RateTable(Sourced):
    """A rate of rise that must last."""

    comparison: Comparison
    threshold: float
    unit: str
    lasting_comparison: Comparison
    lasting_hours: float

    @property
    def rise(self) -> Rise:
        """As the signs read it."""
        return Rise(
            self.comparison,
            self.threshold,
            self.lasting_comparison,
            self.lasting_hours,
            self.source,
        )


FerritinRule = Annotated[str, among(lambda: (ABSOLUTE, RATE, EITHER))]


class RuleTable(Sourced):
    """Which rule holds for which target antigen; every other key is a target."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, FerritinRule] = Field(init=False)

    otherwise: FerritinRule

    @model_validator(mode="after")
    def _targets(self) -> "RuleTable":
        if not set(self.of_target) <= set(PATIENT_CHOICES["target_antigen"]):
            raise refuse(f"of targets among {', '.join(PATIENT_CHOICES['target_antigen'])}")
        return self

    @property
    def of_target(self) -> dict[str, str]:
        """Rules by target antigen."""
        return dict(self.__pydantic_extra__)


class FerritinTable(LabTable):
    """``ferritin_by_target``: an absolute limit or a lasting rise, by what the product targets."""

    rate: RateTable
    rule_by_target: RuleTable

    @field_validator("rate")
    @classmethod
    def _of_the_analyte(cls, rate: RateTable, info: ValidationInfo) -> RateTable:
        analyte = info.data.get("analyte")
        if analyte is not None and rate.unit != f"{analytes()[analyte].unit}/h":
            raise refuse(f"a rate in {analytes()[analyte].unit}/h")
        return rate

    def sign(self, name: str, shared: Shared) -> CohortSign:
        """What judges a cohort by it."""
        rules = self.rule_by_target
        return FerritinSign(
            absolute=self.lab(name),
            rise=self.rate.rise,
            rule_of=rules.of_target,
            otherwise=rules.otherwise,
            source=rules.source,
        )
