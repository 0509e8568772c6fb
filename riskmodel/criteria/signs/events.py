"""Signs that rest on events: recorded findings, fever with or without a number, and what has none.

An event that is not recorded is not a finding that was looked for and not there: such a sign is
not assessable. An event whose value says no is not met.
"""

import re
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from riskmodel.arrays import Codes, Floats, States
from riskmodel.cohort import Cohort
from riskmodel.criteria.intervals import changes
from riskmodel.criteria.signs.sign import (
    CohortSign,
    Limit,
    Series,
    Shared,
    Sign,
    SignTable,
    Threshold,
)
from riskmodel.criteria.toml_table import Comparison, EventName, Events, Texts, among
from riskmodel.criteria.truth import MET, NOT_ASSESSABLE, NOT_MET, holds

_TEMPERATURE = re.compile(r"(\d{2,3}(?:[.,]\d+)?)\s*(?:°|deg)?\s*([cf])?\b")
_WITHOUT_NUMBER = {"met": MET, "not_assessable": NOT_ASSESSABLE}
_CELSIUS, _FAHRENHEIT = (30.0, 45.0), (86.0, 113.0)  # what can be a body temperature


@dataclass(frozen=True)
class EventSign:
    """A sign that is any of some events."""

    name: str
    events: tuple[str, ...]
    not_met_values: tuple[str, ...]
    carry_forward_hours: float

    @property
    def thresholds(self) -> tuple[Threshold, ...]:
        """None: nothing is measured."""
        return ()

    def judge(self, cohort: Cohort) -> Sign:
        """Judge every such event."""
        return Sign(self.name, tuple(self.series(cohort)))

    def series(self, cohort: Cohort, absent: int = NOT_ASSESSABLE) -> list[Series]:
        """One series an event; `absent` is its state where none counts."""
        return [self._series(cohort, event, absent) for event in self.events]

    def _series(self, cohort: Cohort, event: str, absent: int) -> Series:
        patient, hours, text = _reported(cohort, event)
        state = np.where(np.isin(text, self.not_met_values), NOT_MET, MET).astype(np.int8)
        values = np.full(len(state), np.nan)
        return _event_series(event, patient, hours, state, values, self.carry_forward_hours, absent)


@dataclass(frozen=True)
class TemperatureSign:
    """Fever from ``fever`` events, by the temperature in their value where it has one.

    Attributes
    ----------
    comparison, celsius :
        The limit.
    without_number : int
        State of a fever reported without a temperature.
    """

    name: str
    event: str
    comparison: str
    celsius: float
    without_number: int
    not_met_values: tuple[str, ...]
    carry_forward_hours: float

    @property
    def thresholds(self) -> tuple[Threshold, ...]:
        """None: temperature is no analyte."""
        return ()

    def judge(self, cohort: Cohort) -> Sign:
        """Judge every fever."""
        patient, hours, text = _reported(cohort, self.event)
        number = np.array([celsius(entry) for entry in text], dtype=np.float64)
        state = np.full(len(text), self.without_number, dtype=np.int8)
        state[np.isin(text, self.not_met_values)] = NOT_MET
        known = ~np.isnan(number)
        state[known] = holds(number[known], self.comparison, self.celsius)
        series = _event_series(
            self.event, patient, hours, state, number, self.carry_forward_hours, NOT_ASSESSABLE
        )
        return Sign(self.name, (series,))


@dataclass(frozen=True)
class UnrecordedSign:
    """A sign for which the cohort contract has no column: it is never assessable."""

    name: str

    @property
    def thresholds(self) -> tuple[Threshold, ...]:
        """None."""
        return ()

    def judge(self, cohort: Cohort) -> Sign:
        """No sample at all."""
        none = np.array([], dtype=np.int64)
        empty = np.array([], dtype=np.float64)
        small = np.array([], dtype=np.int8)
        series = Series(self.name, none, empty, small, empty, empty, small)
        return Sign(self.name, (series,))


def celsius(text: str) -> float:
    """Temperature in an event's value, in degrees Celsius; NaN where there is none.

    A number without a unit is read by what it can be.

    Examples
    --------
    >>> celsius("39.4"), celsius("39,4 C"), celsius("103.1 F"), celsius("night sweats")
    (39.4, 39.4, 39.5, nan)
    """
    found = _TEMPERATURE.fullmatch(text.strip().casefold())
    if found is None:
        return float("nan")
    number, unit = float(found[1].replace(",", ".")), found[2]
    if unit != "f" and _CELSIUS[0] <= number <= _CELSIUS[1]:
        return number
    if unit != "c" and _FAHRENHEIT[0] <= number <= _FAHRENHEIT[1]:
        return round((number - 32) / 1.8, 2)
    return float("nan")


def _reported(cohort: Cohort, event: str) -> tuple[Codes, Floats, np.ndarray]:
    """Patients, hours and values, in small letters, of an event."""
    events = cohort.events[(cohort.events["event"] == event).to_numpy(dtype=bool)]
    text = events["value"].fillna("").astype("str").str.strip().str.casefold()
    return (
        events["patient"].to_numpy(dtype=np.int64),
        events["hours"].to_numpy(dtype=np.float64),
        text.to_numpy(dtype=object),
    )


def _event_series(
    name: str,
    patient: Codes,
    hours: Floats,
    state: States,
    values: Floats,
    carry_forward_hours: float,
    absent: int,
) -> Series:
    """One sample a patient and time; of several the highest temperature, else what is not there.

    A yes and a no at one time decide nothing.
    """
    order = np.lexsort((state, np.nan_to_num(values, nan=-np.inf), hours, patient))
    patient, hours, state, values = patient[order], hours[order], state[order], values[order]
    start = np.flatnonzero(changes(patient, hours))
    if len(start):
        last = np.append(start[1:], len(patient)) - 1
        lowest, highest = np.minimum.reduceat(state, start), np.maximum.reduceat(state, start)
        agreed = np.where(lowest == highest, lowest, NOT_ASSESSABLE).astype(np.int8)
        measured = ~np.isnan(values[last])
        state, values = np.where(measured, state[last], agreed).astype(np.int8), values[last]
    return Series(
        name,
        patient[start],
        hours[start],
        state,
        values,
        np.full(len(start), carry_forward_hours),
        np.zeros(len(start), dtype=np.int8),
        absent=absent,
    )


class EventTable(SignTable):
    """``events``: any of some events."""

    events: Events
    not_met_values: Texts
    carry_forward_hours: float
    source: str

    def sign(self, name: str, shared: Shared) -> EventSign:
        """What judges a cohort by it."""
        return EventSign(
            name, tuple(self.events), tuple(self.not_met_values), self.carry_forward_hours
        )

    @property
    def reported(self) -> tuple[str, ...]:
        """Events that meet it."""
        return tuple(self.events)


class TemperatureTable(SignTable):
    """``temperature``: fever, by its temperature where it has one."""

    event: EventName
    comparison: Comparison
    threshold: float
    unit: Annotated[str, among(lambda: ("Cel",))]
    without_number: Annotated[str, among(lambda: tuple(_WITHOUT_NUMBER))]
    not_met_values: Texts
    carry_forward_hours: float
    source: str

    def sign(self, name: str, shared: Shared) -> CohortSign:
        """What judges a cohort by it."""
        return TemperatureSign(
            name,
            self.event,
            self.comparison,
            self.threshold,
            _WITHOUT_NUMBER[self.without_number],
            tuple(self.not_met_values),
            self.carry_forward_hours,
        )

    @property
    def limits(self) -> tuple[Limit, ...]:
        """As pages show them."""
        return (Limit("", self.comparison, self.threshold, self.unit),)


class UnrecordedTable(SignTable):
    """``unrecorded``: what the cohort contract cannot hold."""

    source: str

    def sign(self, name: str, shared: Shared) -> CohortSign:
        """What judges a cohort by it."""
        return UnrecordedSign(name)
