"""Limits that depend on the patient: multiples of the upper limit of normal or of the baseline.

The upper limit of normal is that of the result's own row, else the last one that the centre gave
for the same patient and analyte, else the stated default. The baseline is the last result at or
before the infusion. Where a multiple of the baseline is needed and there is none, that rule is
not assessable.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import ConfigDict, Field, model_validator

from riskmodel.arrays import Floats, States
from riskmodel.cohort import Cohort, analytes
from riskmodel.criteria.intervals import Samples, lab_samples
from riskmodel.criteria.signs.sign import (
    FROM_CENTRE,
    FROM_DEFAULT,
    FROM_ROW,
    ULN,
    Limit,
    Series,
    Threshold,
    lab_series,
)
from riskmodel.criteria.toml_table import Above, AnalyteName, Sourced, among
from riskmodel.criteria.truth import MET, NOT_ASSESSABLE, Intervals, any_of, decide, satisfies, tidy
from riskmodel.toml_model import refuse

ULN_RULE, BASELINE_RULE, HIGHER_RULE, KNOWN_RULE, BELOW_RULE = (
    "uln",
    "baseline",
    "higher",
    "higher_known",
    "reference_low",
)


@dataclass(frozen=True)
class Normal:
    """Upper limits of normal of samples, and whose they are (keys of ``ULN_SOURCES``)."""

    limit: Floats
    source: States


def upper_limits(samples: Samples, default: float | None) -> Normal:
    """The row's own limit, else the centre's last one for this patient, else the default.

    Parameters
    ----------
    samples : Samples of length k
    default : float or None
        None leaves NaN where no limit was given so far.
    """
    given = pd.Series(samples.reference_high)
    centre = given.groupby(samples.patient, sort=False).ffill().to_numpy(dtype=np.float64)
    own = np.isfinite(samples.reference_high)
    known = np.isfinite(centre)
    limit = np.where(known, centre, np.nan if default is None else default)
    source = np.select([own, known, np.isfinite(limit)], [FROM_ROW, FROM_CENTRE, FROM_DEFAULT], 0)
    return Normal(limit, source.astype(np.int8))


def baselines(samples: Samples, patients: int, oldest_hours: float) -> Intervals:
    """What is known of each patient's last result at or before the infusion.

    Parameters
    ----------
    samples : Samples
    patients : int
        n.
    oldest_hours : float
        Age of the oldest baseline, that age included.

    Returns
    -------
    Intervals of shape (n,)
        From 0 to infinity where there is none.
    """
    before = samples.where((samples.hours <= 0) & (samples.hours >= -oldest_hours))
    found = Intervals(
        np.zeros(patients),
        np.full(patients, np.inf),
        np.zeros(patients, dtype=bool),
        np.zeros(patients, dtype=bool),
    )
    for name in ("low", "high", "low_open", "high_open"):  # sorted: the last one stays
        getattr(found, name)[before.patient] = getattr(before.interval, name)
    return found


@dataclass(frozen=True)
class RelativeRule:
    """One analyte held against a multiple of a limit of its own.

    Attributes
    ----------
    analyte : str
    kind : {"uln", "baseline", "higher", "higher_known"}
        The upper limit of normal, the baseline, or the higher of the two; in the last, without a
        baseline the upper limit of normal alone.
    comparison : {">", ">="}
    multiple : float
    oldest_hours : float
        Age of the oldest baseline; not used by ``uln``.
    default_uln : float or None
    source : str
    """

    analyte: str
    kind: str
    comparison: str
    multiple: float
    oldest_hours: float
    default_uln: float | None
    source: str

    @property
    def thresholds(self) -> tuple[Threshold, ...]:
        """The limit, where it is one that can be drawn: a multiple of the ULN."""
        if self.kind != ULN_RULE:
            return ()
        return (Threshold(self.analyte, self.comparison, self.multiple, ULN, self.source),)

    def judge(self, samples: Samples, patients: int) -> tuple[States, Normal]:
        """State of each sample by this rule alone, and the limits of normal."""
        normal = upper_limits(samples, self.default_uln)
        known = np.isfinite(normal.limit)
        limit = np.where(known, normal.limit, 0.0)
        low = high = limit
        if self.kind != ULN_RULE:
            base = baselines(samples, patients, self.oldest_hours)
            low, high = base.low[samples.patient], base.high[samples.patient]
        if self.kind == KNOWN_RULE:
            unknown = (low == 0.0) & np.isinf(high)
            low, high = np.where(unknown, limit, low), np.where(unknown, limit, high)
        if self.kind in (HIGHER_RULE, KNOWN_RULE):
            low, high = np.maximum(low, limit), np.maximum(high, limit)
        low, high = tidy(self.multiple * low), tidy(self.multiple * high)
        state = decide(
            satisfies(samples.interval, self.comparison, high) == MET,
            satisfies(samples.interval, self.comparison, low) == 0,
        )
        if self.kind != BASELINE_RULE:
            state = np.where(known, state, NOT_ASSESSABLE).astype(np.int8)
        return state, normal


@dataclass(frozen=True)
class RelativeSeries:
    """One analyte with one or more rules of which any suffices."""

    analyte: str
    rules: tuple[RelativeRule, ...]
    carry_forward_hours: float

    @property
    def thresholds(self) -> tuple[Threshold, ...]:
        """Limits that can be drawn."""
        return tuple(limit for rule in self.rules for limit in rule.thresholds)

    def judge(
        self,
        cohort: Cohort,
        also: Mapping[str, Callable[[Samples], States]] | None = None,
    ) -> Series:
        """Judge every sample; the detail says which of the rules, and of `also`, held."""
        samples = lab_samples(cohort, self.analyte)
        states, names, uln = [], [], None
        for rule in self.rules:
            state, normal = rule.judge(samples, len(cohort))
            states.append(state)
            names.append(rule.kind)
            if rule.kind != BASELINE_RULE:
                uln = normal.source
        for name, call in (also or {}).items():
            states.append(call(samples))
            names.append(name)
        detail = sum((state == MET).astype(np.int8) << k for k, state in enumerate(states))
        return lab_series(
            samples,
            self.analyte,
            any_of(*states),
            self.carry_forward_hours,
            np.asarray(detail, dtype=np.int8),
            _combinations(names),
            uln,
        )


def _combinations(names: list[str]) -> tuple[str, ...]:
    """What held, by the bits of a detail: no name, one, or several joined."""
    return tuple(
        "+".join(name for k, name in enumerate(names) if bits >> k & 1)
        for bits in range(2 ** len(names))
    )


class RelativeRuleTable(Sourced):
    """A rule of a definition: ``multiple_of`` says of what its threshold is a multiple."""

    analyte: AnalyteName
    multiple_of: Annotated[str, among(lambda: (ULN_RULE, BASELINE_RULE, HIGHER_RULE, KNOWN_RULE))]
    comparison: Above
    threshold: float
    oldest_baseline_hours: float | None = None

    @model_validator(mode="after")
    def _baseline(self) -> "RelativeRuleTable":
        if (self.oldest_baseline_hours is None) != (self.multiple_of == ULN_RULE):
            raise refuse("a table with 'oldest_baseline_hours' where a baseline counts, there only")
        return self

    def rule(self, defaults: Mapping[str, float]) -> RelativeRule:
        """As the signs read it, with the default limits of normal that the definition adds."""
        return RelativeRule(
            self.analyte,
            self.multiple_of,
            self.comparison,
            self.threshold,
            self.oldest_baseline_hours or 0.0,
            defaults.get(self.analyte, analytes()[self.analyte].uln),
            self.source,
        )

    @property
    def limit(self) -> Limit:
        """As pages show it."""
        return Limit(self.analyte, self.comparison, self.threshold, multiple_of=self.multiple_of)


class NormalLimits(Sourced):
    """Default upper limits of normal, every other key an analyte, in the canonical unit."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, float] = Field(init=False)

    @model_validator(mode="after")
    def _analytes(self) -> "NormalLimits":
        strange = ", ".join(set(self.limits) - set(analytes()))
        if strange:
            raise refuse(f"limits of known analytes, and {strange} is none")
        return self

    @property
    def limits(self) -> dict[str, float]:
        """By analyte."""
        return dict(self.__pydantic_extra__)
