"""Censoring weights against their definition."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort import Cohort, read_cohort
from riskmodel.evaluation import at_risk_rows, labelled
from riskmodel.evaluation.follow_up.censoring import (
    LARGEST_WEIGHT,
    censoring_weights,
    still_followed,
)
from riskmodel.features import load_catalogue
from riskmodel.simulation import simulate


def test_without_censoring_every_weight_is_one():
    hours = np.array([10.0, 20.0, 336.0])
    none = np.zeros(3, dtype=bool)
    assert censoring_weights(hours, none, 0.0, ~none).tolist() == [1, 1, 1]


def test_weights_replace_those_who_were_lost():
    hours = np.array([5.0, 336.0, 336.0, 336.0])
    lost = np.array([True, False, False, False])
    weight = censoring_weights(hours, lost, 0.0, ~lost)
    assert weight.tolist() == pytest.approx([0, 4 / 3, 4 / 3, 4 / 3])
    assert weight.sum() == pytest.approx(4)


def test_an_event_before_the_loss_keeps_its_own_weight():
    hours = np.array([3.0, 5.0, 336.0])
    lost = np.array([False, True, False])
    assert censoring_weights(hours, lost, 0.0, ~lost).tolist() == pytest.approx([1, 0, 2])


@given(
    st.lists(st.tuples(st.floats(0, 336), st.booleans()), min_size=2, max_size=40),
    st.floats(0, 400),
)
def test_the_curve_falls_from_one(rows, at):
    hours = np.array([r[0] for r in rows])
    lost = np.array([r[1] for r in rows])
    steps = still_followed(hours, lost, np.sort(np.array([0.0, at, 400.0])))
    assert steps[0] == 1
    assert (np.diff(steps) <= 0).all()
    assert censoring_weights(hours, lost, 0.0, ~lost).max() <= LARGEST_WEIGHT


@pytest.fixture(scope="module")
def ward(tmp_path_factory) -> Cohort:
    """A world of 1,500 patients with daily draws."""
    folder = tmp_path_factory.mktemp("ward") / "cohort"
    simulate(folder, patients=1_500, seed=101, file_format="parquet")
    return read_cohort(folder)


def _outpatient(cohort: Cohort) -> Cohort:
    """From day 10 on only the draws of outpatients' visits."""
    day = np.floor(cohort.labs["hours"].to_numpy() / 24)
    return replace(cohort, labs=cohort.labs[(day < 10) | np.isin(day, (10, 14, 17, 21, 24, 28))])


def _severity(cohort: Cohort) -> Cohort:
    """From day 6 on a day's draws are kept the likelier the higher the ferritin before."""
    labs = cohort.labs
    patient, day = labs["patient"].to_numpy(), np.floor(labs["hours"].to_numpy() / 24).astype(int)
    level = np.full((len(cohort), 90), np.nan)
    ferritin = (labs["analyte"] == "ferritin").to_numpy() & (day >= -9)
    order = np.argsort(labs["hours"].to_numpy()[ferritin], kind="stable")
    value = labs["value"].to_numpy()[ferritin][order]
    level[patient[ferritin][order], day[ferritin][order] + 10] = value
    level = pd.DataFrame(level).ffill(axis=1).fillna(500.0).to_numpy()
    share = np.clip(0.3 + 0.22 * np.log2(np.maximum(level, 1) / 1_500), 0.25, 0.97)
    drawn = np.random.default_rng(7).random(level.shape) < share
    kept = (day < 6) | drawn[patient, np.clip(day + 9, 0, 89)]
    return replace(cohort, labs=labs[kept])


def _rate(cohort: Cohort, days: float) -> tuple[float, dict[str, float]]:
    """Share of onsets before a day by the weights, and how well the cohort was watched."""
    features = load_catalogue().stage("pre_infusion").select(["age_years"])
    signs = ("astct-2024", "worsening")
    rows = at_risk_rows(cohort, features, labelled(cohort, "rules", *signs, days), [0.0], signs)
    return float(np.average(rows.y, weights=rows.weight)), dict(rows.watched)


@pytest.mark.parametrize("days", [14.0, 21.0, 30.0])
@pytest.mark.parametrize("thin", [_outpatient, _severity])
def test_thinned_draws_leave_the_event_rate(ward: Cohort, thin, days: float):
    truth, well = _rate(ward, days)
    found, less = _rate(thin(ward), days)
    assert found == pytest.approx(truth, rel=0.15)
    assert less["unseen_share"] > well["unseen_share"]
    assert less["effective_patients"] > 0.8 * len(ward)


def test_what_was_thrown_away_before_was_no_event_rate(ward: Cohort):
    table = labelled(_outpatient(ward), "rules", "astct-2024", "worsening", 14).table
    assessed = table[table["outcome"] != "not_assessed"]
    truth = _rate(ward, 14)[0]
    assert truth < 0.08
    assert (assessed["outcome"] == "event").mean() > 2.5 * truth


def test_deaths_nearly_met_are_counted_apart(ward: Cohort):
    found = _rate(ward, 14)[1]
    assert 0 < found["deaths_nearly_met"] <= found["deaths"]
