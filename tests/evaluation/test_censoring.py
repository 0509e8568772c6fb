"""Censoring weights against their definition."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from riskmodel.evaluation.censoring import LARGEST_WEIGHT, censoring_weights, still_followed


def test_without_censoring_every_weight_is_one():
    hours = np.array([10.0, 20.0, 336.0])
    none = np.zeros(3, dtype=bool)
    assert censoring_weights(hours, none, 0.0, ~none).tolist() == [1, 1, 1]


def test_weights_replace_those_who_were_lost():
    hours = np.array([5.0, 336.0, 336.0, 336.0])
    lost = np.array([True, False, False, False])
    weight = censoring_weights(hours, lost, 0.0, ~lost)
    assert weight.tolist() == pytest.approx([0, 4 / 3, 4 / 3, 4 / 3])
    assert weight.sum() == pytest.approx(4)


def test_an_event_before_the_loss_keeps_its_own_weight():
    hours = np.array([3.0, 5.0, 336.0])
    lost = np.array([False, True, False])
    assert censoring_weights(hours, lost, 0.0, ~lost).tolist() == pytest.approx([1, 0, 2])


@given(
    st.lists(st.tuples(st.floats(0, 336), st.booleans()), min_size=2, max_size=40),
    st.floats(0, 400),
)
def test_the_curve_falls_from_one(rows, at):
    hours = np.array([r[0] for r in rows])
    lost = np.array([r[1] for r in rows])
    steps = still_followed(hours, lost, np.sort(np.array([0.0, at, 400.0])))
    assert steps[0] == 1
    assert (np.diff(steps) <= 0).all()
    assert censoring_weights(hours, lost, 0.0, ~lost).max() <= LARGEST_WEIGHT
