"""Result values: numbers, and text that holds a number with a comparator."""

import re

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.cohort.schema import COMPARATORS, EXACT
from riskmodel.cohort.text_codes import Texts, distinct_cells

_WORDS = (
    (r"GREATER THAN OR EQUAL TO|AT LEAST|>=|=>|\u2265", ">="),
    (r"LESS THAN OR EQUAL TO|AT MOST|<=|=<|\u2264", "<="),
    (r"GREATER THAN|MORE THAN|ABOVE|OVER", ">"),
    (r"LESS THAN|BELOW|UNDER", "<"),
)
_RESULT = re.compile(r"^(>=|<=|>|<)?\s*([-+]?[0-9][0-9.,' ]*(?:[eE][-+]?[0-9]+)?)$")
_THOUSANDS = re.compile(r"^[-+]?[1-9][0-9]{0,2}(?:[,' ][0-9]{3})+(?:\.[0-9]+)?$")
_DECIMAL_COMMA = re.compile(r"^[-+]?[0-9]+,[0-9]+$")


def parse_result(text: str) -> tuple[float, int] | None:
    """Number and comparator of one charted result, None where it holds no single number.

    ``1,234`` is read as a thousand (the comma stands before exactly three digits),
    ``3,5`` and ``0,123`` as a decimal comma. A range such as ``1000-2000`` is not a single number.

    Parameters
    ----------
    text : str
        As charted.

    Returns
    -------
    (float, int) or None
        Value and comparator code (-2 ``<`` ... 2 ``>``).

    Examples
    --------
    >>> parse_result("GREATER THAN 2000"), parse_result("> 100,000"), parse_result("<5")
    ((2000.0, 2), (100000.0, 2), (5.0, -2))
    >>> parse_result("3,5"), parse_result("0,123"), parse_result("1000-2000")
    ((3.5, 0), (0.123, 0), None)
    """
    folded = text.strip().upper()
    for words, sign in _WORDS:
        folded = re.sub(words, sign, folded)
    match = _RESULT.match(folded)
    if match is None:
        return None
    number = match[2].strip()
    if _THOUSANDS.match(number):
        number = re.sub(r"[,' ]", "", number)
    elif _DECIMAL_COMMA.match(number):
        number = number.replace(",", ".")
    try:
        return float(number), COMPARATORS[match[1] or ""]
    except ValueError:
        return None


def numbers(column: pd.Series) -> npt.NDArray[np.float64]:
    """Plain numbers of a column, NaN where empty or not a finite number."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return _finite(column)
    codes, distinct = distinct_cells(column)
    return np.append(_finite(distinct), np.nan)[codes]


def _finite(column: pd.Series) -> npt.NDArray[np.float64]:
    found = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(found), found, np.nan)


def parse_results(
    column: pd.Series,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int8], npt.NDArray[np.bool_]]:
    """Values, comparator codes and which cells hold text without a single number.

    Parameters
    ----------
    column : Series of shape (n,)
        Text or numbers.

    Returns
    -------
    value : float64 array of shape (n,), NaN where empty or unreadable
    comparator : int8 array of shape (n,)
    unreadable : bool array of shape (n,)
    """
    if pd.api.types.is_numeric_dtype(column.dtype):
        value = _finite(column)
        unreadable = np.isnan(value) & column.notna().to_numpy()
        return value, np.full(len(column), EXACT, dtype=np.int8), unreadable
    codes, distinct = distinct_cells(column)
    number = np.append(_finite(distinct), np.nan)
    sign = np.full(len(number), EXACT, dtype=np.int8)
    bad = np.zeros(len(number), dtype=bool)
    for k in np.flatnonzero(np.isnan(number[:-1])).tolist():
        parsed = parse_result(str(distinct.iloc[k]))
        bad[k] = parsed is None
        if parsed is not None:
            number[k], sign[k] = parsed
    return number[codes], sign[codes], bad[codes]


def combine_comparators(
    column: Texts, charted: npt.NDArray[np.int8]
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.bool_]]:
    """Comparator of the value text joined with the comparator column.

    Returns
    -------
    comparator : int8 array of shape (n,)
    unknown : bool array of shape (n,)
        Where the column holds a text that is no comparator, or contradicts the value text.
    """
    known = {"=": EXACT, "\u2264": -1, "\u2265": 1, **COMPARATORS}
    stated = column.each(lambda word: known.get(word, 99), EXACT).astype(np.int8)[column.codes]
    unknown = (stated == 99) | ((stated != EXACT) & (charted != EXACT) & (stated != charted))
    return np.where(stated == EXACT, charted, stated).astype(np.int8), unknown
