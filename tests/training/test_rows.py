"""Rows of a design: what the model sees of them, and what it is compared with."""

from dataclasses import replace

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

from riskmodel.cohort import read_cohort
from riskmodel.errors import SchemaError
from riskmodel.evaluation import MODEL
from riskmodel.features import load_catalogue
from riskmodel.models import RiskClassifier, load_model
from riskmodel.training.design import ABLATED
from riskmodel.training.rows import gathered, training_examples
from riskmodel.training.update import Recalibration


@pytest.fixture(scope="module")
def cohort(simulated):
    return read_cohort(simulated)


def test_the_model_comes_first_and_sees_its_own_features_alone(gathered_rows):
    found = gathered_rows
    assert next(iter(found.models)) == MODEL
    assert list(found.models[MODEL].columns) == found.features.names
    assert list(found.examples.X.columns) == found.features.names
    for maker in found.models.values():
        assert set(maker.columns) <= set(found.rows.X.columns)
    assert isinstance(found.models[MODEL].make(), RiskClassifier)


def test_rows_of_every_outcome_are_validated_and_known_ones_are_fitted(cohort, plan):
    """Of those lost on day 4 nobody can say that they stay free of it."""
    few = cohort.events["patient"] < 40
    end = few & (cohort.events["event"] == "last_follow_up")
    events = cohort.events[~few | end].assign(
        hours=lambda rows: rows["hours"].where(rows["patient"] >= 40, 96.0)
    )
    humans = plan.model_copy(update={"labels": "adjudicated"})
    found = gathered(replace(cohort, events=events), "pre_infusion", humans, None, None)
    rows, examples = found.rows, found.examples
    assert len(examples.y) == rows.known.sum() < len(rows.y)
    np.testing.assert_array_equal(examples.patient, rows.patient[rows.known])
    assert (rows.weight[~rows.known] == 0).all()
    assert found.events == len(np.unique(examples.patient[examples.y == 1]))


def test_what_no_row_has_is_left_out_and_named(cohort, plan):
    patients = cohort.patients.assign(marrow_t_nk_ratio=np.nan)
    found = gathered(replace(cohort, patients=patients), "pre_infusion", plan, None, None)
    assert "marrow_t_nk_ratio_log10" in found.unseen
    assert not set(found.unseen) & set(found.features.names)
    assert found.examples.X[found.features.names].notna().any().all()


def test_the_fit_of_ones_own_gets_the_rows_of_the_run(cohort, gathered_rows, tiny_design):
    """`training_examples` keeps the columns that no row has: any estimator may be given them."""
    own = training_examples(cohort, "pre-infusion", design=tiny_design)
    shown = gathered_rows.examples
    assert_frame_equal(own.X[shown.X.columns], shown.X, check_exact=True)
    np.testing.assert_array_equal(own.y, shown.y)
    np.testing.assert_array_equal(own.weight, shown.weight)
    assert set(own.X.columns) - set(shown.X.columns) == set(gathered_rows.unseen)


def test_the_design_chooses_comparators_and_the_ablation(cohort, plan):
    few = plan.model_copy(update={"comparators": ("ferritin alone",)})
    found = gathered(cohort, "pre_infusion", few, None, None)
    assert list(found.models) == [MODEL, "ferritin alone"]
    check = plan.validation.model_copy(update={"ablation": True})
    with_signs = plan.model_copy(update={"comparators": (), "validation": check, "stage": "early"})
    early = gathered(cohort, "early", with_signs, None, None)
    assert list(early.models) == [MODEL, ABLATED]
    assert set(early.models[ABLATED].columns) < set(early.models[MODEL].columns)


def test_an_update_stands_on_the_features_of_the_old_model_and_beside_it(
    cohort, plan, model_folders
):
    old = load_model(model_folders["pre_infusion"])
    found = gathered(cohort, "pre_infusion", plan, None, old)
    assert found.features.names == old.features
    assert found.unseen == []
    assert found.models["the model before its update"].make().fit(None, None) is old.classifier
    made = found.models[MODEL].make()
    assert isinstance(made, Recalibration | RiskClassifier)


def test_evidence_that_no_feature_cites_is_no_choice(cohort, plan):
    wrong = plan.model_copy(update={"exclude_sources": ("Nobody 1999",)})
    with pytest.raises(SchemaError, match="Nobody 1999"):
        gathered(cohort, "pre_infusion", wrong, None, None)


def test_a_catalogue_of_ones_own_is_used(cohort, tiny_design):
    chosen = load_catalogue().stage("pre_infusion").select(["age_years", "prior_lines"])
    rows = training_examples(cohort, "pre-infusion", design=tiny_design, catalogue=chosen)
    assert list(rows.X.columns) == chosen.names
