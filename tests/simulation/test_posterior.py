"""The risk that the baseline shows: calibrated, and less than the truth."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from riskmodel.simulation import draw_cohort
from riskmodel.simulation.baseline import Shown
from riskmodel.simulation.posterior import _normal_points, baseline_labs, p_baseline

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
def test_knowing_more_predicts_better(truth, world):
    t = truth[world]
    base = log_loss(t["event"], np.full(PATIENTS, t["event"].mean()))
    shown, known = (log_loss(t["event"], t[column]) for column in ("p_baseline", "p_true"))
    assert known < shown < 0.95 * base


def test_points_of_the_posterior_have_mean_zero_and_identity_covariance():
    points = _normal_points(256, 6)
    assert np.allclose(points.mean(axis=0), 0, atol=1e-12)
    assert np.allclose(points.T @ points / len(points), np.eye(6), atol=1e-9)


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


def test_null_holds_no_signal(truth):
    assert np.ptp(truth["null"]["p_true"]) < 1e-12
    assert np.allclose(truth["null"]["p_baseline"], truth["null"]["p_true"])


def test_what_is_shown_narrows_the_factors_and_no_more(stages):
    """A patient of whom nothing is recorded has the mean risk of the product."""
    n, patients = len(stages.patients), stages.patients
    nothing = p_baseline(stages.risk, patients, Shown(tet2=np.full(n, np.nan)), [])
    for population in np.unique(patients.population):
        own = patients.population == population
        flags = np.unique(patients.selected[own])
        for selected in flags:
            assert np.ptp(nothing[own & (patients.selected == selected)]) < 1e-12
        expected = stages.risk.incidence[population] * stages.risk.before_horizon[population]
        if len(flags) == 1:
            assert nothing[own][0] == pytest.approx(expected, rel=0.04)  # 256 points


def test_exact_factors_give_the_true_risk(stages):
    """Every factor measured without noise: what is shown is all there is."""
    n, patients = len(stages.patients), stages.patients
    shown = Shown(tet2=patients.tet2)
    rows = np.arange(n)
    for k in range(patients.z.shape[1]):
        loading = np.eye(patients.z.shape[1])[k]
        shown.measures.append((rows, loading, patients.z[:, k], np.full(n, 1e-8)))
    found = p_baseline(stages.risk, patients, shown, [])
    np.testing.assert_allclose(found, patients.p_true, rtol=1e-3, atol=1e-9)


def test_labs_after_the_infusion_show_nothing_of_the_baseline(stages):
    n = len(stages.patients)
    found = baseline_labs(stages.settings, stages.draws, list(stages.results.values()), n)
    early = [
        replace(r, draw=r.draw[keep], value=r.value[keep], deviation=r.deviation[keep])
        for r in stages.results.values()
        for keep in [stages.draws.day[r.draw] <= 0]
    ]
    alone = baseline_labs(stages.settings, stages.draws, early, n)
    assert len(found) == len(alone) > 5
    for one, other in zip(found, alone, strict=True):
        for part, same in zip(one, other, strict=True):
            np.testing.assert_array_equal(part, same)
