"""Three-valued states, and comparisons of results that may only be bounds.

A state is met (1), not met (0) or not assessable (-1). States combine as in Kleene's logic:
an unknown decides nothing unless the other states decide without it.
"""

from dataclasses import dataclass

import numpy as np

from riskmodel.arrays import Flags, Floats, States
from riskmodel.cohort import GREATER, GREATER_EQUAL, LESS, LESS_EQUAL

MET, NOT_MET, NOT_ASSESSABLE = 1, 0, -1
STATE_NAMES = {MET: "met", NOT_MET: "not_met", NOT_ASSESSABLE: "not_assessable"}
_EXACTLY = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}
COMPARISONS = tuple(_EXACTLY)


# Hours and limits are sums and products of decimals: what they differ by below this is noise.
_DECIMALS = 9


def tidy(numbers: Floats) -> Floats:
    """Numbers without the noise of binary arithmetic on decimals.

    Examples
    --------
    >>> float(tidy(np.array([3 * 33.1]))[0])
    99.3
    """
    return np.round(numbers, _DECIMALS)


@dataclass(frozen=True)
class Intervals:
    """What is known of each result: it lies between `low` and `high`.

    Attributes
    ----------
    low, high : float64 arrays of shape (n,)
        Equal for an exact result; 0 or infinity on the side that a bound leaves open.
    low_open, high_open : bool arrays of shape (n,)
        Whether the end itself is excluded (``>5`` excludes 5).
    """

    low: Floats
    high: Floats
    low_open: Flags
    high_open: Flags


def intervals(value: Floats, comparator: States) -> Intervals:
    """Intervals of printed results; every analyte is a quantity that cannot be negative.

    Examples
    --------
    >>> found = intervals(np.array([7.0, 5.0]), np.array([0, -2], dtype=np.int8))
    >>> found.low.tolist(), found.high.tolist(), found.high_open.tolist()
    ([7.0, 0.0], [7.0, 5.0], [False, True])
    """
    below = (comparator == LESS) | (comparator == LESS_EQUAL)
    above = (comparator == GREATER) | (comparator == GREATER_EQUAL)
    return Intervals(
        low=np.where(below, 0.0, value),
        high=np.where(above, np.inf, value),
        low_open=comparator == GREATER,
        high_open=comparator == LESS,
    )


def satisfies(found: Intervals, comparison: str, threshold: float | Floats) -> States:
    """Whether each result satisfies ``result comparison threshold``.

    Parameters
    ----------
    found : Intervals of shape (n,)
    comparison : {"<", "<=", ">", ">="}
    threshold : float or float64 array of shape (n,)
        In the unit of the results.

    Returns
    -------
    int8 array of shape (n,)
        Met or not met where every value in the interval agrees, else not assessable.

    Examples
    --------
    >>> capped = intervals(np.array([1e5, 10.0, 5.0]), np.array([2, 2, -2], dtype=np.int8))
    >>> satisfies(capped, ">", 10.0).tolist()
    [1, 1, 0]
    >>> satisfies(capped, ">", 3.0).tolist()
    [1, 1, -1]
    """
    if comparison == ">":
        certain = (found.low > threshold) | ((found.low == threshold) & found.low_open)
        return decide(certain, found.high <= threshold)
    if comparison == ">=":
        impossible = (found.high < threshold) | ((found.high == threshold) & found.high_open)
        return decide(found.low >= threshold, impossible)
    return opposite(satisfies(found, ">=" if comparison == "<" else ">", threshold))


def holds(numbers: Floats, comparison: str, threshold: float) -> Flags:
    """Whether each exact number satisfies ``number comparison threshold``."""
    return np.asarray(_EXACTLY[comparison](numbers, threshold), dtype=bool)


def decide(certain: Flags, impossible: Flags) -> States:
    """Met where certain, not met where impossible, else not assessable."""
    return np.where(certain, MET, np.where(impossible, NOT_MET, NOT_ASSESSABLE)).astype(np.int8)


def opposite(states: States) -> States:
    """Kleene NOT."""
    return np.where(states == NOT_ASSESSABLE, NOT_ASSESSABLE, 1 - states).astype(np.int8)


def rank(states: States) -> States:
    """Order of evidence: not met 0, not assessable 1, met 2, so that OR is the maximum."""
    return np.where(states == MET, 2, np.where(states == NOT_ASSESSABLE, 1, 0)).astype(np.int8)


def unrank(ranks: States) -> States:
    """States of `rank`'s numbers."""
    states: States = np.array([NOT_MET, NOT_ASSESSABLE, MET], dtype=np.int8)[ranks]
    return states


def all_of(*states: States) -> States:
    """Kleene AND of arrays of one shape.

    Examples
    --------
    >>> a, b = np.array([1, -1, -1], dtype=np.int8), np.array([1, 1, 0], dtype=np.int8)
    >>> all_of(a, b).tolist(), any_of(a, b).tolist()
    ([1, -1, 0], [1, 1, -1])
    """
    lowest: States = np.minimum.reduce([rank(s) for s in states])
    return unrank(lowest)


def any_of(*states: States) -> States:
    """Kleene OR of arrays of one shape."""
    highest: States = np.maximum.reduce([rank(s) for s in states])
    return unrank(highest)


def at_least(states: States, count: int) -> States:
    """Whether at least `count` of the columns are met, as far as that is known.

    Parameters
    ----------
    states : int8 array of shape (n, k)

    Examples
    --------
    >>> at_least(np.array([[1, 1, -1], [1, 0, -1], [1, 0, 0]], dtype=np.int8), 2).tolist()
    [1, -1, 0]
    """
    met = (states == MET).sum(axis=1)
    possible = met + (states == NOT_ASSESSABLE).sum(axis=1)
    return decide(met >= count, possible < count)
