"""Results: drawn where their panel was sent, plausible, and quiet before the infusion."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort import analytes
from riskmodel.simulation.labs import _above, _bump, _smooth, _treated, _wander

VALUES = st.lists(st.floats(-50, 50), min_size=1, max_size=20).map(np.array)


@given(x=VALUES)
def test_a_smooth_step_rises_from_0_to_1(x):
    found = _smooth(np.sort(x))
    assert (np.diff(found) >= -1e-12).all()
    assert found.min() >= 0
    assert found.max() <= 1
    np.testing.assert_array_equal(_smooth(np.array([-1.0, 0.5, 2.0])), [0.0, 0.5, 1.0])


@given(since=VALUES, peak=st.floats(0.5, 9), power=st.floats(0.5, 6))
def test_a_response_is_highest_at_its_peak(since, peak, power):
    found = _bump(since, peak, power)
    assert (found[since <= 0] == 0).all()
    assert found.max() <= 1 + 1e-12
    assert _bump(np.array([peak]), peak, power)[0] == pytest.approx(1)


@given(value=VALUES, floor=st.floats(-5, 5), soft=st.floats(0.05, 1))
def test_a_course_levels_off_above_its_floor(value, floor, soft):
    found = _above(value, floor, soft)
    assert (found >= floor).all()
    assert (found >= value - 1e-9).all()
    far = value > floor + 40 * soft
    np.testing.assert_allclose(found[far], value[far], atol=1e-9)


@given(since=VALUES)
def test_a_drug_acts_after_it_is_given_and_fades(since):
    table = {"per_day": -0.5, "most": -1.2, "days": 3.0, "fading_days": 2.0}
    found = _treated(table, since)
    assert (found <= 0).all()
    assert (found >= -1.2).all()
    assert (found[since <= 0] == 0).all()
    assert _treated(table, np.array([np.nan, 60.0]))[1] == pytest.approx(0, abs=1e-6)


def test_a_result_is_one_of_a_draw_that_sent_its_panel(stages):
    for name, table in stages.settings.analytes.items():
        found, sent = stages.results[name], stages.draws.panels[table["panel"]]
        assert sent[found.draw].all(), name
        assert (np.diff(found.draw) > 0).all(), name
        if table.get("after_infusion"):
            assert (stages.draws.day[found.draw] > 0).all(), name
    assert set(stages.results) == {*stages.settings.analytes, "wbc"}


def test_results_are_what_a_laboratory_can_report(stages):
    for name, found in stages.results.items():
        assert np.isfinite(found.value).all(), name
        low, high = analytes()[name].possible
        assert np.mean((found.value >= low) & (found.value <= high)) > 0.999, name


def test_white_cells_hold_the_neutrophils(stages):
    white, neutrophils = stages.results["wbc"], stages.results["anc"]
    np.testing.assert_array_equal(white.draw, neutrophils.draw)
    assert np.corrcoef(np.log(white.value), np.log(neutrophils.value + 0.1))[0, 1] > 0.8


def test_before_the_infusion_a_result_deviates_by_what_was_drawn_and_no_more(stages):
    """So that what the baseline shows of the risk can be computed exactly."""
    for name, table in stages.settings.analytes.items():
        found = stages.results[name]
        early = stages.draws.day[found.draw] <= 0
        if early.sum() < 300:
            continue
        deviation = found.deviation[early]
        loading = stages.settings.loading(table["loadings"])
        variance = loading @ stages.settings.correlation @ loading
        sd = np.sqrt(variance + table["between"] ** 2 + table["within"] ** 2)
        assert abs(deviation.mean()) < 5 * sd / np.sqrt(len(deviation) / 2), name
        assert deviation.std() == pytest.approx(sd, rel=0.15), name


def test_nothing_wanders_before_the_infusion(stages):
    found = _wander(stages.settings, stages.draws, np.random.default_rng(2))
    before = stages.draws.day <= 0
    for name, table in stages.settings.analytes.items():
        assert (name in found) == ("wander" in table)
        if name in found:
            assert (found[name][before] == 0).all()
            late = stages.draws.day > 5 * table["wander"]["days"]
            if late.sum() > 500:
                assert found[name][late].std() == pytest.approx(table["wander"]["sd"], rel=0.15)


def test_cases_rise_above_others_after_their_onset(stages):
    patients, draws, ferritin = stages.patients, stages.draws, stages.results["ferritin"]
    who = draws.patient[ferritin.draw]
    day = draws.day[ferritin.draw]
    late = (day > patients.onset_days[who] + 1) & (day < patients.onset_days[who] + 6)
    others = ~patients.case[who] & (day > 8) & (day < 15)
    assert np.median(ferritin.value[late]) > 5 * np.median(ferritin.value[others])
