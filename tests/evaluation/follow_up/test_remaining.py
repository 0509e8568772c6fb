"""The chance of an onset in unwatched time: learnt from watched days, never above what is known."""

from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from riskmodel.cohort import read_cohort
from riskmodel.evaluation import labelled
from riskmodel.evaluation.follow_up.history import AGO, CLOCK, ago, history
from riskmodel.evaluation.follow_up.remaining import Hazard, fit_hazard, remaining_chance


@pytest.fixture(scope="module")
def world(simulated):
    cohort = read_cohort(simulated)
    labels = labelled(cohort, "rules", "astct-2024", "worsening", 14)
    return cohort, labels, fit_hazard(cohort, labels.watch, labels.table, labels.horizon)


def test_where_draws_follow_an_onset_a_long_gap_speaks_against_it(world):
    cohort, labels, hazard = world
    at_risk = np.flatnonzero(~(labels.table["onset_hours"] <= 168).to_numpy())
    X = history(cohort, labels.watch, at_risk, np.full(len(at_risk), 168.0))
    longer = X.copy()
    longer[:, AGO] = ago(np.full(len(X), 6.0))
    day = np.full(len(X), 168.0)
    assert (hazard.remaining(longer, day, 192.0) < hazard.remaining(X, day, 192.0)).mean() > 0.9


def test_the_days_that_were_watched_hold_the_onsets_that_were_seen(world):
    cohort, labels, hazard = world
    onset = labels.table["onset_hours"].to_numpy()
    expected = 0.0
    for day in range(14):
        who = np.flatnonzero(~(onset <= 24 * day))
        last = labels.watch.last(who, np.full(len(who), 24.0 * day + 24))[1]
        who = who[last >= 24 * day]
        start = np.full(len(who), 24.0 * day)
        chance = remaining_chance(cohort, labels.watch, hazard, who, start, 24.0 * day + 24)
        expected += chance.sum()
    assert expected == pytest.approx((onset < 336).sum(), rel=0.25)


def test_less_time_is_less_chance_and_none_is_none(world):
    cohort, labels, hazard = world
    who = np.array([0, 1, 2])
    start = np.full(3, 48.0)
    chances = [
        remaining_chance(cohort, labels.watch, hazard, who, start, horizon)
        for horizon in (48.0, 60.0, 96.0, 336.0)
    ]
    assert chances[0].tolist() == [0, 0, 0]
    assert all((a < b).all() for a, b in pairwise(chances))


def test_without_any_onset_the_chance_is_nothing(world):
    cohort, labels, _ = world
    none = labels.table.assign(onset_hours=np.nan)
    hazard = fit_hazard(cohort, labels.watch, none, labels.horizon)
    assert hazard.model is None
    columns = np.zeros((2, 1))
    assert hazard.remaining(columns, np.zeros(2), 336.0).tolist() == [0, 0]


def test_a_constant_hazard_adds_up_over_the_days():
    model = SimpleNamespace(predict_log_proba=lambda X: np.full((len(X), 2), np.log(0.9)))
    columns = max(CLOCK.stop, AGO.stop)
    hazard = Hazard(model, np.zeros(columns), np.ones(columns))
    found = hazard.remaining(np.zeros((3, columns)), np.array([0.0, 12.0, 60.0]), 72.0)
    assert found == pytest.approx(1 - 0.9 ** np.array([3, 2.5, 0.5]))


def test_later_records_change_nothing_that_is_known(world):
    cohort, labels, _ = world
    who, when = np.arange(20), np.full(20, 100.0)
    before = history(cohort, labels.watch, who, when)
    later = cohort.labs["hours"].to_numpy() > 100
    changed = cohort.labs.assign(value=np.where(later, 7.0, cohort.labs["value"]))
    assert np.array_equal(before, history(replace(cohort, labs=changed), labels.watch, who, when))
    assert pd.notna(before).all()
