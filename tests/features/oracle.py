"""The lab kinetics a second time: plain Python over one patient's rows, written from their words.

Shares no code with the package: windows, ties, falls and slopes are spelled out here again, and
the slope is the standard library's.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from statistics import fmean, linear_regression
from typing import Any

import pandas as pd

Row = tuple[float, float, int]  # hours, value, comparator (-2 `<`, -1 `<=`, 0, 1 `>=`, 2 `>`)
Draw = tuple[float, float, frozenset[int]]
UNKNOWN = math.nan


def draws_of(rows: Sequence[Row]) -> list[Draw]:
    """Draws in the order of time: all results of one time are one draw, at their mean.

    A draw above a limit is no fall from the one before it within a week, one below no rise.
    """
    times = sorted({hours for hours, _, _ in rows})
    found = []
    for time in times:
        together = [row for row in rows if row[0] == time]
        signs = frozenset((row[2] > 0) - (row[2] < 0) for row in together)
        value = fmean(row[1] for row in together)
        if found and time - found[-1][0] <= 168:
            if signs - {0} == {1}:
                value = max(value, found[-1][1])
            if signs - {0} == {-1}:
                value = min(value, found[-1][1])
        found.append((time, value, signs))
    return found


def in_window(draws: Sequence[Draw], ends: Sequence[str], closed: str, now: float) -> list[Draw]:
    """Draws between two ends written as in the catalogue, none after the prediction time."""
    low, high = (_hour(end, now) for end in ends)
    kept = []
    for draw in draws:
        after = draw[0] > low or (draw[0] == low and closed in ("both", "left"))
        before = draw[0] < high or (draw[0] == high and closed in ("both", "right"))
        if after and before and draw[0] <= now:
            kept.append(draw)
    return kept


def _hour(end: str, now: float) -> float:
    if end == "first_record":
        return -math.inf
    for name, hour in (("infusion", 0.0), ("prediction", now)):
        if end.startswith(name):
            offset = end.removeprefix(name).removesuffix("h")
            return hour + float(offset or 0)
    raise AssertionError(end)


def last(draws: Sequence[Draw], **_: Any) -> float:
    return draws[-1][1] if draws else UNKNOWN


def highest(draws: Sequence[Draw], **_: Any) -> float:
    return max((value for _, value, _ in draws), default=UNKNOWN)


def lowest(draws: Sequence[Draw], **_: Any) -> float:
    return min((value for _, value, _ in draws), default=UNKNOWN)


def number_of_draws(draws: Sequence[Draw], **_: Any) -> float:
    return float(len(draws))


def hours_since_draw(draws: Sequence[Draw], *, now: float, **_: Any) -> float:
    return now - draws[-1][0] if draws else UNKNOWN


def fold_change(
    draws: Sequence[Draw], *, series: Sequence[Draw], now: float, floor: float, **_: Any
) -> float:
    before = in_window(series, ["infusion-168h", "infusion"], "both", now)
    if not draws or not before:
        return UNKNOWN
    return max(draws[-1][1], floor) / max(before[-1][1], floor)


def log_slope(draws: Sequence[Draw], *, floor: float, span: float, **_: Any) -> float:
    if len(draws) < 2 or draws[-1][0] - draws[0][0] < span:
        return UNKNOWN
    days = [hours / 24 for hours, _, _ in draws]
    levels = [math.log2(max(value, floor)) for _, value, _ in draws]
    return linear_regression(days, levels).slope


def doubling_time(draws: Sequence[Draw], **parameters: Any) -> float:
    slope = log_slope(draws, **parameters)
    return 24 / slope if slope > 0 else UNKNOWN


def halving_time(draws: Sequence[Draw], **parameters: Any) -> float:
    slope = log_slope(draws, **parameters)
    return 24 / -slope if slope < 0 else UNKNOWN


def _rates(draws: Sequence[Draw]) -> list[tuple[float, float]]:
    pairs = pairwise(draws)
    return [(b[0] - a[0], (b[1] - a[1]) / (b[0] - a[0])) for a, b in pairs]


def greatest_rise(draws: Sequence[Draw], **_: Any) -> float:
    rates = [rate for _, rate in _rates(draws)]
    return max([*rates, 0.0]) if rates else UNKNOWN


def greatest_fall(draws: Sequence[Draw], **_: Any) -> float:
    rates = [-rate for _, rate in _rates(draws)]
    return max([*rates, 0.0]) if rates else UNKNOWN


def hours_of_rise(draws: Sequence[Draw], *, rate: float, **_: Any) -> float:
    steps = _rates(draws)
    if not steps:
        return UNKNOWN
    runs = [0.0]
    for duration, found in steps:
        if found >= rate:
            runs[-1] += duration
        else:
            runs.append(0.0)
    return max(runs)


def rebound(draws: Sequence[Draw], *, floor: float, fall: float, **_: Any) -> float:
    if len(draws) < 2:
        return UNKNOWN
    levels = [max(value, floor) for _, value, _ in draws]
    fallen = [
        level for k, level in enumerate(levels) if any(level <= top * fall for top in levels[:k])
    ]
    return levels[-1] / min(fallen) if fallen else 1.0


def last_above_limit(draws: Sequence[Draw], **_: Any) -> float:
    return float(1 in draws[-1][2]) if draws else UNKNOWN


def last_below_limit(draws: Sequence[Draw], **_: Any) -> float:
    return float(-1 in draws[-1][2]) if draws else UNKNOWN


def _stretches(draws: Sequence[Draw], level: float, gap: float) -> list[tuple[float, float, float]]:
    """Hours above, and how many doublings at both ends, of each pair that is near enough."""
    found = []
    for (t, v, _), (u, w, _) in pairwise(draws):
        one, two = (math.log2(max(x, 1e-9)) - math.log2(level) for x in (v, w))
        if u - t > gap or (one <= 0 and two <= 0):
            continue
        start, end = t, u
        if (one < 0) != (two < 0):
            crossing = t + (u - t) * one / (one - two)
            start, end = (crossing, u) if one < 0 else (t, crossing)
        found.append((end - start, max(one, 0), max(two, 0)))
    return found


def hours_above(draws: Sequence[Draw], *, level: float, gap: float, **_: Any) -> float:
    if len(draws) < 2:
        return UNKNOWN
    return math.fsum(hours for hours, _, _ in _stretches(draws, level, gap))


def area_above(draws: Sequence[Draw], *, level: float, gap: float, **_: Any) -> float:
    if len(draws) < 2:
        return UNKNOWN
    parts = _stretches(draws, level, gap)
    return math.fsum(hours / 24 * (one + two) / 2 for hours, one, two in parts)


KINETICS: Mapping[str, Callable[..., float]] = {
    "last_lab": last,
    "highest": highest,
    "lowest": lowest,
    "number_of_draws": number_of_draws,
    "hours_since_draw": hours_since_draw,
    "fold_change": fold_change,
    "log_slope": log_slope,
    "doubling_time": doubling_time,
    "halving_time": halving_time,
    "greatest_rise": greatest_rise,
    "greatest_fall": greatest_fall,
    "hours_of_rise": hours_of_rise,
    "rebound": rebound,
    "last_above_limit": last_above_limit,
    "last_below_limit": last_below_limit,
    "hours_above": hours_above,
    "area_above": area_above,
}


def series_of(labs: pd.DataFrame) -> Mapping[tuple[int, str], list[Draw]]:
    """Draws of each patient and analyte of `Cohort.labs`, in any order."""
    columns = ["patient", "analyte", "hours", "value", "comparator"]
    found: dict[tuple[int, str], list[Row]] = {}
    for patient, analyte, *row in labs[columns].itertuples(index=False):
        found.setdefault((patient, analyte), []).append((row[0], row[1], row[2]))
    return {key: draws_of(rows) for key, rows in found.items()}


def kinetic(
    series: Mapping[tuple[int, str], list[Draw]],
    patients: int,
    entry: Mapping[str, Any],
    now: float,
) -> list[float]:
    """One lab kinetic of every patient, before any transform.

    Parameters
    ----------
    series : mapping
        Of `series_of`.
    patients : int
    entry : mapping
        A [[feature]] of the catalogue as its TOML says it.
    now : float
        Prediction time in hours.
    """
    found = []
    for patient in range(patients):
        mine = series.get((patient, entry["of"]), [])
        draws = in_window(mine, entry["window"], entry["closed"], now)
        parameters = entry.get("parameters", {})
        found.append(KINETICS[entry["builder"]](draws, series=mine, now=now, **parameters))
    return found
