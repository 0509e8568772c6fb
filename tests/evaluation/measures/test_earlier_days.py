"""Figures of earlier days are those of the earlier risks against the labels of that day."""

import numpy as np

from riskmodel.cohort import read_cohort
from riskmodel.evaluation import labelled
from riskmodel.evaluation.measures.earlier_days import COLUMNS, earlier_figures
from riskmodel.features import load_catalogue
from riskmodel.models import Earlier
from riskmodel.training import load_design
from riskmodel.training.rows import training_rows

HOW = ("rules", "astct-2024", "worsening")
EARLIER = Earlier(days=(7, 10), horizon_days=14, shares=((0, 1, 0), (0, 1, 0)), centre=0)


def test_each_day_has_its_own_events_and_rows(simulated, tiny_design):
    cohort = read_cohort(simulated)
    catalogue = load_catalogue().select(["ferritin_last_log10"])
    rows = training_rows(cohort, catalogue, "early", "rules", load_design(tiny_design))
    value = np.nan_to_num(rows.X["ferritin_last_log10"].to_numpy(), nan=3.0)
    risk = 1 / (1 + np.exp(5 - value))
    table = earlier_figures(cohort, rows, risk, EARLIER, HOW, draws=0, seed=1)
    assert tuple(table) == COLUMNS
    assert list(table["before_day"].unique()) == [7, 10]
    for day, part in table.groupby("before_day"):
        outcome = labelled(cohort, *HOW, day).table["outcome"]
        asked = np.unique(rows.patient[rows.hours < 24 * day])
        assert part["events"].iloc[0] <= (outcome[asked] == "event").sum()


def test_a_prediction_time_past_the_day_counts_in_none(simulated, tiny_design):
    cohort = read_cohort(simulated)
    catalogue = load_catalogue().select(["ferritin_last_log10"])
    rows = training_rows(cohort, catalogue, "early", "rules", load_design(tiny_design))
    late = rows.take(rows.hours >= 168)
    table = earlier_figures(cohort, late, np.full(len(late.y), 0.1), EARLIER, HOW, draws=0, seed=1)
    assert (table.loc[table["before_day"] == 7, "rows"] == 0).all()
    assert (table.loc[table["before_day"] == 10, "rows"] <= (late.hours < 240).sum()).all()
