"""The statistics of one analyte's draws in a window: what each one is, to the last detail.

A *draw* is one time of sampling: the mean of the patient's results at exactly that time. A result
reported as `<` or `>` counts as its bound, except that a draw with a `>` is never a fall, nor one
with a `<` a rise: where the draw before it, at most ``BOUND_HOURS`` earlier, in the window or not,
stands beyond the bound, the draw counts as that one. After 2,800 a `>2000` is 2,800.
``floor``, ``span``, ``rate``, ``fall``, ``level`` and ``gap`` are ``parameters`` of the feature;
``floor`` lifts each draw before a logarithm or a ratio. Statistics that compare draws are missing
where the window holds fewer than two.
"""

from collections.abc import Mapping
from enum import IntEnum

BOUND_HOURS = 168.0
"""How long a draw tells what a later result beyond a limit may be: as long as one tells the
baseline."""


class Statistic(IntEnum):
    """What the compiled pass can compute; missing without a draw in the window, unless said."""

    LAST = 0
    """The last draw."""
    HIGHEST = 1
    """The highest draw."""
    LOWEST = 2
    """The lowest draw."""
    NUMBER = 3
    """How many draws; 0 where there is none."""
    HOURS_SINCE = 4
    """Hours from the last draw to the prediction time."""
    FOLD_CHANGE = 5
    """The last draw over the last one from 168 h before the infusion up to it (both ends
    included), each at least ``floor``; missing where either is."""
    LOG_SLOPE = 6
    """Ordinary least-squares slope of log2(draw, at least ``floor``) on time, in doublings a day.
    Needs two draws, the first and the last at least ``span`` hours apart. Times and levels are
    centred on their means before they are multiplied, so that a window far from the infusion
    loses no digits. Each draw weighs the same, however many results it is the mean of."""
    DOUBLING_TIME = 7
    """24 over the slope of ``LOG_SLOPE``, in hours, where it rises; missing where it does not."""
    HALVING_TIME = 8
    """24 over the slope of ``LOG_SLOPE`` turned round, in hours, where it falls; else missing."""
    GREATEST_RISE = 9
    """Greatest mean hourly rise between two consecutive draws; 0 where none rises."""
    GREATEST_FALL = 10
    """Greatest mean hourly fall between two consecutive draws; 0 where none falls."""
    HOURS_OF_RISE = 11
    """Hours of the longest unbroken run of consecutive draws that each rise by at least ``rate``
    an hour; 0 where none does."""
    REBOUND = 12
    """The last draw over the lowest fallen one, each at least ``floor``. A draw has fallen where
    it is at most ``fall`` times the highest draw before it; 1 where none has."""
    ABOVE_LIMIT = 13
    """1 where a result of the last draw was reported as `>` or `>=`, else 0."""
    BELOW_LIMIT = 14
    """1 where a result of the last draw was reported as `<` or `<=`, else 0."""
    HOURS_ABOVE = 15
    """Hours above ``level``, with the logarithm a straight line from draw to draw. Nothing is known
    between two draws more than ``gap`` hours apart, and nothing after the last. Needs two draws."""
    AREA_ABOVE = 16
    """Area between that line and ``level``, where it is above: doublings times days."""


STATISTICS: Mapping[str, Statistic] = {
    "last_lab": Statistic.LAST,
    "highest": Statistic.HIGHEST,
    "lowest": Statistic.LOWEST,
    "number_of_draws": Statistic.NUMBER,
    "hours_since_draw": Statistic.HOURS_SINCE,
    "fold_change": Statistic.FOLD_CHANGE,
    "log_slope": Statistic.LOG_SLOPE,
    "doubling_time": Statistic.DOUBLING_TIME,
    "halving_time": Statistic.HALVING_TIME,
    "greatest_rise": Statistic.GREATEST_RISE,
    "greatest_fall": Statistic.GREATEST_FALL,
    "hours_of_rise": Statistic.HOURS_OF_RISE,
    "rebound": Statistic.REBOUND,
    "last_above_limit": Statistic.ABOVE_LIMIT,
    "last_below_limit": Statistic.BELOW_LIMIT,
    "hours_above": Statistic.HOURS_ABOVE,
    "area_above": Statistic.AREA_ABOVE,
}
"""Builder names of the catalogue that are a statistic of one analyte."""

PARAMETERS: Mapping[Statistic, tuple[str, ...]] = {
    Statistic.FOLD_CHANGE: ("floor",),
    Statistic.LOG_SLOPE: ("floor", "span"),
    Statistic.DOUBLING_TIME: ("floor", "span"),
    Statistic.HALVING_TIME: ("floor", "span"),
    Statistic.HOURS_OF_RISE: ("rate",),
    Statistic.REBOUND: ("floor", "fall"),
    Statistic.HOURS_ABOVE: ("level", "gap"),
    Statistic.AREA_ABOVE: ("level", "gap"),
}
"""The numbers that a statistic needs from ``parameters``, in the order the compiled pass reads."""
