"""The true risk: calibrated to print in every population, and moved by a world as it says."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.special import expit

from riskmodel.simulation import worlds
from riskmodel.simulation.risk import Risk
from riskmodel.simulation.settings import settings


def test_contrary_reverses_the_order_of_products_and_factors():
    published, reversed_ = Risk(settings("literature")), Risk(settings("contrary"))
    assert np.allclose(published.weights, -reversed_.weights)
    order = np.argsort(published.incidence)
    assert np.all(np.diff(reversed_.incidence[order]) <= 0)


def test_perturbed_multiplies_every_effect_by_its_own_factor_between_0_and_2():
    published = Risk(settings("literature"))
    drawn = [Risk(settings("perturbed", seed=seed)) for seed in range(200)]
    flags = ("tet2", "t_cell_selected")
    factors = np.array(
        [
            [
                *(risk.weights / published.weights),
                *(risk.effect(name) / published.effect(name) for name in flags),
                *risk.settings.multipliers.values(),
            ]
            for risk in drawn
        ]
    )
    assert factors.min() >= 0
    assert factors.max() <= 2
    assert np.allclose(factors.mean(axis=0), 1, atol=0.2)  # 5 standard errors
    assert np.allclose(factors.std(axis=0), 2 / np.sqrt(12), atol=0.12)
    different = np.unique(factors[:, : len(published.weights)])
    assert len(different) == 200 * len(published.weights)
    chosen = Risk(settings("perturbed", ["CD22"], seed=3))
    assert np.array_equal(chosen.weights, drawn[3].weights)


def test_interaction_adds_burden_for_cd28_only_and_inflammation_for_tet2_only():
    chosen = settings("interaction")
    risk, plain = Risk(chosen), Risk(settings("literature"))
    everyone = np.arange(len(chosen.populations))
    cd28 = chosen.words("domain") == "CD28"
    without, with_tet2 = (risk.slopes(everyone, np.full(len(everyone), s)) for s in (0.0, 1.0))
    extra = without - plain.slopes(everyone, np.zeros(len(everyone)))
    assert np.all(extra[cd28, 0] > 0.3)
    assert np.all(extra[~cd28] == 0)
    assert np.all((with_tet2 - without)[:, 1] > 0.3)
    assert np.all((with_tet2 - without)[:, [0, 2, 3, 4, 5]] == 0)


def test_intercepts_give_the_incidence_of_every_population():
    chosen = settings("interaction")
    risk = Risk(chosen)
    rng = np.random.default_rng(1)
    root = np.linalg.cholesky(chosen.correlation)
    z = rng.standard_normal((100_000, len(root))) @ root.T
    for k, target in enumerate(risk.incidence):
        population = np.full(len(z), k)
        tet2 = (rng.random(len(z)) < risk.tet2_prevalence[k]).astype(float)
        selected = (rng.random(len(z)) < risk.selected_share[k]).astype(float)
        slopes = risk.slopes(population, tet2)
        risks = expit(risk.offsets(population, tet2, selected) + (slopes * z).sum(axis=1))
        assert risks.mean() == pytest.approx(target, rel=0.03)


@given(share=st.floats(0, 1), other=st.floats(0, 1))
def test_a_higher_quantile_is_no_earlier_onset(share, other):
    risk = Risk(settings("literature"))
    everyone = np.arange(len(risk.onset))
    low, high = sorted((share, other))
    early = risk.onset_days(everyone, np.full(len(everyone), low))
    late = risk.onset_days(everyone, np.full(len(everyone), high))
    assert (early <= late).all()
    assert (early >= risk.onset[:, 0]).all()
    assert (late <= risk.onset[:, -1]).all()


@pytest.mark.parametrize("world", [name for name in worlds() if name != "autoimmune"])
def test_printed_onsets_come_back(world):
    risk = Risk(settings(world))
    for k, population in enumerate(risk.settings.populations):
        printed = population["onset"]
        if "median" in printed and risk.settings.world.effect != 0:
            assert risk.onset[k, 0] == pytest.approx(printed["low"])
            assert risk.onset[k, -1] == pytest.approx(printed["high"])
            assert printed["low"] < risk.onset_median[k] < printed["high"]
    if risk.settings.world.effect == 0:
        assert np.ptp(risk.onset, axis=0).max() < 1e-9


def test_the_share_before_the_horizon_is_that_of_the_onsets_less_what_comes_first():
    risk = Risk(settings("literature"))
    shares = np.linspace(0, 1, 20_001)
    competing = risk.settings.constants["competing"]
    hazard = competing["death"] + competing["next_therapy"]
    days = risk.settings.constants["horizon"]["days"]
    for k, found in enumerate(risk.before_horizon):
        onset = risk.onset_days(np.full(len(shares), k), shares)
        early = np.mean(onset < days)
        assert early * np.exp(-hazard * days) <= found <= early + 1e-3


@pytest.mark.parametrize("world", worlds())
def test_no_world_has_an_impossible_incidence(world):
    risk = Risk(settings(world))
    assert (risk.incidence >= 0).all()
    assert (risk.incidence < 1).all()
    assert ((risk.incidence == 0) == risk.settings.world.autoimmune).all()
    assert (np.isneginf(risk.intercepts) == (risk.incidence == 0)).all()
