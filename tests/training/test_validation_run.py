"""Held-out risks of every model, by the scheme of the design."""

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

from riskmodel.cohort import read_cohort
from riskmodel.evaluation import MODEL, Maker, makers, out_of_fold, rounds
from riskmodel.training.validation_run import main_figures, validated


@pytest.fixture(scope="module")
def cohort(simulated):
    return read_cohort(simulated)


@pytest.fixture(scope="module")
def models(gathered_rows):
    """Quick ones: a ridge logistic in the model's place, and ferritin."""
    found = gathered_rows.models
    return {MODEL: found["ridge logistic"], "ferritin alone": found["ferritin alone"]}


@pytest.fixture(scope="module")
def found(cohort, gathered_rows, models, plan):
    return validated(cohort, gathered_rows.rows, models, plan)


def test_every_model_is_judged_on_the_same_held_out_rows(found, gathered_rows):
    evaluation, signal, _ = found
    whole = evaluation.figures.query("kind == 'all' and metric == 'auroc'")
    assert whole["model"].tolist() == [MODEL, "ferritin alone"]
    assert whole["patients"].nunique() == 1
    assert whole["patients"].iloc[0] == len(np.unique(gathered_rows.examples.patient))
    assert signal is not None
    assert evaluation.about["signal"] == signal.sentence()


def test_the_figures_are_of_risks_that_no_fit_saw(found, cohort, gathered_rows, models, plan):
    """Fitted on all rows the same model looks better: what is reported is not that."""
    evaluation, _, log_odds = found
    rows = gathered_rows.rows
    held = out_of_fold(rows, models, rounds(cohort, rows, plan.validation))[MODEL]
    np.testing.assert_array_equal(log_odds, held)
    maker = models[MODEL]
    seen = maker.log_odds(maker.fitted(rows, np.arange(len(rows.y))), rows, np.arange(len(rows.y)))
    known = rows.known

    def concordance(score):
        case, other = score[known & (rows.y == 1)], score[known & (rows.y == 0)]
        return np.mean(case[:, None] > other) + 0.5 * np.mean(case[:, None] == other)

    table = evaluation.figures.query(f"kind == 'all' and metric == 'auroc' and model == '{MODEL}'")
    assert table["value"].iloc[0] == pytest.approx(concordance(held), abs=0.02)
    assert concordance(seen) > concordance(held) + 0.05


def test_folds_are_those_of_the_scheme(found):
    evaluation, *_ = found
    folds = evaluation.tables["folds"]
    assert folds[["round", "fold"]].drop_duplicates().to_numpy().tolist() == [[1, 1], [1, 2]]
    assert len(folds["metric"].unique()) > 3
    assert "2-fold" in evaluation.about["how"]


def test_the_same_design_gives_the_same_figures(found, cohort, gathered_rows, models, plan):
    again, *_ = validated(cohort, gathered_rows.rows, models, plan)
    assert_frame_equal(again.figures, found[0].figures, check_exact=True)


def test_optimism_stands_beside_the_figures_of_the_bootstrap_alone(
    found, cohort, gathered_rows, models, plan
):
    assert "optimism" not in found[0].tables
    check = plan.validation.model_copy(update={"scheme": "bootstrap", "fits": 10})
    few = plan.model_copy(update={"validation": check})
    evaluation, *_ = validated(cohort, gathered_rows.rows, models, few)
    assert set(evaluation.tables["optimism"]["metric"]) >= {"auroc", "brier"}
    assert evaluation.figures["model"].unique().tolist() == [MODEL, "ferritin alone"]


def test_the_main_figures_are_the_whole_and_the_model_by_time(found):
    table = main_figures(found[0])
    kinds = table.groupby("kind")["model"].unique()
    assert set(kinds.index) <= {"all", "landmark", "lead"}
    assert set(kinds["all"]) == {MODEL, "ferritin alone"}
    assert all(list(kinds[kind]) == [MODEL] for kind in kinds.index if kind != "all")
    assert len(found[0].figures) > len(table)


def test_a_score_that_no_row_has_is_no_comparator(gathered_rows):
    X = gathered_rows.rows.X.assign(nothing=np.nan)
    found = makers(X, {"nothing": "nothing", "age": "age_years"}, ["age_years"], ())
    assert list(found) == ["age"]
    assert isinstance(found["age"], Maker)
