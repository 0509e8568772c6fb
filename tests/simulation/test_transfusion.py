"""Transfusions: after a low result, never before, and seen in the counts that follow."""

from types import SimpleNamespace

import numpy as np
import pytest

from riskmodel.simulation.schedule import Results
from riskmodel.simulation.transfusion import EVENTS, transfuse

TREATMENT = {
    "transfused": 1.0,
    "transfusion_wait": [0.1, 0.2],
    "platelets_below": 20.0,
    "platelets_added": [30.0, 30.0],
    "platelets_days": 2.0,
}


def given(values, days=None, patients=None, **treatment):
    days = np.arange(1.0, len(values) + 1) if days is None else np.array(days)
    who = np.zeros(len(values), dtype=np.int64) if patients is None else np.array(patients)
    draws = SimpleNamespace(patient=who, day=days)
    result = Results("platelets", np.arange(len(values)), np.array(values), np.zeros(len(values)))
    return transfuse(TREATMENT | treatment, draws, result, np.random.default_rng(0))


def test_a_low_count_is_answered_and_the_next_is_higher():
    found, transfusions = given([10.0, 10.0])
    assert transfusions.event == "transfusion_platelets"
    assert 1.1 <= transfusions.day[0] <= 1.2
    left = 2.0 - transfusions.day[0]
    np.testing.assert_allclose(found.value, [10.0, 10.0 + 30 * np.exp(-left / 2)])


@pytest.mark.parametrize(
    ("values", "days", "why"),
    [
        ([20.0, 90.0], None, "exactly the limit is not below it"),
        ([5.0, 5.0], [-3.0, 0.0], "before the infusion, and at it"),
    ],
)
def test_nothing_is_given_where_nothing_is_asked_for(values, days, why):
    found, transfusions = given(values, days)
    assert len(transfusions.day) == 0, why
    np.testing.assert_array_equal(found.value, values)


def test_the_unwilling_give_nothing():
    assert len(given([1.0] * 9, transfused=0.0)[1].day) == 0


def test_no_second_one_before_the_first_is_in():
    found, transfusions = given([1.0, 1.0, 1.0], [1.0, 1.05, 9.0])
    assert len(transfusions.day) == 2
    assert found.value[1] == 1.0
    assert (np.diff(transfusions.day) > 1).all()


def test_patients_do_not_share_what_was_given():
    found, _ = given([5.0, 50.0, 50.0], [1.0, 2.0, 2.0], [0, 0, 1])
    assert found.value[1] > 50
    assert found.value[2] == 50


def test_in_a_cohort_each_follows_a_low_count_of_the_same_patient(stages):
    for transfusions in stages.transfusions:
        name = next(analyte for analyte, event in EVENTS.items() if event == transfusions.event)
        result, draws = stages.results[name], stages.draws
        below = stages.settings.constants["treatment"][f"{name}_below"]
        low = result.value < below
        last = np.full(len(stages.patients), -np.inf)
        for who, day in zip(transfusions.patient, transfusions.day, strict=True):
            own = low & (draws.patient[result.draw] == who) & (draws.day[result.draw] < day)
            last[who] = draws.day[result.draw[own]].max()
            assert day - last[who] <= stages.settings.constants["treatment"]["transfusion_wait"][1]
