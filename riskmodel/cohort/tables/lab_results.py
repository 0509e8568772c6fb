"""Results of the labs table: read, converted, and judged possible, plausible or neither."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from riskmodel.arrays import Codes, Flags, Floats, States
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.schema import EXACT
from riskmodel.cohort.tables.unit_suspicion import fitting_unit, suspicions
from riskmodel.cohort.text_codes import Texts, texts
from riskmodel.cohort.units import analytes
from riskmodel.cohort.written.number_text import NUMBER_FAULTS
from riskmodel.cohort.written.numbers import Numbers, combine_comparators, only_possible

_FAR_OFF = 100.0
"""Times from the typical value at which a result is one of another unit, where it fits one."""


@dataclass(frozen=True)
class Results:
    """Canonical values of every charted row, and which rows are usable.

    Attributes
    ----------
    value : float64 array of shape (n,)
    comparator : int8 array of shape (n,)
    usable : bool array of shape (n,)
    """

    value: Floats
    comparator: States
    usable: Flags


@dataclass(frozen=True)
class Meanings:
    """What each combination of analyte, LOINC code and unit of a table means.

    Attributes
    ----------
    code : int64 array of shape (n,)
        Combination of each row.
    analyte, factor : arrays of shape (combinations,)
        Index of the analyte and factor to its canonical unit, -1 and NaN where they are unknown.
    """

    code: Codes
    analyte: Codes
    factor: Floats

    @cached_property
    def row_analyte(self) -> Codes:
        """Analyte of each row."""
        return self.analyte[self.code]

    @cached_property
    def row_factor(self) -> Floats:
        """Factor of each row."""
        return self.factor[self.code]


def read_results(
    raw: pd.DataFrame,
    usable: Flags,
    names: Sequence[str],
    meanings: Meanings,
    charted: Numbers,
    ids: Texts,
    rejections: Rejections,
) -> Results:
    """Convert the values of usable rows; record each one that cannot be used.

    Parameters
    ----------
    raw : DataFrame of shape (n, any)
    usable : bool array of shape (n,)
    names : sequence of str
        Analytes by index.
    meanings : Meanings
    charted : Numbers of shape (n,)
        Of the column of values.
    ids : Texts of shape (n,)
        Patients.
    rejections : Rejections
    """
    analyte, factor = meanings.row_analyte, meanings.row_factor

    def reject(mask: Flags, reason: str, column: str, detail: Callable[[int], str]) -> None:
        rows = np.flatnonzero(mask)
        told = np.array([detail(row) for row in rows.tolist()], dtype=object)
        rejections.add_each("labs", rows, ids, reason, column=column, detail=told)

    def shown(row: int) -> str:
        return names[int(analyte[row])]

    value, one_way = only_possible(
        charted, lambda number: ~_impossible(names, analyte, number * factor, charted.comparator)
    )
    for place, reason in enumerate(NUMBER_FAULTS, start=1):
        reject(usable & (charted.fault == place) & ~one_way, reason, "value", shown)
    reject(usable & np.isnan(value) & (charted.fault == 0), "value_missing", "value", shown)
    usable = usable & one_way & ~np.isnan(value)
    comparator = charted.comparator
    if "comparator" in raw:
        comparator, unknown = combine_comparators(texts(raw, "comparator"), comparator)
        reject(usable & unknown, "unknown_comparator", "comparator", lambda _: "")
        usable = usable & ~unknown
    canonical = value * factor
    outside = usable & _impossible(names, analyte, canonical, comparator)
    reject(
        outside,
        "value_impossible",
        "value",
        lambda row: _allowed(names[analyte[row]], canonical[row], factor[row]),
    )
    usable = usable & ~outside
    unsure = np.flatnonzero(usable & _far_off(names, meanings, canonical, comparator))
    fits = {
        row: unit
        for row in unsure.tolist()
        if (unit := fitting_unit(analytes()[shown(row)], canonical[row], factor[row]))
    }
    doubtful = np.zeros(len(value), dtype=bool)
    doubtful[list(fits)] = True
    reject(doubtful, "unit_doubtful", "unit", lambda row: f"{shown(row)}: it would fit {fits[row]}")
    usable = usable & ~doubtful
    _note_oddities(names, analyte, meanings, canonical, comparator, usable, rejections)
    return Results(canonical, comparator, usable)


def _impossible(
    names: Sequence[str],
    analyte: Codes,
    value: Floats,
    comparator: States,
) -> Flags:
    """Values that cannot be results. A bound may lie beyond: `<5` of an assay says a truth."""
    low, high = _limits([analytes()[name].possible for name in names], analyte)
    low_enough = (value >= low) | (comparator < EXACT)
    high_enough = (value <= high) | (comparator > EXACT)
    return np.asarray(~(low_enough & high_enough & (value >= 0)))


def _far_off(
    names: Sequence[str],
    meanings: Meanings,
    value: Floats,
    comparator: States,
) -> Flags:
    """Numbers of which another unit of the analyte may be meant: see `fitting_unit`.

    Implausible ones, those `_FAR_OFF` times from what is typical, and those in a unit that is
    read by its grammar alone (mkat/L, which some print for ukat/L).
    """
    entries = [analytes()[names[k]] if k >= 0 else None for k in meanings.analyte.tolist()]
    told = [
        (*e.plausible, e.typical or np.nan, float(factor in e.factors.values()))
        if e
        else (np.nan, np.nan, np.nan, 1.0)
        for e, factor in zip(entries, meanings.factor.tolist(), strict=True)
    ]
    each = np.array(told, dtype=np.float64).reshape(-1, 4)
    low, high, typical, listed = each[meanings.code].T
    far = (value > 0) & ((value < typical / _FAR_OFF) | (value > typical * _FAR_OFF))
    odd = ~((value >= low) & (value <= high)) | far | (listed == 0)
    return np.asarray(odd & (comparator == EXACT) & ~np.isnan(typical))


def _limits(pairs: Sequence[tuple[float, float]], analyte: Codes) -> tuple[Floats, Floats]:
    """Lower and upper limit of each row; of rows without an analyte, anything."""
    low, high = np.array(pairs, dtype=np.float64).T
    return low[analyte], high[analyte]


def _allowed(name: str, value: float, factor: float) -> str:
    """What would be possible, and the unit of the other hemisphere that the value would fit."""
    entry = analytes()[name]
    low, high = entry.possible
    text = f"{name}, allowed: {low:g} to {high:g} {entry.unit}"
    unit = fitting_unit(entry, value, factor)
    return f"{text}; it would fit {unit}" if unit else text


def _note_oddities(
    names: Sequence[str],
    analyte: Codes,
    meanings: Meanings,
    value: Floats,
    comparator: States,
    usable: Flags,
    rejections: Rejections,
) -> None:
    """Count implausible values, bounds, and units that look like the other hemisphere's."""
    low, high = _limits([analytes()[name].plausible for name in names], analyte)
    exact = comparator == EXACT
    odd = np.bincount(analyte[usable & exact & ~((value >= low) & (value <= high))])
    bounded = np.bincount(analyte[usable & ~exact])
    for counts, kind, text in (
        (odd, "flagged", "{}: implausible value kept"),
        (bounded, "comparators kept", "{}"),
    ):
        for index in np.flatnonzero(counts).tolist():
            rejections.note(kind, text.format(names[index]), int(counts[index]))
    kept = usable & exact
    groups = (meanings.analyte, meanings.factor, meanings.code[kept])
    for name, used, unit, count in suspicions(names, *groups, value[kept]):
        charted = [u for u, f in analytes()[name].factors.items() if f == used]
        rejections.note(
            "flagged", f"{name}: results charted as {charted[0]} look like {unit}, kept", count
        )
