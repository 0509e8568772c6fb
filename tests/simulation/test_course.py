"""The course of a patient, and the adjudicator's error as it is stated."""

import numpy as np
import pytest

from riskmodel.simulation.course import draw_course
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
