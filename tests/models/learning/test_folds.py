"""Splits and draws."""

import numpy as np
from hypothesis import given, settings, strategies as st

from riskmodel.models.learning.folds import (
    bootstrap_weights,
    canonical_order,
    deal_folds,
    patient_codes,
    patients_with_event,
)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 5), st.integers(20, 60))
def test_patients_stay_whole_and_events_even(seed, folds, people):
    rng = np.random.default_rng(seed)
    patient = patient_codes(rng.integers(0, people, 4 * people), 4 * people)
    y = (rng.random(4 * people) < 0.1).astype(float)
    fold = deal_folds(y, patient, folds, rng)
    event = patients_with_event(y, patient)
    home = {}
    for code, number in zip(patient, fold, strict=True):
        assert home.setdefault(code, number) == number
    for kind in (True, False):
        counts = np.bincount(
            [number for code, number in home.items() if event[code] == kind], minlength=folds
        )
        assert counts.max() - counts.min() <= 1


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_a_draw_keeps_the_events_and_draws_whole_patients(seed):
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(30), 3)
    y = np.repeat((np.arange(30) < 4).astype(float), 3)
    drawn = bootstrap_weights(y, patient, rng)
    assert drawn[y == 1].sum() == 12
    assert drawn.sum() == 90
    assert (drawn.reshape(30, 3) == drawn.reshape(30, 3)[:, :1]).all()


def test_canonical_order_forgets_the_order_given():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 3, size=(40, 4)).astype(float)
    X[rng.random(X.shape) < 0.2] = np.nan
    y, weight = rng.integers(0, 2, 40).astype(float), np.ones(40)
    shuffle = rng.permutation(40)
    one = X[canonical_order(X, y, weight)]
    two = X[shuffle][canonical_order(X[shuffle], y[shuffle], weight)]
    np.testing.assert_array_equal(one, two)


def test_codes_follow_first_appearance():
    assert patient_codes(np.array(["b", "a", "b", "c"]), 4).tolist() == [0, 1, 0, 2]
    assert patient_codes(None, 3).tolist() == [0, 1, 2]
