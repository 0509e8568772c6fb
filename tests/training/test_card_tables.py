"""The tables of a model card: counts that cannot point at a person, and true coefficients."""

import re

import numpy as np
import pandas as pd
import pytest

from riskmodel.cohort import read_cohort
from riskmodel.evaluation import Evaluation
from riskmodel.models import load_model, model_catalogue
from riskmodel.training.card_tables import (
    FEWEST_TOLD,
    beside_ridge,
    net_benefit_table,
    participants_table,
    predictors_table,
)
from riskmodel.training.design import load_design
from riskmodel.training.rows import training_examples


@pytest.fixture(scope="module")
def early(simulated, model_folders, tiny_design):
    model = load_model(model_folders["early"])
    cohort, design = read_cohort(simulated), load_design(tiny_design)
    features = model_catalogue(model)
    rows = training_examples(cohort, "early", labels="rules", design=design)
    return model, cohort, rows, features


def test_participants_add_up_and_no_small_count_is_told(early):
    _, cohort, rows, _ = early
    table = participants_table(cohort, rows)
    with_event = len(np.unique(rows.patient[rows.y == 1]))
    assert f"with the event ({with_event})" in table
    assert f"without ({len(np.unique(rows.patient)) - with_event})" in table
    told = [int(n) for n in re.findall(r"\| (\d+) \(", table.split("age in years")[1])]
    counts = [n for n in told[1:] if n]
    assert min(counts) >= FEWEST_TOLD
    assert f"fewer than {FEWEST_TOLD}" in table


def test_a_coefficient_per_unit_moves_the_log_odds_by_that(early):
    model, _, rows, features = early
    classifier, X = model.classifier, rows.X
    table = predictors_table(classifier, features, X)
    assert table.count("\n") == len(features) + 1
    j = int(np.argmax(np.abs(classifier.linear_coef_)))
    line = table.splitlines()[2 + j]
    printed = float(line.split("|")[5])
    one = X.iloc[[0]].copy()
    name = features.names[j]
    one[name] = classifier.scale_.reference[j]
    more = one.copy()
    more[name] += 0.1 * classifier.scale_.spread[j]
    linear = [
        (classifier.scale_.standardise(row.to_numpy(float)) @ classifier.linear_coef_).item()
        for row in (one, more)
    ]
    moved = classifier.calibration_[1] * (linear[1] - linear[0])
    assert moved / (0.1 * classifier.scale_.spread[j]) == pytest.approx(printed, rel=0.01)


def test_the_missing_share_is_that_of_the_rows(early):
    model, _, rows, features = early
    table = predictors_table(model.classifier, features, rows.X)
    for feature, line in zip(features, table.splitlines()[2:], strict=True):
        share = float(line.split("|")[3].strip().rstrip("%")) / 100
        assert share == pytest.approx(rows.X[feature.name].isna().mean(), abs=0.0006)


def comparison(difference, low, high):
    table = pd.DataFrame(
        {
            "metric": ["log_loss"],
            "difference": [difference],
            "difference_low": [low],
            "difference_high": [high],
        }
    )
    return Evaluation({"beside_ridge": table}, {})


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.001, 0.003, "The model tells more"),
        (-0.001, 0.003, "do not differ beyond chance"),
        (-0.003, -0.001, "Ridge tells more"),
        (np.nan, np.nan, "not measured"),
    ],
)
def test_ridge_is_called_better_or_equal_where_it_is(low, high, words):
    assert words in beside_ridge(comparison((low + high) / 2, low, high))


def test_net_benefit_is_per_hundred_at_the_risks_of_the_groups():
    rows = [("riskmodel", 0.05, 0.0123, 0.01, 0.02), ("treat all", 0.05, -0.004, -0.01, 0.0)]
    decision = pd.DataFrame(rows, columns=["model", "threshold", "net_benefit", "low", "high"])
    table = net_benefit_table(Evaluation({"decision": decision}, {}), (0.05,))
    assert "| riskmodel | 1.230 (1.000 to 2.000) |" in table
    assert "| treat all | -0.400 (-1.000 to 0.000) |" in table
