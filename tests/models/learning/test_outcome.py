"""Which class is the event, how many patients have it, and how many folds that allows."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from riskmodel.errors import SchemaError
from riskmodel.models.learning.outcome import FEWEST_EVENTS, Counts, count_patients, two_classes


@pytest.mark.parametrize(
    ("y", "classes", "event", "why"),
    [
        ([0, 1, 1], [0, 1], [0, 1, 1], "numbers"),
        ([True, False], [False, True], [1, 0], "flags"),
        (["yes", "no"], ["no", "yes"], [1, 0], "text in sorted order"),
        ([3, 7, 3], [3, 7], [0, 1, 0], "any two numbers"),
        ([0, 0], [False, True], [0, 0], "only the first"),
        ([1, 1], [False, True], [1, 1], "only the event"),
    ],
)
def test_the_second_class_is_the_event(y, classes, event, why):
    found, flags = two_classes(np.array(y))
    assert found.tolist() == classes, why
    assert flags.tolist() == event, why
    assert flags.dtype == np.float64


def test_three_classes_are_refused():
    with pytest.raises(SchemaError, match="3 classes"):
        two_classes(np.array([0, 1, 2]))


@given(st.integers(0, 10**6), st.integers(1, 4))
def test_a_patient_counts_once_however_many_rows(seed, rows):
    rng = np.random.default_rng(seed)
    event = rng.random(30) < 0.3
    event[:2] = True, False
    patient = np.repeat(np.arange(30), rows)
    found = count_patients(np.repeat(event, rows).astype(float), np.ones(30 * rows), patient)
    assert found == Counts(30, int(event.sum()))


def test_an_event_at_any_row_is_an_event_of_the_patient():
    found = count_patients(np.array([0.0, 1.0, 0.0]), np.ones(3), np.array([0, 0, 1]))
    assert found == Counts(2, 1)


@pytest.mark.parametrize(
    ("y", "weight", "why"),
    [
        ([0.0, 0.0], [1.0, 1.0], "no event"),
        ([1.0, 1.0], [1.0, 1.0], "nothing else"),
        ([1.0, 0.0], [0.0, 1.0], "the event does not count"),
        ([1.0, 0.0], [1.0, 0.0], "the other does not count"),
        ([1.0, 0.0], [0.0, 0.0], "nothing counts"),
    ],
)
def test_one_class_of_positive_weight_is_refused(y, weight, why):
    with pytest.raises(SchemaError, match="one class only"):
        count_patients(np.array(y), np.array(weight), np.arange(2))


@given(st.integers(1, 400), st.integers(0, 400), st.integers(2, 12))
def test_folds_hold_both_outcomes_or_there_are_none(patients, events, wanted):
    counts = Counts(patients, min(events, patients))
    folds = counts.folds(wanted)
    if counts.rarer < FEWEST_EVENTS:
        assert folds == 0
    else:
        assert 2 <= folds <= wanted
        assert counts.rarer // folds >= 2
