"""The course of a patient, and the adjudicator's error as it is stated."""

import numpy as np
import pytest

from riskmodel.simulation.course import _at_grade, _grades, _steps, draw_course
from riskmodel.simulation.latent import draw_patients
from riskmodel.simulation.risk import Risk
from riskmodel.simulation.settings import settings


@pytest.fixture(scope="module")
def drawn():
    chosen = settings("literature")
    rng = np.random.default_rng(8)
    patients = draw_patients(chosen, Risk(chosen), 40_000, rng)
    return chosen, patients, draw_course(chosen, patients, rng)


def test_the_adjudicator_errs_as_stated(drawn):
    chosen, patients, course = drawn
    stated = chosen.constants["adjudicator"]
    called = np.isfinite(course.called)
    share = called[patients.case].mean()
    error = np.sqrt(stated["sensitivity"] * (1 - stated["sensitivity"]) / patients.case.sum())
    assert abs(share - stated["sensitivity"]) < 4 * error
    severe = ~patients.case & (course.crs_grade >= 3)
    assert abs(called[severe].mean() - stated["mistaken"]) < 0.015
    assert not called[~patients.case & (course.crs_grade < 3)].any()
    late = (course.called - patients.onset_days)[called & patients.case]
    mean, spread = stated["timing_days"]
    assert late.mean() == pytest.approx(mean, abs=0.06)
    assert late.std() == pytest.approx(spread, rel=0.05)
    assert (late < 0).mean() > 0.2
    assert course.called[called].min() >= stated["earliest_day"]


def test_treatment_of_iec_hs_follows_the_call_and_only_the_call(drawn):
    _, _, course = drawn
    treated = np.isfinite(course.steroid_case)
    assert np.isfinite(course.called[treated]).all()
    assert (course.steroid_case > course.called)[treated].all()


def test_grades_are_reached_in_order_and_crs_of_a_case_comes_before_its_onset(drawn):
    _, patients, course = drawn
    steps = course.crs_steps
    assert (np.diff(steps, axis=1)[~np.isnan(np.diff(steps, axis=1))] > 0).all()
    assert (np.isfinite(steps).sum(axis=1) == course.crs_grade).all()
    assert (course.response < patients.onset_days)[patients.case].mean() > 0.99


def test_grades_come_at_their_rates():
    score = np.random.default_rng(3).standard_normal(100_000)
    rates = {"any": np.array([0.8, 0.3]), "severe": np.array([0.2, 0.05])}
    split = np.array([0.25, 0.4])
    for k in (0, 1):
        grade = _grades(score, rates, np.full(len(score), k), split)
        any_grade, severe = rates["any"][k], rates["severe"][k]
        expected = [any_grade, severe + 0.25 * (any_grade - severe), severe, 0.4 * severe]
        found = [(grade >= least).mean() for least in (1, 2, 3, 4)]
        np.testing.assert_allclose(found, expected, atol=0.006)
        order = np.argsort(score)
        assert (np.diff(grade[order]) >= 0).all(), "a higher score is no lower grade"


def test_steps_reach_the_grade_and_no_further():
    steps = _steps(np.array([1.0, 2.0]), np.array([0, 3]), np.array([[0.5, 1.0, 2.0]] * 2))
    np.testing.assert_array_equal(steps, [[np.nan] * 4, [2.0, 2.5, 3.5, np.nan]])
    np.testing.assert_array_equal(_at_grade(steps, np.array([0, 3])), [np.nan, 3.5])


@pytest.mark.parametrize("toxicity", ["crs", "icans"])
def test_each_grade_is_reached_after_the_one_below(stages, toxicity):
    grade = getattr(stages.course, f"{toxicity}_grade")
    steps = getattr(stages.course, f"{toxicity}_steps")
    np.testing.assert_array_equal((~np.isnan(steps)).sum(axis=1), grade)
    rise = np.diff(steps, axis=1)
    assert (rise[~np.isnan(rise)] > 0).all()


def test_a_case_has_crs_from_before_its_onset(stages):
    case, course = stages.patients.case, stages.course
    assert (course.crs_grade[case] >= 1).all()
    least = stages.settings.constants["crs"]["onset_limits"][0]
    begun = course.response[case] < stages.patients.onset_days[case]
    assert (begun | (course.response[case] == least)).all()
    assert (course.crs_end > course.response).all()


def test_treatment_follows_what_it_treats(stages):
    course = stages.course
    given = ~np.isnan(course.tocilizumab)
    assert (course.crs_grade[given] >= 1).all()
    assert (course.tocilizumab[given] >= course.crs_steps[given, 0]).all()
    steroid = ~np.isnan(course.steroid)
    assert ((course.crs_grade[steroid] >= 1) | (course.icans_grade[steroid] >= 2)).all()


def test_the_sicker_are_treated_more_often(stages):
    course = stages.course
    share = [
        (~np.isnan(course.tocilizumab[course.crs_grade == grade])).mean() for grade in (0, 1, 2, 3)
    ]
    assert share[0] == 0
    assert share[1] < share[2] <= share[3] + 0.1


def test_neutrophils_recover_later_in_the_slower_patterns(stages):
    course, anc = stages.course, stages.settings.constants["marrow"]["anc"]
    assert (course.recovery >= anc["recovery_least"]).all()
    shares = np.bincount(course.pattern, minlength=3) / len(course.pattern)
    np.testing.assert_allclose(shares, anc["patterns"], atol=0.05)
    reserve = stages.patients.z[:, list(stages.settings.factors).index("reserve")]
    slow = course.pattern == 2
    assert reserve[slow].mean() < reserve[~slow].mean(), "a poor reserve recovers late"
