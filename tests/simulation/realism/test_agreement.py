"""Labels beside the latent onsets: counted as they are, and right by nobody's construction."""

import numpy as np
import pytest

from riskmodel.criteria import ADJUDICATED, adjudicated, definition_names, label
from riskmodel.simulation.realism.agreement import _first_reason, agreement, agreement_by_regime
from riskmodel.simulation.settings import REGIMES

DRAWN = REGIMES[:-1]


@pytest.fixture(scope="module")
def regimes():
    return {(a.sampling, a.definition): a for a in agreement_by_regime(900, 12)}


@pytest.mark.parametrize("name", ["astct-2024", ADJUDICATED])
def test_agreement_is_that_of_the_labels(calibration_mix, name):
    found = agreement(calibration_mix, name)
    cohort = calibration_mix.cohort
    labels = adjudicated(cohort) if name == ADJUDICATED else label(cohort, name)
    labels = labels.set_index("patient_id").reindex(cohort.patients["patient_id"])
    onset, end = calibration_mix.onset, calibration_mix.end
    event = (onset < 14) & (onset < end)
    called = (labels["outcome"] == "event").to_numpy()
    assert found.sensitivity.value == pytest.approx((called & event).sum() / event.sum())
    assert found.specificity.value == pytest.approx((~called & ~event).sum() / (~event).sum())
    assert found.unseen.value == pytest.approx((labels["outcome"] == "not_assessed").mean())
    late = (labels["onset_hours"].to_numpy(dtype=float) / 24 - onset)[event & called]
    assert found.late_days.value == pytest.approx(np.median(late))
    assert found.error_days.value == pytest.approx(np.median(np.abs(late)))
    assert sum(found.missed.values()) == ((event & ~called).sum() if name != ADJUDICATED else 0)
    assert sum(found.extra.values()) == (~event & called).sum()
    assert "none of these" not in {*found.missed, *found.extra}


def test_every_definition_and_the_adjudicator_stand_under_every_regime(regimes):
    assert set(regimes) == {(s, d) for s in DRAWN for d in (*definition_names(), ADJUDICATED)}
    assert {found.sensitivity.n for found in regimes.values()} == {regimes[
        "ward", "astct-2024"].sensitivity.n}  # fmt: skip


def test_no_definition_holds_at_the_latent_onset_by_construction(regimes):
    for name in (*definition_names(), ADJUDICATED):
        found = regimes["daily", name]
        low, high = found.spread_days
        assert found.sensitivity.value < 0.97, name
        assert high - low > 2, name
        assert found.error_days.value > 0.35, name


def test_the_rules_find_most_of_the_truth_where_blood_is_drawn(regimes):
    found = regimes["daily", "astct-2024"]
    assert found.sensitivity.value > 0.7
    assert found.specificity_never.value > 0.98
    assert abs(found.late_days.value) < 1


def test_fewer_draws_find_fewer_and_exclude_fewer(regimes):
    for name in ("astct-2024", "astct-2023", "prwcc-2023"):
        daily, visits = regimes["daily", name], regimes["outpatient", name]
        assert visits.sensitivity.value < daily.sensitivity.value - 0.05
        assert daily.unseen.value < 0.05 < 0.5 < visits.unseen.value
    # Charts hold what they hold: the regime does not move the adjudicator.
    called = {regimes[sampling, ADJUDICATED].sensitivity for sampling in DRAWN}
    assert len(called) == 1


def test_the_first_reason_that_holds_is_told():
    reasons = {"a": np.array([True, True, False]), "b": np.array([False, True, False])}
    found = _first_reason(reasons, np.array([True, True, True]))
    assert found.tolist() == ["a", "a", "none of these"]
    assert _first_reason(reasons, np.array([False] * 3)).empty


def test_the_rule_and_the_definition_are_named(calibration_mix):
    found = agreement(calibration_mix, "hlh-2004")
    assert found.definition == "hlh-2004"
    assert isinstance(found.cytopenia_rule, str)
    assert found.horizon_days == 14
    assert found.spread_days[0] <= found.late_days.value <= found.spread_days[1]
    assert min(found.missed.values()) >= 1
