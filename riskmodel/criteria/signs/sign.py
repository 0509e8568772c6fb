"""Signs: what is measured or found in a patient, judged sample by sample.

A `Series` is one analyte's or finding's samples with the state of each. A `Sign` is one or more
series of which any suffices. Between samples a state holds for its carry-forward, then it is
not assessable.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Protocol

import numpy as np

from riskmodel.arrays import Codes, Floats, States
from riskmodel.cohort import Cohort, analytes
from riskmodel.criteria.intervals import Samples, changes, lab_samples
from riskmodel.criteria.toml_table import (
    AnalyteName,
    CanonicalUnit,
    Comparison,
    EventName,
    Texts,
    among,
)
from riskmodel.criteria.truth import MET, NOT_ASSESSABLE, NOT_MET, satisfies, tidy
from riskmodel.toml_model import Table, must

ULN = "ULN"
FROM_ROW, FROM_DEFAULT, FROM_CENTRE = 1, 2, 3
ULN_SOURCES = {FROM_ROW: "row", FROM_DEFAULT: "default", FROM_CENTRE: "centre"}


@dataclass(frozen=True)
class Series:
    """Judged samples of one analyte or finding, one per patient and time, sorted.

    Attributes
    ----------
    name : str
        The analyte or event.
    patient, hours : arrays of shape (k,)
    state : int8 array of shape (k,)
    value : float64 array of shape (k,)
        In the analyte's canonical unit; NaN for a finding without a number.
    carry : float64 array of shape (k,)
        Hours for which the sample counts, that age included.
    detail : int8 array of shape (k,)
        Which rule of the sign held, a position in `rules`.
    rules : tuple of str
        Empty where the sign has one rule.
    uln : int8 array of shape (k,) or None
        Whose upper limit of normal was used, a key of `ULN_SOURCES`; None where none is.
    taken : float64 array of shape (k,) or None
        When the value shown was taken, where that may be an earlier sample.
    absent : int
        State where no sample counts.
    """

    name: str
    patient: Codes
    hours: Floats
    state: States
    value: Floats
    carry: Floats
    detail: States
    rules: tuple[str, ...] = ()
    uln: States | None = None
    taken: Floats | None = None
    absent: int = NOT_ASSESSABLE


@dataclass(frozen=True)
class Sign:
    """A named sign, met when any of its series is."""

    name: str
    series: tuple[Series, ...]


def lab_series(
    samples: Samples,
    name: str,
    state: States,
    carry_forward_hours: float,
    detail: States | None = None,
    rules: tuple[str, ...] = (),
    uln: States | None = None,
) -> Series:
    """Series of samples that all count for the same time."""
    return Series(
        name,
        samples.patient,
        samples.hours,
        state,
        samples.value,
        np.full(len(samples), carry_forward_hours),
        np.zeros(len(samples), dtype=np.int8) if detail is None else detail,
        rules,
        uln,
    )


@dataclass(frozen=True)
class Threshold:
    """A limit of one analyte.

    Attributes
    ----------
    analyte : str
    comparison : {"<", "<=", ">", ">="}
        As printed: a value exactly at the limit follows it.
    value : float
        In `unit`, or a multiple of the upper limit of normal where `unit` is ``"ULN"``.
    unit : str
    source : str
    """

    analyte: str
    comparison: str
    value: float
    unit: str
    source: str


class CohortSign(Protocol):
    """What judges a cohort by one sign."""

    @property
    def name(self) -> str:
        """Name of the sign."""

    @property
    def thresholds(self) -> tuple[Threshold, ...]:
        """Limits to be drawn beside the curves."""

    def judge(self, cohort: Cohort) -> Sign:
        """Judge every sample of the cohort."""


@dataclass(frozen=True)
class LabSign:
    """A sign that is met when any of some analytes is beyond its limit."""

    name: str
    thresholds: tuple[Threshold, ...]
    carry_forward_hours: float

    def judge(self, cohort: Cohort) -> Sign:
        """Judge every sample."""
        return Sign(self.name, tuple(self._series(cohort, limit) for limit in self.thresholds))

    def _series(self, cohort: Cohort, limit: Threshold) -> Series:
        samples = lab_samples(cohort, limit.analyte)
        if limit.unit != ULN:
            state = satisfies(samples.interval, limit.comparison, limit.value)
            return lab_series(samples, limit.analyte, state, self.carry_forward_hours)
        given = np.isfinite(samples.reference_high)
        default = analytes()[limit.analyte].uln
        normal = np.where(given, samples.reference_high, np.nan if default is None else default)
        state = satisfies(samples.interval, limit.comparison, tidy(limit.value * normal))
        source = np.where(given, FROM_ROW, FROM_DEFAULT).astype(np.int8)
        return lab_series(samples, limit.analyte, state, self.carry_forward_hours, uln=source)


@dataclass(frozen=True)
class FindingSign:
    """A sign that someone looked for: an event whose value says whether it was there."""

    name: str
    event: str
    met_values: tuple[str, ...]
    not_met_values: tuple[str, ...]
    carry_forward_hours: float
    source: str

    @property
    def thresholds(self) -> tuple[Threshold, ...]:
        """None: nothing is measured."""
        return ()

    def judge(self, cohort: Cohort) -> Sign:
        """Judge every event with a clear value; two that disagree at one time decide nothing."""
        events = cohort.events[(cohort.events["event"] == self.event).to_numpy(dtype=bool)]
        text = events["value"].fillna("").astype("str").str.strip().str.casefold()
        there = text.isin(self.met_values).to_numpy(dtype=bool)
        clear = there | text.isin(self.not_met_values).to_numpy(dtype=bool)
        patient = events["patient"].to_numpy(dtype=np.int64)[clear]
        hours = events["hours"].to_numpy(dtype=np.float64)[clear]
        state = np.where(there[clear], MET, NOT_MET).astype(np.int8)

        order = np.lexsort((state, hours, patient))
        patient, hours, state = patient[order], hours[order], state[order]
        start = np.flatnonzero(changes(patient, hours))
        if len(start):
            lowest, highest = np.minimum.reduceat(state, start), np.maximum.reduceat(state, start)
            state = np.where(lowest == highest, lowest, NOT_ASSESSABLE).astype(np.int8)
        series = Series(
            self.event,
            patient[start],
            hours[start],
            state,
            np.full(len(start), np.nan),
            np.full(len(start), self.carry_forward_hours),
            np.zeros(len(start), dtype=np.int8),
        )
        return Sign(self.name, (series,))


@dataclass(frozen=True)
class Limit:
    """A limit of a sign that is not drawn, or only part of what meets the sign.

    Attributes
    ----------
    analyte : str
        Empty where what is measured is no analyte.
    comparison, value, unit :
        As `Threshold`; `unit` is empty for a multiple.
    multiple_of : str
        ``uln``, ``baseline`` or ``higher``; empty for none.
    within_hours : float or None
        The period of a rise; None for a value.
    """

    analyte: str
    comparison: str
    value: float
    unit: str = ""
    multiple_of: str = ""
    within_hours: float | None = None


@dataclass(frozen=True)
class Shared:
    """What the signs of a definition share.

    Attributes
    ----------
    normal : mapping
        Default upper limits of normal that the definition adds to those of the analytes.
    switch : Any
        The cytopenia switch, None where the definition has none.
    picture : LabSign or None
        The lineage whose recovery is that of the blood picture.
    """

    normal: Mapping[str, float] = field(default_factory=dict)
    switch: Any = None
    picture: LabSign | None = None


class SignTable(Table):
    """The table of a sign in a definition's file.

    Attributes
    ----------
    kind : str
        Which table this is, a key of ``KINDS``.
    reached_in : str
        The window of the file in which the sign is reached, and then stays met; empty for a sign
        that stands as it is now.
    unverified : bool
        Whether what stands in it rests on memory, not on its source.
    """

    kind: str
    reached_in: str = ""
    unverified: Annotated[bool, must("true, or left out", bool)] = False

    def sign(self, name: str, shared: Shared) -> CohortSign:
        """What judges a cohort by it."""
        raise NotImplementedError

    @property
    def limits(self) -> tuple[Limit, ...]:
        """Limits beside, or in place of, those that are drawn; empty where those say it all."""
        return ()

    @property
    def reported(self) -> tuple[str, ...]:
        """Events that meet the sign."""
        return ()


class LabTable(SignTable):
    """``limit``: one analyte with an absolute limit."""

    analyte: AnalyteName
    comparison: Comparison
    threshold: float
    unit: CanonicalUnit
    carry_forward_hours: float
    source: str

    def sign(self, name: str, shared: Shared) -> CohortSign:
        """What judges a cohort by it."""
        return self.lab(name)

    def lab(self, name: str) -> LabSign:
        """The sign of the limit alone."""
        limit = Threshold(self.analyte, self.comparison, self.threshold, self.unit, self.source)
        return LabSign(name, (limit,), self.carry_forward_hours)


class NormalTable(SignTable):
    """``limit_of_normal``: several analytes with one multiple of their upper limit of normal."""

    analytes: Annotated[Texts, among(lambda: [a for a, e in analytes().items() if e.uln])]
    comparison: Comparison
    threshold: float
    unit: Annotated[str, among(lambda: (ULN,))]
    carry_forward_hours: float
    source: str

    def sign(self, name: str, shared: Shared) -> LabSign:
        """What judges a cohort by it."""
        limits = tuple(
            Threshold(analyte, self.comparison, self.threshold, ULN, self.source)
            for analyte in self.analytes
        )
        return LabSign(name, limits, self.carry_forward_hours)


class FindingTable(SignTable):
    """``finding``: an event with a yes or no."""

    event: EventName
    met_values: Texts
    not_met_values: Texts
    carry_forward_hours: float
    source: str

    def sign(self, name: str, shared: Shared) -> CohortSign:
        """What judges a cohort by it."""
        return FindingSign(
            name,
            self.event,
            tuple(self.met_values),
            tuple(self.not_met_values),
            self.carry_forward_hours,
            self.source,
        )

    @property
    def reported(self) -> tuple[str, ...]:
        """Events that meet it."""
        return (self.event,)
