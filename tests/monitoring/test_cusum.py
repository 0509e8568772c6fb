"""Cumulative sums: by hand, and the false-alarm rate that their limits promise."""

import numpy as np
import pytest

from riskmodel.monitoring.cusum import Reference, cumulative_sums, limits

SETTINGS = {"allowance": 0.25, "largest_step": 3.0, "rate": 0.05, "drawings": 1500, "seed": 1}
RUN = 120


def invented(rng: np.random.Generator, n: int, shift: float = 0.0) -> np.ndarray:
    """Four streams as monitoring sees them: one skewed, one a count, one rare, two correlated."""
    common = rng.normal(size=n) + shift
    return np.column_stack(
        [common, np.exp(common), rng.poisson(3 + 2 * shift, n), rng.random(n) < 0.05 + shift / 4]
    ).astype(np.float64)


def reference(rng: np.random.Generator, n: int) -> Reference:
    return Reference(invented(rng, n), np.array([0.1, 0.1, 0.5, 0.1]))


def alarm(found: Reference, values: np.ndarray, limit: np.ndarray) -> int | None:
    up, down = cumulative_sums(found.standardised(values, 3.0), 0.25)
    over = np.flatnonzero((np.maximum(up, down) > limit).any(axis=1))
    return int(over[0]) + 1 if len(over) else None


def test_sums_by_hand():
    up, down = cumulative_sums(np.array([[1.0], [0.5], [-3.0], [1.0]]), 0.25)
    assert up.ravel().tolist() == [0.75, 1.0, 0.0, 0.75]
    assert down.ravel().tolist() == [0.0, 0.0, 2.75, 1.5]


def test_no_patient_gives_no_sum():
    up, down = cumulative_sums(np.empty((0, 3)), 0.25)
    assert up.shape == down.shape == (0, 3)


@pytest.mark.parametrize(("size", "most"), [(100, 20), (400, 13)])
def test_the_false_alarm_rate_is_about_what_is_promised(size, most):
    rng = np.random.default_rng(7)
    alarms = 0
    repeats = 120
    for k in range(repeats):
        found = reference(rng, size)
        limit = limits(found, RUN, **{**SETTINGS, "seed": k, "drawings": 600})
        alarms += alarm(found, invented(rng, RUN), limit) is not None
    # 5% promised, 8.5% with a small reference; more would come by chance once in 500 times.
    assert alarms <= most


def test_a_shift_is_seen_and_a_greater_one_sooner():
    rng = np.random.default_rng(3)
    found = reference(rng, 300)
    limit = limits(found, RUN, **SETTINGS)
    seen = {
        shift: [alarm(found, invented(rng, RUN, shift), limit) or 999 for _ in range(20)]
        for shift in (0.5, 1.5)
    }
    assert np.median(seen[1.5]) < np.median(seen[0.5]) < RUN


def test_one_absurd_patient_is_no_alarm():
    rng = np.random.default_rng(3)
    found = reference(rng, 300)
    limit = limits(found, RUN, **SETTINGS)
    values = np.tile(found.values.mean(axis=0), (30, 1))
    values[10] = 1e9
    assert alarm(found, values, limit) is None


def test_a_stream_that_never_varies_does_not_divide_by_zero():
    found = Reference(np.zeros((50, 1)), np.array([0.1]))
    limit = limits(found, RUN, **SETTINGS)
    assert np.isfinite(limit).all()
    assert alarm(found, np.zeros((20, 1)), limit) is None
    assert alarm(found, np.ones((20, 1)), limit) is not None
