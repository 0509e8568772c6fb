"""Bounds and definitions: what is not known moves the figures, and is never silent."""

import numpy as np
import pytest

from riskmodel.cohort import read_cohort
from riskmodel.criteria import definition_names
from riskmodel.evaluation.measures.comparators import Contender
from riskmodel.evaluation.measures.sensitivity import bounds, by_definition
from riskmodel.features import load_catalogue
from riskmodel.training import load_design
from riskmodel.training.rows import training_rows


def test_the_bounds_count_the_unassessed_both_ways(make_rows):
    rows, one = make_rows(300, unknown=0.2, lost=0.0)
    unknown = len(np.unique(rows.patient[rows.outcome == "not_assessed"]))
    table = bounds(rows, one, draws=20, seed=1)
    each = table[table["metric"] == "expected_over_observed"].set_index("not_assessed")
    out, events, none = (each.loc[n] for n in ("left out", "all events", "all without event"))
    assert events["events"] == out["events"] + unknown
    assert none["events"] == out["events"]
    assert events["patients"] == none["patients"] == out["patients"] + unknown == 300
    assert events["value"] < out["value"] < none["value"]


def test_nobody_unassessed_means_one_figure(make_rows):
    rows, one = make_rows(200, landmarks=(24.0, 48.0))
    table = bounds(rows, one, draws=0, seed=1)
    values = table.pivot(index="metric", columns="not_assessed", values="value")
    assert values["left out"].to_list() == pytest.approx(values["all events"].to_list())


def test_every_definition_gets_its_row_and_its_own_gets_the_main_figure(simulated, tiny_design):
    cohort = read_cohort(simulated)
    catalogue = load_catalogue().select(["ferritin_last_log10"])
    rows = training_rows(cohort, catalogue, "early", "rules", load_design(tiny_design))
    value = np.nan_to_num(rows.X["ferritin_last_log10"].to_numpy(), nan=3.0)
    one = Contender.of_logit("riskmodel", value - 5, "")
    table = by_definition(
        cohort, rows, one, cytopenia_rule="worsening", horizon_days=14.0, draws=0, seed=1
    )
    assert set(table["definition"]) == {*definition_names(), "adjudicated"}
    own = table[(table["definition"] == "astct-2024") & (table["metric"] == "auroc")].iloc[0]
    assert own["events"] == rows.counts["events"]
    few = table[table["events"] < 10]
    assert few["value"].isna().all()
    assert few["note"].str.startswith("not estimable").all()
    assert table["events"].nunique() > 3
