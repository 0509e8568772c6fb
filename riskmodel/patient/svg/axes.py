"""Axes of the page's pictures: positions of risks, values and days, and their ticks."""

import math
from collections.abc import Sequence

import numpy as np

_RISKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99)


def log_odds(risk: float) -> float:
    """Log-odds of a risk, within what a picture can show.

    Examples
    --------
    >>> log_odds(0.5), round(log_odds(0.0), 1)
    (0.0, -9.2)
    """
    kept = min(max(risk, 1e-4), 1 - 1e-4)
    return math.log(kept / (1 - kept))


def risk_ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Round risks whose log-odds lie between two log-odds, spread out.

    Examples
    --------
    >>> risk_ticks(log_odds(0.004), log_odds(0.5))
    [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4]
    """
    inside = [risk for risk in _RISKS if low <= log_odds(risk) <= high]
    return inside if len(inside) <= most else inside[:: math.ceil(len(inside) / most)]


def log_ticks(low: float, high: float) -> list[float]:
    """The roundest positive numbers of which at least three lie in a range."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks: list[float] = []
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
        ticks = [step * 10.0**k for k in decades for step in steps]
        ticks = [t for t in ticks if low <= t <= high]
        if len(ticks) >= 3:
            break
    return ticks if len(ticks) <= 5 else ticks[:: math.ceil(len(ticks) / 4)]


def linear_ticks(low: float, high: float) -> list[float]:
    """Three to five round numbers in a range.

    Examples
    --------
    >>> linear_ticks(0, 14.2)
    [0.0, 5.0, 10.0]
    """
    rough = (high - low) / 4
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * m for m in (1, 2, 2.5, 5, 10) if size * m >= rough)
    return [float(step * k) for k in range(math.ceil(low / step), math.floor(high / step) + 1)]


def day_ticks(first: float, last: float) -> list[int]:
    """Whole days worth writing under a picture."""
    step = next((s for s in (1, 2, 7, 14, 28) if (last - first) / s <= 11), 56)
    start = math.ceil(first / step) * step
    return list(range(int(start), math.floor(last) + 1, int(step)))


def spread(places: Sequence[float], gap: float) -> list[float]:
    """Places moved as little as needed to stand at least `gap` apart, in their own order.

    Examples
    --------
    >>> spread([10.0, 11.0, 40.0], 12.0)
    [4.5, 16.5, 40.0]
    """
    order = sorted(range(len(places)), key=lambda k: places[k])
    moved = [float(places[k]) for k in order]
    for _ in range(50):
        tight = [k for k in range(len(moved) - 1) if moved[k + 1] - moved[k] < gap - 1e-9]
        if not tight:
            break
        for k in tight:
            push = (gap - (moved[k + 1] - moved[k])) / 2
            moved[k] -= push
            moved[k + 1] += push
    found = np.empty(len(moved))
    found[order] = moved
    return [float(place) for place in found]
