"""Earlier days: always in order, a steady hazard without onsets, and what onsets show with many."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from riskmodel.models import Earlier, fit_earlier

DAYS = (14.0, 21.0)
NUMBER = st.floats(-30, 30)
SHARES = st.lists(st.tuples(NUMBER, NUMBER, NUMBER), min_size=2, max_size=2).map(tuple)


@given(
    shares=SHARES,
    centre=st.floats(-20, 20),
    rows=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 719.9)), min_size=1, max_size=20),
)
def test_an_earlier_day_never_has_the_higher_risk(shares, centre, rows) -> None:
    earlier = Earlier(days=DAYS, horizon_days=30, shares=shares, centre=centre)
    risk, hours = (np.array([row[k] for row in rows]) for k in (0, 1))
    found = earlier.risks(risk, hours)
    assert found.shape == (len(rows), 2)
    for k, day in enumerate(DAYS):
        assert (np.isnan(found[:, k]) == (hours >= 24 * day)).all()
    asked = ~np.isnan(found[:, 0])
    assert (found[asked, 0] <= found[asked, 1]).all()
    asked = ~np.isnan(found[:, 1])
    assert (found[asked, 1] <= risk[asked]).all()
    assert (found[~np.isnan(found)] >= 0).all()


def test_without_onsets_the_hazard_is_steady() -> None:
    nobody = np.empty(0)
    earlier = fit_earlier(DAYS, 30, nobody, nobody, nobody, nobody)
    found = earlier.risks(np.array([0.3, 0.3]), np.array([0.0, 24.0 * 10]))
    assert found[0] == pytest.approx([0.3 * 14 / 30, 0.3 * 21 / 30])
    assert found[1] == pytest.approx([0.3 * 4 / 20, 0.3 * 11 / 20])


def test_many_onsets_show_when_they_come() -> None:
    rng = np.random.default_rng(1)
    n = 4_000
    risk = rng.uniform(0.05, 0.6, n)
    came = rng.random(n) < risk
    onset = np.where(came, rng.choice([9.0, 18.0, 26.0], n, p=[0.7, 0.2, 0.1]), np.nan) * 24
    earlier = fit_earlier(DAYS, 30, risk, np.zeros(n), onset, np.ones(n))
    found = earlier.risks(risk, np.zeros(n))
    assert found.mean(axis=0) / risk.mean() == pytest.approx([0.7, 0.9], abs=0.02)


def test_a_row_without_a_prediction_time_has_none() -> None:
    earlier = Earlier(days=DAYS, horizon_days=30, shares=((0, 1, 0), (0, 1, 0)), centre=0)
    assert np.isnan(earlier.risks(np.array([0.3]), np.array([np.nan]))).all()
    assert earlier.columns == ("risk_before_day_14", "risk_before_day_21")


@given(weights=st.lists(st.floats(0.1, 5), min_size=3, max_size=3))
def test_rows_that_weigh_nothing_change_nothing(weights) -> None:
    risk, hours = np.array([0.2, 0.4, 0.3, 0.9]), np.zeros(4)
    onset = np.array([100.0, 400.0, 650.0, 10.0])
    whole = fit_earlier(DAYS, 30, risk, hours, onset, np.array([*weights, 0.0]))
    without = fit_earlier(DAYS, 30, risk[:3], hours[:3], onset[:3], np.array(weights))
    assert whole == without
