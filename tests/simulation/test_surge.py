"""Signs of a case follow the latent onset, each by a lag of its own."""

import numpy as np
import pytest

from riskmodel.simulation.course import draw_course
from riskmodel.simulation.latent import draw_patients
from riskmodel.simulation.risk import Risk
from riskmodel.simulation.settings import settings
from riskmodel.simulation.surge import draw_signs

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
