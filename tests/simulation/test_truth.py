"""The truth that a simulated cohort carries is true."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from riskmodel.simulation import draw_cohort
from riskmodel.simulation.posterior import _normal_points
from riskmodel.simulation.risk import Risk
from riskmodel.simulation.settings import settings

PATIENTS = 4000
WORLDS = ("literature", "perturbed", "interaction", "shifted", "null", "contrary")


@pytest.fixture(scope="module")
def truth():
    return {world: draw_cohort(PATIENTS, 17, world).truth for world in WORLDS}


def log_loss(event, risk):
    return float(-np.mean(event * np.log(risk) + (1 - event) * np.log1p(-risk)))


@pytest.mark.parametrize("column", ["p_true", "p_baseline"])
@pytest.mark.parametrize("world", WORLDS)
def test_mean_risk_is_the_event_rate_within_binomial_error(truth, world, column):
    t = truth[world]
    error = np.sqrt(np.mean(t["p_true"] * (1 - t["p_true"])) / PATIENTS)
    assert abs(t["event"].mean() - t[column].mean()) < 3.5 * error + 0.003


@pytest.mark.parametrize("world", ["literature", "perturbed", "interaction", "shifted", "contrary"])
def test_baseline_risk_is_the_mean_true_risk_in_every_tenth(truth, world):
    t = truth[world]
    tenth = pd.qcut(t["p_baseline"], 10, labels=False)
    for _, part in t.groupby(tenth):
        error = part["p_true"].std() / np.sqrt(len(part))
        assert abs(part["p_true"].mean() - part["p_baseline"].mean()) < 4 * error + 0.001


def test_baseline_risk_is_calibrated_against_events_in_every_tenth(truth):
    t = pd.concat([truth["literature"], truth["contrary"]])
    tenth = pd.qcut(t["p_baseline"], 10, labels=False)
    for _, part in t.groupby(tenth):
        expected = part["p_baseline"].mean()
        error = np.sqrt(expected * (1 - expected) / len(part))
        assert abs(part["event"].mean() - expected) < 4 * error + 0.002


@pytest.mark.parametrize("world", ["literature", "perturbed", "interaction", "shifted", "contrary"])
def test_knowing_more_predicts_better(truth, world):
    t = truth[world]
    base = log_loss(t["event"], np.full(PATIENTS, t["event"].mean()))
    shown, known = (log_loss(t["event"], t[column]) for column in ("p_baseline", "p_true"))
    assert known < shown < 0.95 * base


def test_null_holds_no_signal(truth):
    assert np.ptp(truth["null"]["p_true"]) < 1e-12
    assert np.allclose(truth["null"]["p_baseline"], truth["null"]["p_true"])


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


def test_points_of_the_posterior_have_mean_zero_and_identity_covariance():
    points = _normal_points(256, 6)
    assert np.allclose(points.mean(axis=0), 0, atol=1e-12)
    assert np.allclose(points.T @ points / len(points), np.eye(6), atol=1e-9)
