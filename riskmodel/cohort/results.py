"""Results of the labs table: read, converted, and judged possible, plausible or neither."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.cohort.hemisphere import fitting_unit, suspicions
from riskmodel.cohort.patients import text_column
from riskmodel.cohort.rejection import Rejections
from riskmodel.cohort.schema import EXACT
from riskmodel.cohort.units import analytes
from riskmodel.cohort.values import combine_comparators, parse_results


@dataclass(frozen=True)
class Results:
    """Canonical values of every charted row, and which rows are usable.

    Attributes
    ----------
    value : float64 array of shape (n,)
    comparator : int8 array of shape (n,)
    usable : bool array of shape (n,)
    """

    value: npt.NDArray[np.float64]
    comparator: npt.NDArray[np.int8]
    usable: npt.NDArray[np.bool_]


def read_results(
    raw: pd.DataFrame,
    usable: npt.NDArray[np.bool_],
    names: Sequence[str],
    analyte: npt.NDArray[np.int64],
    factor: npt.NDArray[np.float64],
    rejections: Rejections,
) -> Results:
    """Read and convert the values of usable rows; record each one that cannot be used.

    Parameters
    ----------
    raw : DataFrame of shape (n, any)
    usable : bool array of shape (n,)
    names : sequence of str
        Analytes by index.
    analyte, factor : arrays of shape (n,)
        Index and factor of each row, -1 and NaN where they are unknown.
    """
    ids = text_column(raw, "patient_id")
    shown = np.array(names, dtype=object)[analyte]
    value, comparator, unreadable = parse_results(raw["value"])
    rejections.add(
        "labs", usable & unreadable, ids, "value_not_a_number", column="value", detail=shown
    )
    missing = np.isnan(value) & ~unreadable
    rejections.add("labs", usable & missing, ids, "value_missing", column="value", detail=shown)
    usable = usable & ~np.isnan(value)
    if "comparator" in raw:
        comparator, unknown = combine_comparators(text_column(raw, "comparator"), comparator)
        rejections.add("labs", usable & unknown, ids, "unknown_comparator", column="comparator")
        usable = usable & ~unknown
    canonical = value * factor
    outside = usable & _impossible(names, analyte, canonical, comparator)
    detail = np.full(len(raw), "", dtype=object)
    for row in np.flatnonzero(outside):
        detail[row] = _allowed(names[analyte[row]], canonical[row], factor[row])
    rejections.add("labs", outside, ids, "value_impossible", column="value", detail=detail)
    usable = usable & ~outside
    _note_oddities(names, analyte, factor, canonical, comparator, usable, rejections)
    return Results(canonical, comparator, usable)


def _impossible(
    names: Sequence[str],
    analyte: npt.NDArray[np.int64],
    value: npt.NDArray[np.float64],
    comparator: npt.NDArray[np.int8],
) -> npt.NDArray[np.bool_]:
    """Values that cannot be results. A bound may lie beyond: `<5` of an assay says a truth."""
    low, high = np.array([analytes()[name].possible for name in names])[analyte].T
    low_enough = (value >= low) | (comparator < EXACT)
    high_enough = (value <= high) | (comparator > EXACT)
    return np.asarray(~(low_enough & high_enough & (value >= 0)))


def _allowed(name: str, value: float, factor: float) -> str:
    """What would be possible, and the unit of the other hemisphere that the value would fit."""
    entry = analytes()[name]
    low, high = entry.possible
    text = f"{name}, allowed: {low:g} to {high:g} {entry.unit}"
    unit = fitting_unit(entry, value, factor)
    return f"{text}; it would fit {unit}" if unit else text


def _note_oddities(
    names: Sequence[str],
    analyte: npt.NDArray[np.int64],
    factor: npt.NDArray[np.float64],
    value: npt.NDArray[np.float64],
    comparator: npt.NDArray[np.int8],
    usable: npt.NDArray[np.bool_],
    rejections: Rejections,
) -> None:
    """Count implausible values, bounds, and units that look like the other hemisphere's."""
    low, high = np.array([analytes()[name].plausible for name in names])[analyte].T
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
    for name, used, unit, count in suspicions(names, analyte[kept], factor[kept], value[kept]):
        charted = [u for u, f in analytes()[name].factors.items() if f == used]
        rejections.note(
            "flagged", f"{name}: results charted as {charted[0]} look like {unit}, kept", count
        )
