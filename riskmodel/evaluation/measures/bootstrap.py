"""Draws of patients: every interval of an evaluation comes from the same resampling."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from threadpoolctl import ThreadpoolController

from riskmodel.arrays import Codes, Floats

_CELLS = 2_000_000
"""Row weights held at once: draws are taken in blocks of about this many."""
_FEWEST_DRAWS = 0.5
"""Share of the draws that must give a figure; below it there is no interval."""


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95% bootstrap interval (NaN where it cannot be computed)."""

    value: float
    low: float
    high: float


def drawn_weights(weight: Floats, patient: Codes, draws: int, seed: int) -> Iterator[Floats]:
    """Weights of the rows in each draw of patients, with all rows of a patient together.

    Yields
    ------
    array of shape (block, n)
        Blocks of draws, `draws` rows in all. The same patients give the same draws, in whatever
        order their rows stand and however many rows they have.
    """
    people, code = np.unique(patient, return_inverse=True)
    if not len(people):
        return
    rng = np.random.default_rng(seed)
    block = max(1, _CELLS // len(patient))
    for start in range(0, draws, block):
        size = min(block, draws - start)
        picked = rng.integers(len(people), size=(size, len(people)))
        place = picked + len(people) * np.arange(size)[:, None]
        times = np.bincount(place.ravel(), minlength=size * len(people)).reshape(size, -1)
        yield weight * times[:, code]


def interval(draws: Floats) -> tuple[float, float]:
    """2.5th and 97.5th percentile; NaN when fewer than half of the draws give a figure."""
    if len(draws) == 0 or np.isfinite(draws).mean() < _FEWEST_DRAWS:
        return np.nan, np.nan
    low, high = np.percentile(draws[np.isfinite(draws)], [2.5, 97.5])
    return float(low), float(high)


@cache
def _libraries() -> ThreadpoolController:
    """The libraries of linear algebra: to find them takes longer than most figures."""
    return ThreadpoolController()


def bootstrapped(
    figure: Callable[[Floats], Floats], weight: Floats, patient: Codes, *, draws: int, seed: int
) -> tuple[Floats, Floats]:
    """A figure (or k of them) of the weighted rows, and of each draw.

    Parameters
    ----------
    figure : callable
        Of weights of shape (b, n); gives shape (b,) or (b, k).

    Returns
    -------
    values : array of shape () or (k,)
    drawn : array of shape (draws,) or (draws, k)
    """
    # One thread inside linear algebra: at this size a second one mostly waits.
    with _libraries().limit(limits=1):
        values = figure(weight[None, :])[0]
        blocks = [figure(drawn) for drawn in drawn_weights(weight, patient, draws, seed)]
    drawn = np.concatenate(blocks) if blocks else np.empty((0, *np.shape(values)))
    return values, drawn


def estimates(values: Floats, drawn: Floats) -> list[Estimate]:
    """Each of k figures with its interval."""
    return [
        Estimate(float(value), *interval(drawn[:, k]))
        for k, value in enumerate(np.atleast_1d(values))
    ]


def with_room(share: Estimate, people: int) -> Estimate:
    """A share of 0 or 1 with the exact binomial bound, where draws of patients give no width.

    Examples
    --------
    >>> with_room(Estimate(1.0, 1.0, 1.0), 30).low < 0.9
    True
    """
    if people < 1:
        return share
    room = 1.0 - 0.025 ** (1.0 / people)
    if share.value == 0.0 and share.high == 0.0:
        return Estimate(0.0, 0.0, room)
    if share.value == 1.0 and share.low == 1.0:
        return Estimate(1.0, 1.0 - room, 1.0)
    return share
