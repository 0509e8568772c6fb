"""A number, and a text beside it: which of them is the result."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.cohort.numbers import parse_results
from riskmodel.cohort.schema import COMPARATORS

_SIGNS = np.array(
    [sign for sign, _ in sorted(COMPARATORS.items(), key=lambda item: item[1])], dtype=object
)
_SAME = 1e-6


def read_values(
    number: npt.NDArray[np.float64], text: pd.Series
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.object_], npt.NDArray[np.object_], int]:
    """Value, comparator and refusal of each row.

    A text is read where it stands alone, and where it is the number with a comparator. A text
    without a number beside a number is a remark.

    Parameters
    ----------
    number : float64 array of shape (n,), NaN where empty
    text : Series of shape (n,), empty where not given

    Returns
    -------
    value : float64 array of shape (n,)
    comparator : object array of shape (n,), of text
    refusal : object array of shape (n,), reason code or empty
    remarks : int
    """
    worded, sign, unreadable = parse_results(text.mask(text == ""))
    given = (text != "").to_numpy(dtype=bool)
    alone = given & np.isnan(number)
    beside = given & ~np.isnan(number) & ~unreadable
    differing = beside & ~np.isclose(worded, number, rtol=_SAME, atol=0)
    value = np.where(alone, worded, number)
    comparator = _SIGNS[np.where(given & ~unreadable, sign, 0) + 2]
    refusal = np.full(len(number), "", dtype=object)
    refusal[np.isnan(value)] = "value_missing"
    refusal[alone & unreadable] = "value_not_a_number"
    refusal[differing] = "value_conflict"
    remarks = int((given & unreadable & ~np.isnan(number)).sum())
    return value, comparator, refusal, remarks
