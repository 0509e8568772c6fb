"""Numbers of columns: each distinct cell read once, by the decimal sign of its column or file."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from riskmodel.arrays import Flags, Floats, States
from riskmodel.cohort.schema import COMPARATORS, EXACT
from riskmodel.cohort.text_codes import Texts, distinct_cells, matches
from riskmodel.cohort.written.number_text import (
    NINES,
    NUMBER_FAULTS,
    POINT,
    TWO_READINGS,
    cleaned,
    decimal_sign,
    parse_result as parse_result,
    read_number,
)

_AT_A_TIME = 65_536
_PLAIN_POINT = r"^\s*[-+]?\d*\.(?:\d{1,2}|\d{4,})\s*$"
_NOT_A_NUMBER, _TWO_WAYS, _SENTINEL = range(1, 4)


class Numbers(NamedTuple):
    """The numbers of a column of shape (n,).

    Attributes
    ----------
    value : float64 array
        NaN where empty or unreadable.
    comparator : int8 array
    fault : int8 array
        0 where there is none, else the place in `NUMBER_FAULTS`, from 1.
    other : float64 array
        Second reading where the fault is ``number_two_ways``, and `value` then the first.
    unit : Texts
        Units that the cells themselves name.
    flagged : int
        Cells beside whose number a flag stood.
    """

    value: Floats
    comparator: States
    fault: States
    other: Floats
    unit: Texts
    flagged: int


def signs_of(column: pd.Series) -> set[str]:
    """The decimal signs that a column of text shows: none, one or both.

    A column of numbers shows none: it was read already.
    """
    if pd.api.types.is_numeric_dtype(column.dtype):
        return set()
    if column.dtype == "str" and not matches(column, r"[,\x{2019}']|[.]\d+[.]").any():
        # A point is then the only sign, and the first that is plain tells it.
        for start in range(0, len(column), _AT_A_TIME):
            some = column.iloc[start : start + _AT_A_TIME]
            if matches(some, _PLAIN_POINT).any():
                return {"."}
    distinct = pd.Series(distinct_cells(column, keep_numbers=True)[1])
    words = distinct[_are_texts(distinct)].astype("str")
    plain = pd.to_numeric(words, errors="coerce").notna()
    dotted = words[plain & words.str.contains(".", regex=False)].str.strip()
    known = set() if matches(dotted, TWO_READINGS, whole=True).all() else {"."}
    for word in words[~plain]:
        known |= {decimal_sign(word)} & {",", "."}
        if len(known) == 2:
            break
    return known


def read_numbers(column: pd.Series, decimal: str = "", *, sentinels: bool = True) -> Numbers:
    """The numbers of a column, each distinct cell read once.

    Parameters
    ----------
    column : Series of shape (n,)
        Text, numbers, or both.
    decimal : {"", ",", ".", POINT}
        The decimal sign of the column or its file: `signs_of`.
    sentinels : bool
        Whether -999 and 9999999 stand for "no number".
    """
    if pd.api.types.is_numeric_dtype(column.dtype):
        codes, distinct = np.arange(len(column)), column
        number, text = _finite(column), np.zeros(len(column), dtype=bool)
    else:
        codes, distinct = distinct_cells(column, keep_numbers=True)
        number = _finite(distinct)
        text = _are_texts(distinct)
        if decimal not in (".", POINT):
            words = distinct.where(text, "").astype("str")
            number[matches(words, TWO_READINGS, whole=True)] = np.nan
    missing = distinct.isna().to_numpy(dtype=bool)
    comparator = np.full(len(number) + 1, EXACT, dtype=np.int8)
    fault = np.zeros(len(number) + 1, dtype=np.int8)
    number, other = np.append(number, np.nan), np.full(len(number) + 1, np.nan)
    fault[:-1][np.isnan(number[:-1]) & ~missing] = _NOT_A_NUMBER
    if sentinels:
        fault[_is_sentinel(number)] = _SENTINEL
    unit, flagged = [""] * len(number), np.zeros(len(number), dtype=np.int64)
    for k in np.flatnonzero(np.isnan(number[:-1]) & text).tolist():
        found = read_number(str(distinct.iloc[k]), decimal)
        if isinstance(found, str):
            blank = not str(distinct.iloc[k]).strip()
            fault[k] = 0 if blank else NUMBER_FAULTS.index(found) + 1
            continue
        number[k], comparator[k], unit[k], flagged[k], other[k] = found
        fault[k] = 0 if np.isnan(other[k]) else _TWO_WAYS
    number[fault == _SENTINEL] = np.nan
    place = {word: k for k, word in enumerate(dict.fromkeys(filter(None, unit)))}
    named = np.array([place.get(word, -1) for word in unit], dtype=np.int64)
    units = Texts(named[codes], np.array([*place], dtype=object))
    return Numbers(
        number[codes],
        comparator[codes],
        fault[codes],
        other[codes],
        units,
        int(flagged[codes].sum()),
    )


def only_possible(found: Numbers, possible: Callable[[Floats], Flags]) -> tuple[Floats, Flags]:
    """Values, and whether each can be read in one way only.

    A number with two readings has one where the other cannot be: a hemoglobin of 12,345 g/dL.

    Parameters
    ----------
    found : Numbers
    possible : callable
        Which values can be, of an array of shape (n,).
    """
    two = found.fault == _TWO_WAYS
    if not two.any():
        return found.value, found.fault == 0
    first, second = possible(found.value), possible(found.other)
    value = np.where(two & second & ~first, found.other, found.value)
    return value, (found.fault == 0) | (two & (first != second))


def _are_texts(cells: pd.Series) -> Flags:
    """Whether each cell is text."""
    if cells.dtype == "str":
        return cells.notna().to_numpy(dtype=bool)
    return np.array([isinstance(cell, str) for cell in cells], dtype=bool)


def _is_sentinel(value: Floats) -> Flags:
    """Whether each exact number is one that stands for "no number"."""
    found = np.zeros(len(value), dtype=bool)
    likely = np.flatnonzero((value >= 99999) | (value < 0))
    found[likely] = [NINES.fullmatch(f"{v:.10g}") is not None for v in value[likely].tolist()]
    return found


def _finite(column: pd.Series) -> Floats:
    found = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(found), found, np.nan)


def numbers(column: pd.Series, decimal: str = ".", *, sentinels: bool = True) -> Floats:
    """Plain exact numbers of a column, NaN where empty, a bound, or not one finite number."""
    found = read_numbers(column, decimal, sentinels=sentinels)
    plain = (found.fault == 0) & (found.comparator == EXACT) & found.unit.empty
    return np.where(plain, found.value, np.nan)


def parse_results(column: pd.Series, decimal: str = POINT) -> tuple[Floats, States, Flags]:
    """Values, comparator codes and which cells hold text without a single number.

    `read_numbers` in short: a cell that can be read in two ways, holds a sentinel or names its
    own unit counts as unreadable.
    """
    found = read_numbers(column, decimal)
    bad = (found.fault > 0) | ~found.unit.empty
    return np.where(bad, np.nan, found.value), np.where(bad, EXACT, found.comparator), bad


def combine_comparators(column: Texts, charted: States) -> tuple[States, Flags]:
    """Comparator of the value text joined with the comparator column.

    Returns
    -------
    comparator : int8 array of shape (n,)
    unknown : bool array of shape (n,)
        Where the column holds a text that is no comparator, or contradicts the value text.
    """
    known = {"=": EXACT, **COMPARATORS}
    stated = column.each(lambda word: known.get(cleaned(word), 99), EXACT).astype(np.int8)
    stated = stated[column.codes]
    unknown = (stated == 99) | ((stated != EXACT) & (charted != EXACT) & (stated != charted))
    return np.where(stated == EXACT, charted, stated).astype(np.int8), unknown
