"""Patients as they are drawn: shares, factors, and what comes first."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from riskmodel.simulation.latent import _two_rates, draw_patients


def test_populations_come_in_their_shares_with_correlated_factors(stages):
    patients, chosen = stages.patients, stages.settings
    n = len(patients)
    shares = np.bincount(patients.population, minlength=len(chosen.shares)) / n
    error = np.sqrt(chosen.shares * (1 - chosen.shares) / n)
    assert (np.abs(shares - chosen.shares) < 4 * error).all()
    assert np.abs(patients.z.mean(axis=0)).max() < 4 / np.sqrt(n)
    np.testing.assert_allclose(np.cov(patients.z.T), chosen.correlation, atol=0.15)
    assert set(np.unique(patients.tet2)) == {0, 1}
    assert set(np.unique(patients.selected)) == {0, 1}


def test_the_true_risk_is_that_of_the_factors_before_the_horizon(stages):
    patients, risk = stages.patients, stages.risk
    log_odds = risk.offsets(patients.population, patients.tet2, patients.selected)
    log_odds = log_odds + (risk.slopes(patients.population, patients.tet2) * patients.z).sum(axis=1)
    expected = risk.before_horizon[patients.population] / (1 + np.exp(-log_odds))
    np.testing.assert_allclose(patients.p_true, expected, rtol=1e-12)


def test_an_event_lies_before_the_day_and_under_observation(stages):
    patients = stages.patients
    onset, end = patients.onset_days, patients.end_days
    for days in (7.0, 14.0, float(onset[patients.case].min())):
        event = patients.event(days)
        assert (event <= patients.case).all()
        assert (onset[event] < days).all()
        assert (onset[event] < end[event]).all()
        others = patients.case & ~event
        assert ((onset[others] >= days) | (onset[others] >= end[others])).all()


def test_nobody_has_an_onset_after_death_and_all_end_at_death_or_follow_up(stages):
    patients = stages.patients
    case = patients.case
    assert (patients.onset_days[case] < patients.death_days[case]).all()
    assert (patients.end_days <= patients.death_days).all()
    assert (patients.end_days > 0).all()
    early = patients.next_days < stages.settings.constants["follow_up"]["early_days"]
    rescued = patients.next_days > patients.relapse_days
    assert not (case & early & ~rescued).any()


def test_times_are_whole_tenths_of_an_hour(stages):
    patients = stages.patients
    for days in (patients.onset_days, patients.death_days, patients.relapse_days):
        known = days[np.isfinite(days)] * 240
        np.testing.assert_allclose(known, np.round(known), atol=1e-6)


@given(
    exponential=st.lists(st.floats(0, 50), min_size=1, max_size=9),
    early=st.floats(0.001, 0.5),
    later=st.floats(0.001, 0.5),
    change=st.floats(1, 60),
)
def test_a_time_of_two_rates_spends_its_exponential(exponential, early, later, change):
    drawn = np.array(exponential)
    found = _two_rates(drawn, early, later, change)
    spent = early * np.minimum(found, change) + later * np.maximum(found - change, 0)
    np.testing.assert_allclose(spent, drawn, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("patients", [1, 3])
def test_the_smallest_cohorts_are_drawn(stages, patients):
    found = draw_patients(stages.settings, stages.risk, patients, np.random.default_rng(1))
    assert len(found) == patients
