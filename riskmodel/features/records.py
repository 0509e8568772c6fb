"""A cohort's records arranged for the builders: one time-ordered series per analyte and event."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from riskmodel.arrays import Codes, Floats, States
from riskmodel.cohort import Cohort
from riskmodel.criteria import (
    DEFAULT_DEFINITION,
    DEFAULT_RULE,
    SignTimeline,
    evaluate_signs,
    load_definition,
)
from riskmodel.features.feature import Window


@dataclass(frozen=True)
class Draws:
    """Results of one analyte, or times of one event, ordered by patient and time.

    Attributes
    ----------
    patient, hours, value : arrays of shape (n,)
        Equal times of one patient are one draw: the mean of the results.
    """

    patient: Codes
    hours: Floats
    value: Floats

    def within(self, window: Window, prediction_time: float) -> "Draws":
        """The draws in a window."""
        kept = window.holds(self.hours, prediction_time)
        return Draws(self.patient[kept], self.hours[kept], self.value[kept])

    def last(self, patients: int) -> Floats:
        """Last value of each patient, NaN without one."""
        found = np.full(patients, np.nan)
        found[self.patient] = self.value
        return found

    def count(self, patients: int) -> Floats:
        """Number of draws of each patient."""
        return np.bincount(self.patient, minlength=patients).astype(np.float64)


@dataclass(frozen=True)
class Labs:
    """All results of a cohort as plain columns.

    Attributes
    ----------
    hours, value : float64 arrays of shape (n,)
    analyte, comparator : int8 arrays of shape (n,)
    analytes : mapping of str to int
        Code of each analyte.
    start : int64 array of shape (patients + 1,)
        Where each patient's results begin.
    order : int64 array of shape (n,) or (0,)
        Rows grouped by patient; empty where they stand so.
    """

    hours: Floats
    value: Floats
    analyte: States
    comparator: States
    analytes: Mapping[str, int]
    start: Codes
    order: Codes


def arrange(labs: pd.DataFrame, patients: int) -> Labs:
    """Results for the compiled pass; rows that are not grouped by patient are, once."""
    from riskmodel.features import kernel

    patient = np.ascontiguousarray(labs["patient"], dtype=np.int64)
    start = np.zeros(patients + 1, dtype=np.int64)
    order = np.empty(0, dtype=np.int64)
    if not kernel.offsets(patient, start):
        order = np.empty(len(patient), dtype=np.int64)
        kernel.group(patient, start, order)
    analyte = labs["analyte"].cat
    return Labs(
        np.ascontiguousarray(labs["hours"], dtype=np.float64),
        np.ascontiguousarray(labs["value"], dtype=np.float64),
        np.ascontiguousarray(analyte.codes, dtype=np.int8),
        np.ascontiguousarray(labs["comparator"], dtype=np.int8),
        {str(name): code for code, name in enumerate(analyte.categories)},
        start,
        order,
    )


def _mean_of_ties(patient: Codes, hours: Floats, value: Floats) -> Draws:
    if len(patient) == 0:
        return Draws(patient, hours, value)
    new = np.empty(len(patient), dtype=bool)
    new[0] = True
    new[1:] = (patient[1:] != patient[:-1]) | (hours[1:] != hours[:-1])
    start = np.flatnonzero(new)
    total = np.add.reduceat(value, start)
    size = np.diff(np.append(start, len(patient)))
    return Draws(patient[start], hours[start], total / size)


class Records:
    """Series of a cohort, each arranged when first asked for.

    Parameters
    ----------
    cohort : Cohort
    definition, cytopenia_rule : str
        The definition whose signs the criteria-derived features read.
    """

    def __init__(
        self,
        cohort: Cohort,
        definition: str = DEFAULT_DEFINITION,
        cytopenia_rule: str = DEFAULT_RULE,
    ) -> None:
        self.cohort = cohort
        self.patients = len(cohort)
        self._definition = definition
        self._cytopenia_rule = cytopenia_rule
        self._draws: dict[str, Draws] = {}
        self._events: dict[str, Draws] = {}

    @cached_property
    def labs(self) -> Labs:
        """All results as the compiled pass reads them, without a copy where their types fit."""
        return arrange(self.cohort.labs, self.patients)

    def draws(self, analyte: str) -> Draws:
        """Results of one analyte; a `<` or `>` result counts as its bound."""
        if analyte not in self._draws:
            rows = self._rows_of(self.cohort.labs, "analyte", analyte)
            self._draws[analyte] = _mean_of_ties(
                rows["patient"].to_numpy(np.int64),
                rows["hours"].to_numpy(np.float64),
                rows["value"].to_numpy(np.float64),
            )
        return self._draws[analyte]

    def events(self, name: str) -> Draws:
        """Times of one event, not those of its end; its value is the grade."""
        if name not in self._events:
            rows = self._rows_of(self._happened, "event", name)
            self._events[name] = Draws(
                rows["patient"].to_numpy(np.int64),
                rows["hours"].to_numpy(np.float64),
                rows["grade"].to_numpy(np.float64),
            )
        return self._events[name]

    def _rows_of(self, table: pd.DataFrame, column: str, name: str) -> pd.DataFrame:
        groups = self._lab_rows if column == "analyte" else self._event_rows
        return table.iloc[groups.get(name, np.empty(0, dtype=np.int64))]

    @cached_property
    def _lab_rows(self) -> dict[str, Codes]:
        return _rows_by(self.cohort.labs["analyte"])

    @cached_property
    def _event_rows(self) -> dict[str, Codes]:
        return _rows_by(self._happened["event"])

    @cached_property
    def _happened(self) -> pd.DataFrame:
        return self.cohort.happened

    @cached_property
    def signs(self) -> SignTimeline:
        """State over time of every sign of the definition."""
        definition = load_definition(self._definition)
        return evaluate_signs(self.cohort, definition, self._cytopenia_rule)

    @cached_property
    def hscore_signs(self) -> SignTimeline:
        """State over time of every item of the HScore, which no choice of definition changes."""
        return evaluate_signs(self.cohort, "hscore")


def _rows_by(column: pd.Series) -> dict[str, Codes]:
    codes = column.cat.codes.to_numpy()
    order = np.argsort(codes, kind="stable")
    edges = np.searchsorted(codes[order], np.arange(len(column.cat.categories) + 1))
    names = column.cat.categories
    return {
        str(names[k]): order[edges[k] : edges[k + 1]].astype(np.int64) for k in range(len(names))
    }
