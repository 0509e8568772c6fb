"""A number and a text beside it: which of them is the result, exact or a bound."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.arrays import Flags, Floats
from riskmodel.cohort.schema import COMPARATORS
from riskmodel.cohort.tables.withdrawn import CORRECTED, USED, status_of
from riskmodel.cohort.units import same_size
from riskmodel.cohort.written.number_text import NINES, Reading, read_number
from riskmodel.cohort.written.numbers import signs_of

_SIGNS = {code: sign for sign, code in COMPARATORS.items()}
_SAME = 1e-6


class Values(NamedTuple):
    """Results of rows of shape (n,).

    Attributes
    ----------
    value : float64 array
    comparator, unit, refusal : object arrays of text
        The unit is the one that the text names; the refusal a reason code, or empty.
    remarks : int
        Texts beside a number that are no number.
    """

    value: Floats
    comparator: npt.NDArray[np.object_]
    unit: npt.NDArray[np.object_]
    refusal: npt.NDArray[np.object_]
    remarks: int


def read_values(
    number: Floats, text: pd.Series, ratio: Floats | None = None, decimal: str = ""
) -> Values:
    """What each row's number and text say together.

    A text is read where it stands alone; beside a number it has to say the same number, and then
    gives its comparator. A text without a number beside a number is a remark. The decimal sign of
    the texts is the one that they show, where they show one.

    Parameters
    ----------
    number : float64 array of shape (n,), NaN where empty
    text : Series of shape (n,), empty or missing where not given
    ratio : float64 array of shape (n,), optional
        What the text's number may also be multiplied by to be the other one: of a source that
        converts the number and keeps the text.
    decimal : {"", ",", "."}
        The decimal sign, where it is stated.

    Examples
    --------
    >>> told = pd.Series([">40000 ng/mL", "12,345", "hemolytic", "LESS THAN 5"])
    >>> found = read_values(np.array([40000.0, 12.0, 7.0, np.nan]), told)
    >>> found.comparator.tolist(), found.refusal.tolist(), found.remarks
    (['>', '', '', '<'], ['', 'value_conflict', '', ''], 1)
    """
    words = text.astype("str").str.strip()
    codes, distinct = pd.factorize(words.mask(words == ""))
    signs = signs_of(pd.Series(distinct, dtype="str"))
    decimal = decimal or (signs.pop() if len(signs) == 1 else "")
    read: list[Reading | str] = [read_number(str(one), decimal) for one in distinct]
    none = Reading(np.nan)
    given = codes >= 0

    def of_each(told: list[str]) -> npt.NDArray[np.object_]:
        return np.array([*told, ""], dtype=object)[codes]

    reading = [one if isinstance(one, Reading) else none for one in read]
    worded = np.append([one.value for one in reading], np.nan)[codes]
    other = np.append([one.other for one in reading], np.nan)[codes]
    fault = of_each([one if isinstance(one, str) else "" for one in read])
    sign = of_each([_SIGNS[one.comparator] for one in reading])
    unit = of_each([one.unit for one in reading])
    # A number that stands for none (9999999) leaves the text alone.
    number = np.where(given & (fault == "") & _is_sentinel(number), np.nan, number)
    alone = given & np.isnan(number)
    beside = given & ~np.isnan(number) & (fault == "")
    scale = np.ones(len(number)) if ratio is None else ratio
    same = np.zeros(len(number), dtype=bool)
    for seen in (worded, other, worded * scale, other * scale):
        same |= np.isclose(seen, number, rtol=_SAME, atol=0)
    refusal = np.full(len(number), "", dtype=object)
    refusal[~given & np.isnan(number)] = "value_missing"
    refusal[alone] = fault[alone]
    refusal[alone & (fault == "") & ~np.isnan(other)] = "number_two_ways"
    refusal[beside & ~same] = "value_conflict"
    # A 0 beside "not detected" or "QNS" is no result, nor is one that its text takes back.
    taken_back = of_each([_taken_back(str(one)) for one in distinct])
    refusal = np.where((refusal == "") & (taken_back != ""), taken_back, refusal)
    refusal[given & ~alone & (fault != "") & (number == 0) & (refusal == "")] = "value_conflict"
    value = np.where(alone & (refusal == ""), worded, number)
    used = alone | (beside & same)
    return Values(
        value,
        np.where(used, sign, ""),
        np.where(used, unit, ""),
        refusal,
        int((given & ~alone & (fault != "")).sum()),
    )


def _taken_back(text: str) -> str:
    """Reason by which a remark such as ``cancelled`` takes its result back, empty for others."""
    found = status_of(text) if len(text) > 2 else USED
    return "" if found in (USED, CORRECTED, "status_unknown") else found


def _is_sentinel(number: Floats) -> Flags:
    found = np.zeros(len(number), dtype=bool)
    likely = np.flatnonzero((number >= 99999) | (number < 0))
    found[likely] = [NINES.fullmatch(f"{one:.10g}") is not None for one in number[likely]]
    return found


def joined_unit(charted: str, named: str) -> tuple[str, str]:
    """Unit of a row and a refusal, by the unit of its own and the one that its text names.

    Examples
    --------
    >>> joined_unit("", "NG/ML"), joined_unit("ng/mL", "NG/ML"), joined_unit("ng/mL", "mg/L")
    (('NG/ML', ''), ('ng/mL', ''), ('ng/mL', 'unit_conflict'))
    """
    if not charted or not named:
        return charted or named, ""
    return charted, "" if same_size(charted, named) else "unit_conflict"
