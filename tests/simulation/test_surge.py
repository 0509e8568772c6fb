"""Signs of a case follow the latent onset, each by a lag of its own."""

import numpy as np
import pytest

from riskmodel.simulation.course import draw_course
from riskmodel.simulation.labs import _Courses
from riskmodel.simulation.latent import draw_patients
from riskmodel.simulation.risk import Risk
from riskmodel.simulation.settings import settings
from riskmodel.simulation.surge import Surge, draw_signs, fit_surge

LINEAGES = ("anc", "platelets", "hemoglobin")


@pytest.fixture(scope="module")
def drawn():
    chosen = settings("literature", ["tisa-cel", "ide-cel", "cilta-cel"])
    rng = np.random.default_rng(8)
    patients = draw_patients(chosen, Risk(chosen), 40_000, rng)
    course = draw_course(chosen, patients, rng)
    return chosen, patients, draw_signs(chosen, patients, course, rng)


@pytest.mark.parametrize("sign", ["ferritin", "ast", "fibrinogen", "triglycerides", *LINEAGES])
def test_a_sign_passes_its_limit_by_the_lag_of_its_table(drawn, sign):
    chosen, patients, signs = drawn
    table = chosen.constants["signs"]
    mean, own = table["lag_days"]["transaminases" if sign == "ast" else sign]
    lag = signs.crossing[sign] - patients.onset_days[signs.patient]
    assert lag.mean() == pytest.approx(mean, abs=0.06)
    assert lag.std() == pytest.approx(np.hypot(own, table["common_lag"]), rel=0.05)


def test_no_pair_of_signs_is_complete_at_the_onset(drawn):
    """The second sign of macrophage activation passes its limit at the onset of hardly any case."""
    _, patients, signs = drawn
    onset = patients.onset_days[signs.patient]
    day = [np.where(signs.shown[s], signs.crossing[s], np.inf) for s in ("ast", "fibrinogen")]
    second = np.sort([signs.crossing["ferritin"], *day], axis=0)[1]
    assert np.mean(np.abs(second - onset) < 0.05) < 0.1
    assert 0.05 < np.mean(np.isinf(second)) < 0.25  # and some never show two


def test_signs_come_at_the_rate_in_print_and_together(drawn):
    chosen, _, signs = drawn
    share = chosen.constants["signs"]["share"]
    for name in ("fibrinogen", "anc", "platelets", "hemoglobin", "sil2r"):
        assert signs.shown[name].mean() == pytest.approx(share[name], abs=0.03)
    together = np.corrcoef(signs.shown["ast"], signs.shown["fibrinogen"])[0, 1]
    assert 0.02 < together < 0.3


RISING = ("ferritin", "ast", "triglycerides")
FALLING = ("fibrinogen", "platelets")


@pytest.fixture(scope="module")
def fitted(stages):
    """Course without IEC-HS and the surge of an analyte."""

    def fit(analyte):
        rng = np.random.default_rng(11)
        courses = _Courses(stages.settings, stages.patients, stages.course, rng)
        without = lambda who, day: courses.at(analyte, who, day)  # noqa: E731
        args = (stages.settings, analyte, stages.patients, stages.signs, without)
        return without, fit_surge(*args, rng)

    return fit


@pytest.mark.parametrize("analyte", [*RISING, *FALLING])
def test_only_cases_surge(stages, fitted, analyte):
    _, surge = fitted(analyte)
    others = np.flatnonzero(~stages.patients.case)
    assert (surge.at(others, np.full(len(others), 12.0)) == 0).all()
    assert (surge.height[stages.signs.patient] != 0).mean() > 0.5


@pytest.mark.parametrize("analyte", [*RISING, *FALLING])
def test_a_shown_sign_stands_at_its_limit_when_it_crosses(stages, fitted, analyte):
    without, surge = fitted(analyte)
    signs, table = stages.signs, stages.settings.analytes[analyte]
    shown = signs.shown[analyte]
    who, day = signs.patient[shown], signs.crossing[analyte][shown]
    level = without(who, day) + surge.at(who, day)
    limit = np.full(len(who), table["surge"]["threshold"] * table["surge"]["margin"])
    if analyte == "ferritin":
        target = stages.settings.words("target")[stages.patients.population[who]]
        bcma = table["surge"]["threshold_bcma"] * table["surge"]["margin"]
        limit = np.where(target == "BCMA", bcma, limit)
    at = np.log(limit) if table["scale"] == "log" else limit
    ends = stages.settings.constants["surge"]["share_limits"]
    share = (at - without(who, day)) / surge.height[who]
    exact = (share > ends[0] + 0.05) & (share < ends[1] - 0.05)
    assert exact.sum() > 10
    np.testing.assert_allclose(level[exact], at[exact], atol=1e-6)


@pytest.mark.parametrize("analyte", RISING)
def test_a_rise_rises_and_fades(stages, fitted, analyte):
    _, surge = fitted(analyte)
    who = stages.signs.patient[stages.signs.shown[analyte]]
    days = [surge.at(who, surge.middle[who] + after) for after in (-30, 0, 1, 90)]
    top = np.abs(surge.height[who])
    assert (np.abs(days[0]) < 0.01 * top).all()
    assert (np.abs(days[3]) < np.abs(days[2])).mean() > 0.9
    assert (days[1] >= 0).all()


def test_a_surge_without_height_adds_nothing():
    flat = Surge(np.zeros(2), np.ones(2), np.ones(2), np.ones(2), 2.0)
    assert (flat.at(np.array([0, 1]), np.array([1.0, 40.0])) == 0).all()


def test_a_cohort_without_cases_has_no_signs(stages):
    class Nobody:
        case = np.zeros(5, dtype=bool)
        onset_days = np.full(5, np.nan)
        population = np.zeros(5, dtype=int)

    signs = draw_signs(stages.settings, Nobody, stages.course, np.random.default_rng(0))
    assert len(signs.patient) == 0
    assert all(len(days) == 0 for days in signs.crossing.values())
