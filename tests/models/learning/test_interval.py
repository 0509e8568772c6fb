"""The interval of a risk."""

import numpy as np
import pytest

from riskmodel.errors import SchemaError
from riskmodel.models.learning.interval import interval, missing_variance, risk_interval

GROUPS = {"a": "one", "b": "one"}


@pytest.mark.parametrize(
    ("missing", "expected", "why"),
    [
        ([0, 0, 0], 0.0, "nothing missing"),
        ([1, 0, 0], 0.09, "one input"),
        ([1, 1, 0], 0.49, "one factor: its inputs move together"),
        ([1, 0, 1], 0.13, "two factors: independent"),
        ([1, 1, 1], 0.53, "everything"),
    ],
)
def test_variance_of_what_is_missing(missing, expected, why):
    spread = np.array([0.3, 0.4, 0.2])
    found = missing_variance(np.array([missing], dtype=bool), spread, ["a", "b", "c"], GROUPS)
    assert found[0] == pytest.approx(expected), why


def test_width_grows_with_every_part():
    centre = np.zeros(3)
    draws = np.array([[-0.1, 0.1, 0.0], [-1.0, 1.0, 0.0], [-0.1, 0.1, 0.0]])
    low, high = interval(centre, draws, np.array([0.0, 0.0, 1.0]), 0.9)
    assert (low < 0.5).all()
    np.testing.assert_allclose(low + high, 1.0)
    assert high[0] < high[1]
    assert high[0] < high[2]
    assert (
        interval(centre, draws, np.zeros(3), 0.5)[1] < interval(centre, draws, np.zeros(3), 0.9)[1]
    ).all()


def test_a_single_draw_has_the_other_parts_only():
    low, high = interval(np.zeros(1), np.ones((1, 1)), np.zeros(1), 0.9)
    assert low[0] == high[0] == 0.5


@pytest.mark.parametrize("level", [0.0, 1.0, 1.5])
def test_an_impossible_level(level):
    with pytest.raises(SchemaError, match=f"level is {level}"):
        interval(np.zeros(1), np.zeros((1, 2)), np.zeros(1), level)


def test_patients_who_differ_unseen_lie_below_their_mean_and_around_it():
    """Exact for a logit-normal variable of small mean: drawn, and held against the interval."""
    rng = np.random.default_rng(0)
    spread = 0.8
    log_odds = rng.normal(-4.0, spread, 400_000)
    risk = 1 / (1 + np.exp(-log_odds))
    centre = np.full(1, np.log(risk.mean() / (1 - risk.mean())))
    unseen = np.full(1, spread**2)
    low, high = interval(centre, np.zeros((1, 2)), unseen, 0.9, unseen)
    assert np.mean(risk < low) == pytest.approx(0.05, abs=0.01)
    assert np.mean(risk > high) == pytest.approx(0.05, abs=0.01)


def test_the_risk_is_always_within():
    centre = np.array([-6.0, 0.0, 6.0])
    unseen = np.full(3, 25.0)
    low, high = interval(centre, np.zeros((3, 2)), unseen, 0.5, unseen)
    risk = 1 / (1 + np.exp(-centre))
    assert ((low < risk) & (risk < high)).all()


def test_a_few_draws_are_trusted_less_where_they_are_all_there_is():
    draws = np.tile(np.array([-1.0, 0.0, 1.0]), (2, 1))
    others = np.array([0.0, 100.0])
    high = interval(np.zeros(2), draws, others, 0.9)[1]
    reach = np.log(high / (1 - high)) / np.sqrt(1.0 + others)
    assert reach[0] == pytest.approx(2.92, abs=0.01)  # Student's t with 2 degrees of freedom
    assert reach[1] == pytest.approx(1.645, abs=0.01)


def widths(**changes):
    about = {
        "missing": np.zeros(1), "between": 1.3, "departure": np.ones(1), "slope_sd": 0.1,
        "signal": 1.0, "patients": 300, "events": 30, **changes,
    }  # fmt: skip
    low, high = risk_interval(np.full(1, -2.0), np.array([[-2.1, -1.9]]), 0.9, **about)
    assert low[0] < 1 / (1 + np.exp(2.0)) < high[0]
    return (np.log(high / (1 - high)) - np.log(low / (1 - low)))[0]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"missing": np.ones(1)}, "inputs are missing"),
        ({"between": 2.0}, "patients who look alike differ more"),
        ({"slope_sd": 0.5}, "the slope is less certain"),
        ({"signal": 0.7}, "the features may tell nothing, or more than is shown"),
        ({"between": 0.1}, "a model that shows little has not learnt what there is"),
        ({"events": 3}, "few events"),
        ({"events": 297}, "few without"),
        ({"patients": 300, "events": 300}, "nobody without: no division by zero"),
    ],
)
def test_an_interval_of_a_model_widens_where_less_is_known(changes, why):
    assert widths(**changes) > widths(), why
