"""The order of the lab results: one key where it decides, every column only among its ties."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

RESULT_ORDER: Sequence[str] = (
    "patient",
    "hours",
    "analyte",
    "value",
    "comparator",
    "reference_high",
    "reference_low",
)
SAME_RESULT, SAME_TIME = RESULT_ORDER[:5], RESULT_ORDER[:3]


def sorted_results(labs: pd.DataFrame) -> pd.DataFrame:
    """Rows by `RESULT_ORDER` with a fresh index, NaN last; rows in order already do not move.

    Parameters
    ----------
    labs : DataFrame of shape (n, any)
        With the columns of `RESULT_ORDER`; ``patient`` from 0, ``hours`` without NaN.
    """
    order = _order([_values(labs, name) for name in RESULT_ORDER])
    return (
        labs.reset_index(drop=True)
        if order is None
        else labs.take(order, axis=0).reset_index(drop=True)
    )


def _order(columns: Sequence[npt.NDArray[np.generic]]) -> npt.NDArray[np.int64] | None:
    """Positions in order, None where the rows stand in order."""
    patient, hours, analyte, *rest = columns
    if len(patient) == 0:
        return None
    # Numbering the hours makes of three keys one, and sorting one integer is several times
    # cheaper than sorting by three columns in turn.
    times, hour = np.unique(hours, return_inverse=True)
    kinds = int(analyte.max()) + 2
    key = (patient.astype(np.int64) * len(times) + hour) * kinds + analyte + 1
    order = None
    if not bool(np.all(key[1:] >= key[:-1])):
        order = np.argsort(key)
        key = key[order]
    tied = np.flatnonzero(key[1:] == key[:-1])
    if len(tied):
        places = np.union1d(tied, tied + 1)
        order = np.arange(len(key)) if order is None else order
        among = order[places]
        # By place at last: a sort of one key leaves its ties in any order.
        order[places] = among[
            np.lexsort((among, *(column[among] for column in reversed(rest)), key[places]))
        ]
    return order


def _values(labs: pd.DataFrame, name: str) -> npt.NDArray[np.generic]:
    """Values of a column to compare by, of the analyte its place."""
    column = labs[name]
    return column.cat.codes.to_numpy() if name == "analyte" else column.to_numpy()


def repeats(labs: pd.DataFrame, columns: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Whether each row of sorted labs is the row before it in these columns; NaN equals nothing."""
    same = np.ones(len(labs), dtype=bool)
    same[:1] = False
    for name in columns:
        values = _values(labs, name)
        same[1:] &= values[1:] == values[:-1]
    return same
