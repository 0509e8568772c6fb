"""Cumulative sums of patients against a reference, with limits for a stated false-alarm rate."""

from dataclasses import dataclass

import numpy as np

from riskmodel.arrays import Floats


@dataclass(frozen=True)
class Reference:
    """Values of several streams for the patients of a reference.

    Attributes
    ----------
    values : float64[n, s]
        No NaN.
    least_spread : float64[s]
        Standard deviation to assume at least, for a stream that hardly varies.
    """

    values: Floats
    least_spread: Floats

    def standardised(self, values: Floats, largest_step: float) -> Floats:
        """Standard deviations from the reference's mean, within the largest step."""
        centre = self.values.mean(axis=0)
        spread = np.maximum(self.values.std(axis=0), self.least_spread)
        return np.asarray(np.clip((values - centre) / spread, -largest_step, largest_step))


def cumulative_sums(steps: Floats, allowance: float) -> tuple[Floats, Floats]:
    """Upward and downward sums after each patient, both never below 0.

    Parameters
    ----------
    steps : float64[n, s]
        Standard deviations from the reference's mean.
    allowance : float
        What each sum forgets at each patient.

    Returns
    -------
    up, down : float64[n, s]

    Examples
    --------
    >>> up, down = cumulative_sums(np.array([[1.0], [1.0], [-2.0]]), 0.5)
    >>> up.ravel().tolist(), down.ravel().tolist()
    ([0.5, 1.0, 0.0], [0.0, 0.0, 1.5])
    """
    up, down = np.zeros_like(steps), np.zeros_like(steps)
    high = low = np.zeros(steps.shape[1:])
    for row, step in enumerate(steps):
        high = np.maximum(high + step - allowance, 0.0)
        low = np.maximum(low - step - allowance, 0.0)
        up[row], down[row] = high, low
    return up, down


def limits(
    reference: Reference,
    patients: int,
    *,
    allowance: float,
    largest_step: float,
    rate: float,
    drawings: int,
    seed: int,
) -> Floats:
    """Limit of each stream's sums that holds the chance of any alarm to a rate.

    Each drawing takes a reference of the same size and a run of patients from the same rows, so
    that the reference's own uncertainty and the correlation of the streams are in the limits.

    Parameters
    ----------
    reference : Reference
    patients : int
        Length of the run over which the chance holds, however often one looks.
    allowance, largest_step : float
    rate : float
        Chance of an alarm in any stream while nothing has changed.
    drawings, seed : int

    Returns
    -------
    float64[s]
    """
    rng = np.random.default_rng(seed)
    values, n = reference.values, len(reference.values)
    count = rng.multinomial(n, np.full(n, 1.0 / n), size=drawings).astype(np.float64)
    centre = count @ values / n
    square = count @ values**2 / n
    spread = np.maximum(np.sqrt(np.maximum(square - centre**2, 0.0)), reference.least_spread)
    high = low = greatest = np.zeros_like(centre)
    for _ in range(patients):
        drawn = values[rng.integers(n, size=drawings)]
        step = np.clip((drawn - centre) / spread, -largest_step, largest_step)
        high = np.maximum(high + step - allowance, 0.0)
        low = np.maximum(low - step - allowance, 0.0)
        greatest = np.maximum(greatest, np.maximum(high, low))
    # One level for every stream, so low that all together keep to the rate.
    ordered = np.sort(greatest, axis=0)
    exceeding = 1.0 - _rank(ordered, greatest) / drawings
    level = float(np.quantile(exceeding.min(axis=1), rate))
    position = min(int(np.ceil((1.0 - level) * drawings)), drawings - 1)
    return np.asarray(ordered[position], dtype=np.float64)


def _rank(ordered: Floats, values: Floats) -> Floats:
    """How many of a column's sorted values lie below each of its values."""
    found = np.empty_like(values)
    for column in range(values.shape[1]):
        found[:, column] = np.searchsorted(ordered[:, column], values[:, column], side="left")
    return found
