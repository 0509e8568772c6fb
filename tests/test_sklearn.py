"""What scikit-learn's users do: pipelines, cross-validation and searches over a cohort."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn import config_context
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import make_pipeline

from riskmodel import FeatureBuilder, RiskClassifier, read_cohort, training_examples
from riskmodel.features import load_catalogue
from riskmodel.models import priors

FAST = {"n_bags": 2, "n_repeats": 1, "n_rounds": 8}
FOLDS = StratifiedKFold(3, shuffle=True, random_state=0)


@pytest.fixture(scope="module")
def known(simulated: Path):
    """The patients whose outcome is known, and the outcome."""
    cohort = read_cohort(simulated)
    rows = training_examples(cohort, "pre-infusion")
    return cohort.take(rows.patient), rows.y


@pytest.fixture
def pipeline():
    return make_pipeline(FeatureBuilder(), RiskClassifier.from_catalogue(**FAST))


def test_the_obvious_call_has_the_evidence(pipeline, known):
    fitted = pipeline.fit(*known)[-1]
    assert any("evidence" in name for name in fitted.weights_.index)
    given = priors(load_catalogue())
    assert {key: getattr(fitted, key) for key in given} == given
    assert set(fitted.names_) < set(given["groups"])


def test_a_cohort_is_cross_validated_as_its_features_are(pipeline, known):
    cohort, y = known
    whole = cross_val_score(pipeline, cohort, y, cv=FOLDS, scoring="roc_auc")
    built = FeatureBuilder().fit_transform(cohort)
    np.testing.assert_array_equal(
        whole, cross_val_score(pipeline[-1], built, y, cv=FOLDS, scoring="roc_auc")
    )
    out = cross_val_predict(pipeline, cohort, y, cv=FOLDS, method="predict_proba")
    assert out.shape == (len(cohort), 2)
    np.testing.assert_allclose(out.sum(axis=1), 1)


def test_a_search_over_a_cohort_finds_a_parameter(pipeline, known):
    grid = {
        "riskclassifier__n_rounds": [2, 8],
        "featurebuilder__prediction_time": ["pre-infusion", "day-3"],
    }
    found = GridSearchCV(pipeline, grid, cv=FOLDS, scoring="neg_log_loss").fit(*known)
    assert np.isfinite(found.cv_results_["mean_test_score"]).all()
    assert len(found.predict(known[0][:4])) == 4


@pytest.mark.filterwarnings("ignore::riskmodel.models.estimator.FewEventsWarning")
def test_weights_and_patients_are_routed(simulated):
    rows = training_examples(read_cohort(simulated), "early", design="quick")
    with config_context(enable_metadata_routing=True):
        model = RiskClassifier.from_catalogue(**FAST)
        model = model.set_fit_request(sample_weight=True, patient=True)
        model = model.set_score_request(sample_weight=True)
        found = cross_validate(
            model,
            rows.X,
            rows.y,
            cv=GroupKFold(3),
            params={"sample_weight": rows.weight, "patient": rows.patient, "groups": rows.patient},
            return_estimator=True,
        )
    folds = GroupKFold(3).split(rows.X, rows.y, rows.patient)
    for fitted, (train, _) in zip(found["estimator"], folds, strict=True):
        by_hand = RiskClassifier.from_catalogue(**FAST).fit(
            rows.X.iloc[train], rows.y[train], rows.weight[train], rows.patient[train]
        )
        np.testing.assert_array_equal(
            fitted.decision_function(rows.X), by_hand.decision_function(rows.X)
        )
        assert fitted.n_patients_ < len(train)


def test_features_come_as_polars_where_that_is_asked(known):
    builder = FeatureBuilder().set_output(transform="polars")
    found = builder.fit_transform(known[0])
    assert isinstance(found, pl.DataFrame)
    assert found.columns == builder.get_feature_names_out().tolist()
