"""All figures of an evaluation: who counts in each, and where there is none, why."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from riskmodel.evaluation.alarm_policy import load_policy
from riskmodel.evaluation.evaluation import Evaluation, performance, shown
from riskmodel.evaluation.measures.alarm_rules import policy_alarms, policy_lines
from riskmodel.evaluation.measures.comparators import Contender
from riskmodel.evaluation.measures.metrics import METRICS
from riskmodel.evaluation.row_subsets import Subset

HOW = {"draws": 20, "seed": 1}


def subset(kind, rows):
    return Subset(kind, kind, np.asarray(rows, dtype=bool))


def test_every_metric_of_every_contender_on_the_whole_and_the_days(make_rows):
    rows, one = make_rows(200, (48.0, 120.0))
    other = Contender.of_logit("other", -one.rank, "turned")
    wanted = [
        subset("all", np.ones(400)), subset("landmark", rows.hours == 48.0),
        subset("age", rows.patient < 150),
    ]  # fmt: skip
    table = performance(rows, [one, other], wanted, **HOW)
    kinds = table.groupby("model")["kind"].unique().map(set).to_dict()
    assert kinds == {"riskmodel": {"all", "landmark", "age"}, "other": {"all", "landmark"}}
    for _, part in table.groupby(["model", "kind"]):
        assert part["metric"].tolist() == list(METRICS)
        assert (part["low"] <= part["value"]).all()
        assert (part["value"] <= part["high"]).all()
    areas = table[(table["metric"] == "auroc") & (table["kind"] == "all")]["value"].tolist()
    assert areas[0] == pytest.approx(1 - areas[1])


def test_rows_without_a_risk_or_a_known_outcome_are_not_counted(make_rows):
    rows, one = make_rows(200, lost=0.3)
    rank = one.rank.copy()
    rank[:50] = np.nan
    part = Contender("part", one.risk, rank, "")
    table = performance(rows, [part], [subset("all", np.ones(200))], **HOW)
    counted = rows.known & ~np.isnan(rank)
    assert set(table["rows"]) == {counted.sum()}
    assert set(table["patients"]) == {counted.sum()}
    assert set(table["events"]) == {int(rows.y[counted].sum())}


def test_a_patient_of_many_rows_is_one_patient(make_rows):
    rows, one = make_rows(120, (24.0, 48.0, 72.0), lost=0.0)
    table = performance(rows, [one], [subset("all", np.ones(360))], **HOW)
    assert set(table["rows"]) == {360}
    assert set(table["patients"]) == {120}


def test_too_few_in_a_subset_give_a_reason_and_no_figure(make_rows):
    rows, one = make_rows(300, lost=0.0)
    few = np.zeros(300, dtype=bool)
    few[np.flatnonzero(rows.y == 1)[:3]] = True
    few[np.flatnonzero(rows.y == 0)[:40]] = True
    table = performance(rows, [one], [subset("all", np.ones(300)), subset("age", few)], **HOW)
    small = table[table["kind"] == "age"]
    assert small[["value", "low", "high"]].isna().all(axis=None)
    assert small["note"].str.startswith("not estimable: 3 patients with the event and 40").all()
    assert set(table[table["kind"] == "all"]["note"]) == {""}
    nobody = performance(rows, [one], [subset("age", np.zeros(300))], **HOW)
    assert nobody["value"].isna().all()
    assert set(nobody["patients"]) == {0}


def test_one_class_alone_has_no_figure_even_on_the_whole(make_rows):
    rows, one = make_rows(100, lost=0.0)
    never = performance(rows, [one], [subset("all", rows.y == 0)], **HOW)
    assert never["value"].isna().all()
    assert set(never["note"]) == {"not estimable: one class only"}


@given(st.floats(), st.floats(), st.floats())
def test_a_figure_is_shown_with_its_interval_or_with_none(value, low, high):
    text = shown(value, low, high)
    if np.isnan(value):
        assert text == "not estimable"
    else:
        assert text.startswith(f"{value:.3f}")
        assert ("(" in text) == (not np.isnan(low))


def test_the_lines_are_of_the_whole_alone(make_rows):
    rows, one = make_rows(200)
    wanted = [subset("all", np.ones(200)), subset("age", np.ones(200))]
    policy = policy_alarms(rows, one, load_policy(), **HOW)
    tables = {"figures": performance(rows, [one], wanted, **HOW), "alarm_policy": policy}
    found = Evaluation(tables, {})
    lines = found.lines()
    assert lines[0].startswith("riskmodel: ")
    assert sum("AUROC" in line or "auroc" in line for line in lines) == 1
    assert lines[5:] == policy_lines(policy)
    assert isinstance(found.figures, pd.DataFrame)
