"""Calibration in use: the e-value by a plain second expression, and its false-alarm rate."""

import math

import numpy as np
import pytest

from riskmodel.monitoring.calibration_drift import calibration_drift, e_values

SHIFTS = (-1.0, -0.5, 0.5, 1.0)
SLOPES = (0.0, 1.5)


def test_e_value_is_the_mean_likelihood_ratio():
    log_odds, event = np.array([-2.0, 0.5, -1.0]), np.array([1.0, 0.0, 1.0])
    found = e_values(log_odds, event, -1.5, SHIFTS, SLOPES)

    def chance(z: float, y: float) -> float:
        p = 1 / (1 + math.exp(-z))
        return p if y == 1 else 1 - p

    for n in (1, 2, 3):
        ratios = []
        for alternative in [lambda z, s=s: z + s for s in SHIFTS] + [
            lambda z, b=b: -1.5 + b * (z + 1.5) for b in SLOPES
        ]:
            ratio = 1.0
            for z, y in zip(log_odds[:n], event[:n], strict=True):
                ratio *= chance(alternative(z), y) / chance(z, y)
            ratios.append(ratio)
        assert found[n - 1] == pytest.approx(sum(ratios) / len(ratios), rel=1e-12)


def drift(log_odds, event):
    return calibration_drift(
        log_odds, event, float(log_odds.mean()), shifts=SHIFTS, slopes=SLOPES, rate=0.05
    )


def runs(rng, shift, slope=1.0, patients=300, repeats=200):
    """First alarm of runs whose true log-odds are moved and spread against the stated ones."""
    for _ in range(repeats):
        stated = rng.normal(-2.2, 1.0, patients)
        true = stated.mean() + shift + slope * (stated - stated.mean())
        event = (rng.random(patients) < 1 / (1 + np.exp(-true))).astype(float)
        yield drift(stated, event).alarm_after


def test_right_risks_alarm_no_more_often_than_stated():
    rng = np.random.default_rng(11)
    alarms = sum(a is not None for a in runs(rng, 0.0))
    assert alarms <= 18  # 5% of 200 at most; 19 would come by chance less than once in 200 times


@pytest.mark.parametrize(("shift", "slope"), [(1.0, 1.0), (-1.5, 1.0), (0.0, 0.0)])
def test_wrong_risks_are_seen(shift, slope):
    rng = np.random.default_rng(12)
    alarms = sum(a is not None for a in runs(rng, shift, slope, repeats=60))
    assert alarms > 40


def test_observed_over_expected_has_the_exact_poisson_interval():
    found = drift(np.full(40, -1.0), np.r_[np.ones(4), np.zeros(36)])
    assert (found.events, found.patients) == (4, 40)
    assert found.ratio == pytest.approx(4 / found.expected)
    # Exact 95% Poisson limits of 4 events: 1.09 to 10.24 (Garwood 1936, any table of them).
    assert found.ratio_low * found.expected == pytest.approx(1.0899, abs=1e-3)
    assert found.ratio_high * found.expected == pytest.approx(10.2416, abs=1e-3)


def test_no_event_has_a_lower_limit_of_zero():
    found = drift(np.full(20, -3.0), np.zeros(20))
    assert found.ratio == 0.0
    assert found.ratio_low == 0.0
    assert found.ratio_high > 0
