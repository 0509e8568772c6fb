"""Limits of normal as laboratories print them, in the unit of their row."""

import numpy as np
import pandas as pd

from riskmodel.arrays import Flags, Floats
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.schema import EXACT
from riskmodel.cohort.text_codes import Texts, texts
from riskmodel.cohort.units import same_size
from riskmodel.cohort.written.notation import Notation
from riskmodel.cohort.written.number_text import read_limit
from riskmodel.cohort.written.numbers import read_numbers

_LOW, _HIGH = "reference_low", "reference_high"


def reference_limits(
    raw: pd.DataFrame,
    usable: Flags,
    unit: Texts,
    ids: Texts,
    rejections: Rejections,
    notation: Notation,
) -> tuple[Floats, Floats]:
    """Lower and upper limit of each row, NaN where none was given or it cannot be one.

    An upper limit is above 0: 0, -1 and 9999999 stand for no limit. A range in one cell
    (``10 - 35``) is both limits; a unit in the cell has to be that of the row.

    Parameters
    ----------
    raw : DataFrame of shape (n, any)
    usable : bool array of shape (n,)
        Rows of which a limit that cannot be used is recorded; the result itself stays.
    unit : Texts of shape (n,)
    ids : Texts of shape (n,)
        Patients.
    rejections : Rejections
    notation : Notation
    """
    high, low_beside = _column(raw, _HIGH, usable, unit, ids, rejections, notation)
    low, _ = _column(raw, _LOW, usable, unit, ids, rejections, notation)
    low = np.where(np.isnan(low), low_beside, low)
    crossed = low >= high
    rejections.add("labs", usable & crossed, ids, "not_a_limit", column=_HIGH, detail="low >= high")
    return np.where(crossed, np.nan, low), np.where(crossed, np.nan, high)


def _column(
    raw: pd.DataFrame,
    name: str,
    usable: Flags,
    unit: Texts,
    ids: Texts,
    rejections: Rejections,
    notation: Notation,
) -> tuple[Floats, Floats]:
    """The limits of one column, and those of the other side that stand beside them."""
    none = np.full(len(raw), np.nan)
    if name not in raw:
        return none, none
    decimal = notation.decimal("labs", name)
    found = read_numbers(raw[name], decimal)
    plain = (found.fault == 0) & (found.comparator == EXACT) & found.unit.empty
    pair = {_LOW: none.copy(), _HIGH: none.copy()}
    pair[name][plain] = found.value[plain]
    given = ~np.isnan(found.value) | (found.fault > 0)
    odd = np.flatnonzero(given & ~plain)
    if len(odd):
        cells = texts(raw, name)
        for row in odd.tolist():
            pair[_LOW][row], pair[_HIGH][row] = _read(cells, unit, row, name, decimal)
    for limit, wrong in ((pair[_HIGH], pair[_HIGH] <= 0), (pair[_LOW], pair[_LOW] < 0)):
        limit[wrong] = np.nan
    rejections.add("labs", usable & given & np.isnan(pair[name]), ids, "not_a_limit", column=name)
    return pair[name], pair[_LOW if name == _HIGH else _HIGH]


def _read(cells: Texts, unit: Texts, row: int, name: str, decimal: str) -> tuple[float, float]:
    """Lower and upper limit of one cell, NaN where it says none that its row can use."""
    code = int(cells.codes[row])
    limit = read_limit(str(cells.words[code]), decimal, upper=name == _HIGH) if code >= 0 else None
    if limit is None:
        return np.nan, np.nan
    own = str(unit.words[unit.codes[row]]) if unit.codes[row] >= 0 else ""
    if limit.unit and own and not same_size(limit.unit, own):
        return np.nan, np.nan
    return limit.low, limit.high
