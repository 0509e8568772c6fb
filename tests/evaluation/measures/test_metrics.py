"""Metrics on cases whose answer is known."""

import numpy as np
import pytest

from riskmodel.evaluation.measures import estimates as core
from riskmodel.evaluation.measures.metrics import risk_of


def figures(y, logit, weight=None, draws=0):
    y = np.asarray(y, dtype=np.int8)
    weight = np.ones(len(y)) if weight is None else weight
    people = np.arange(len(y), dtype=np.int64)
    risk = risk_of(np.asarray(logit, float))
    return core.figures(y, risk, weight, people, draws=draws, seed=1)


def test_calibration_recovers_a_known_shift_and_stretch():
    rng = np.random.default_rng(3)
    logit = rng.normal(-1, 1.2, 60_000)
    y = rng.random(len(logit)) < 1 / (1 + np.exp(-logit))
    good = figures(y, logit)
    assert good["calibration_slope"].value == pytest.approx(1, abs=0.04)
    assert good["calibration_intercept"].value == pytest.approx(0, abs=0.04)
    assert figures(y, 2 * logit)["calibration_slope"].value == pytest.approx(0.5, abs=0.03)
    assert figures(y, logit + 0.7)["calibration_intercept"].value == pytest.approx(-0.7, abs=0.04)


def test_a_weight_of_two_is_the_row_twice():
    y, logit = [0, 1, 0, 1, 1], [-1.0, 0.5, 0.7, 2.0, -0.3]
    twice = figures([*y, 1], [*logit, -0.3])
    weighted = figures(y, logit, np.array([1.0, 1, 1, 1, 2]))
    for name, value in twice.items():
        assert weighted[name].value == pytest.approx(value.value, abs=1e-4), name


def test_intervals_hold_the_value_and_one_class_gives_no_figure():
    rng = np.random.default_rng(0)
    logit = rng.normal(0, 1, 300)
    y = rng.random(300) < 1 / (1 + np.exp(-logit))
    auroc = figures(y, logit, draws=100)["auroc"]
    assert auroc.low < auroc.value < auroc.high
    assert np.isnan(figures(np.zeros(5), np.zeros(5))["auroc"].value)
