"""What a run leaves beside its figures: of the rows as they were, and of no patient."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from riskmodel.evaluation import Examples
from riskmodel.evaluation.splits import Split
from riskmodel.models import load_model
from riskmodel.training.record import (
    fingerprint,
    fold_figures,
    mean_contributions,
    stored_calibration,
)


@pytest.fixture(scope="module")
def rows():
    """Sixty patients, one row each."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=60), "b": rng.normal(size=60)})
    y = (np.arange(60) % 5 == 0).astype(np.int8)
    outcome = np.where(y == 1, "event", "no_event").astype(object)
    empty = np.full(60, np.nan)
    return Examples(X, y, np.ones(60), np.arange(60), np.zeros(60), empty, outcome, empty, {})


def halves(n):
    half = np.arange(n) < n // 2
    return [
        [
            Split(np.flatnonzero(~half), np.flatnonzero(half)),
            Split(np.flatnonzero(half), np.flatnonzero(~half)),
        ]
    ]


def test_figures_of_a_fold_are_of_its_held_out_rows(rows):
    log_odds = rows.X["a"].to_numpy()
    table = fold_figures(rows, log_odds, halves(60))
    assert set(table["round"]) == {1}
    for number, part in (("1", slice(0, 30)), ("2", slice(30, 60))):
        own = table[table["fold"] == int(number)].set_index("metric")
        expected = roc_auc_score(rows.y[part], log_odds[part])
        assert own.loc["auroc", "value"] == pytest.approx(expected)
        assert own["patients"].unique().tolist() == [30]
        assert own["events"].unique().tolist() == [int(rows.y[part].sum())]


def test_a_fold_of_one_class_has_no_figure(rows):
    alone = replace(rows, y=np.where(np.arange(60) < 30, 0, rows.y).astype(np.int8))
    table = fold_figures(alone, rows.X["a"].to_numpy(), halves(60))
    first = table[table["fold"] == 1].set_index("metric")
    assert np.isnan(first.loc["auroc", "value"])
    assert first["events"].unique().tolist() == [0]


def test_what_was_not_held_out_counts_in_no_fold(rows):
    log_odds = rows.X["a"].to_numpy().copy()
    log_odds[:10] = np.nan
    table = fold_figures(rows, log_odds, halves(60))
    assert table.groupby("fold")["patients"].first().tolist() == [20, 30]


def test_mean_contributions_are_those_of_every_row(trained, gathered_rows):
    classifier, X = trained.model.classifier, gathered_rows.examples.X
    found = mean_contributions(classifier, X)
    parts = classifier.factor_contributions(X)
    assert set(found["factor"]) == set(parts.columns) - {"base"}
    sizes = found["mean_absolute_contribution"]
    assert sizes.is_monotonic_decreasing
    for factor, size in zip(found["factor"], sizes, strict=True):
        assert size == pytest.approx(parts[factor].abs().mean())


def test_the_model_keeps_its_calibration_as_numbers(model_folders):
    for stage, subsets in (("pre_infusion", ["all"]), ("early", ["all", "day 2", "day 5"])):
        held = load_model(model_folders[stage]).card.as_dict()["calibration"]
        assert [entry["subset"] for entry in held] == subsets
        for entry in held:
            predicted = [point["predicted"] for point in entry["curve"]]
            assert predicted == sorted(predicted)
            for point in (*entry["curve"], *entry["groups"]):
                assert 0 <= point["low"] <= point["observed"] + 1e-4
                assert point["observed"] - 1e-4 <= point["high"] <= 1
            assert min(point["rows"] for point in entry["groups"]) >= 10


def test_the_stored_calibration_is_that_of_the_evaluation(trained):
    found = stored_calibration(trained.evaluation)
    assert json.loads(json.dumps(found)) == found
    curve = trained.evaluation.tables["calibration"]
    assert [point["predicted"] for point in found[0]["curve"]] == pytest.approx(
        curve["predicted"].to_numpy()[::2], abs=1e-5
    )
    assert sum(group["rows"] for group in found[0]["groups"]) >= found[0]["patients"]


def test_nothing_to_draw_is_nothing_stored(trained):
    tables = {**trained.evaluation.tables}
    tables["calibration"] = tables["calibration"].iloc[:0]
    assert stored_calibration(replace(trained.evaluation, tables=tables)) == []


def test_a_fingerprint_tells_any_change_of_the_rows_and_nothing_else(rows):
    first = fingerprint(rows)
    assert fingerprint(rows) == first
    assert len(first) == 64
    changed = [
        replace(rows, X=rows.X.assign(a=rows.X["a"].where(rows.X.index != 7, 1e-9))),
        replace(rows, X=rows.X.rename(columns={"a": "c"})),
        replace(rows, y=1 - rows.y),
        replace(rows, weight=rows.weight * 2),
        replace(rows, hours=rows.hours + 24),
        rows.take(np.arange(59)),
    ]
    assert len({first, *map(fingerprint, changed)}) == 1 + len(changed)
    # Codes of patients are not rows: another order of identifiers is the same training.
    assert fingerprint(replace(rows, patient=rows.patient[::-1])) == first
