"""The log-odds scale: inverse of one another, without overflow, and sums that do not move."""

import numpy as np
from hypothesis import given, strategies as st

from riskmodel.arrays import expit, logit, row_sums


@given(st.floats(-30, 30))
def test_logit_takes_expit_back(x):
    assert np.isclose(logit(expit(np.array([x])))[0], x, atol=1e-3 if abs(x) > 15 else 1e-9)


def test_expit_does_not_overflow():
    with np.errstate(all="raise"):
        assert expit(np.array([-1e6, 0.0, 1e6])).tolist() == [0.0, 0.5, 1.0]


def test_a_row_sums_to_the_same_bits_alone_and_among_others():
    parts = np.random.default_rng(4).normal(size=(50, 37))
    together = row_sums(parts)
    for i, row in enumerate(parts):
        assert row_sums(row[None])[0] == together[i]
