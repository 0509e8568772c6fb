"""Result values: numbers, and text that holds a number with a comparator."""

import re

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.cohort.schema import COMPARATORS, EXACT

_WORDS = (
    (r"GREATER THAN OR EQUAL TO|AT LEAST|>=|=>|\u2265", ">="),
    (r"LESS THAN OR EQUAL TO|AT MOST|<=|=<|\u2264", "<="),
    (r"GREATER THAN|MORE THAN|ABOVE|OVER", ">"),
    (r"LESS THAN|BELOW|UNDER", "<"),
)
_RESULT = re.compile(r"^(>=|<=|>|<)?\s*([-+]?[0-9][0-9.,' ]*(?:[eE][-+]?[0-9]+)?)$")
_THOUSANDS = re.compile(r"^[-+]?[0-9]{1,3}(?:[,' ][0-9]{3})+(?:\.[0-9]+)?$")
_DECIMAL_COMMA = re.compile(r"^[-+]?[0-9]+,[0-9]+$")


def parse_result(text: str) -> tuple[float, int] | None:
    """Number and comparator of one charted result, None where it holds no single number.

    ``1,234`` is read as a thousand (the comma stands before exactly three digits),
    ``3,5`` as a decimal comma. A range such as ``1000-2000`` is not a single number.

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
    >>> parse_result("3,5"), parse_result("1000-2000"), parse_result("UNABLE TO REPORT")
    ((3.5, 0), None, None)
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
    value = numbers(column)
    comparator = np.full(len(column), EXACT, dtype=np.int8)
    unreadable = np.zeros(len(column), dtype=bool)
    open_cells = np.flatnonzero(np.isnan(value) & column.notna().to_numpy())
    if len(open_cells):
        codes, texts = pd.factorize(column.iloc[open_cells].astype(str))
        parsed = [parse_result(text) for text in texts]
        value[open_cells] = np.array([p[0] if p else np.nan for p in parsed])[codes]
        comparator[open_cells] = np.array([p[1] if p else EXACT for p in parsed], np.int8)[codes]
        unreadable[open_cells] = np.array([p is None for p in parsed])[codes]
    return value, comparator, unreadable


def combine_comparators(
    column: pd.Series, charted: npt.NDArray[np.int8]
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.bool_]]:
    """Comparator of the value text joined with the comparator column.

    Returns
    -------
    comparator : int8 array of shape (n,)
    unknown : bool array of shape (n,)
        Where the column holds a text that is no comparator, or contradicts the value text.
    """
    signs = column.fillna("").astype(str).str.strip()
    codes, texts = pd.factorize(signs)
    known = {"=": EXACT, "\u2264": -1, "\u2265": 1, **COMPARATORS}
    stated = np.array([known.get(text, 99) for text in texts], dtype=np.int8)[codes]
    unknown = (stated == 99) | ((stated != EXACT) & (charted != EXACT) & (stated != charted))
    return np.where(stated == EXACT, charted, stated).astype(np.int8), unknown
