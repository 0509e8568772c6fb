"""The scikit-learn door: what the estimator contract asks of it, and what it builds."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sklearn.base import clone
from sklearn.exceptions import SkipTestWarning
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks

import riskmodel
from riskmodel.cohort import read_cohort, write_cohort
from riskmodel.errors import SchemaError
from riskmodel.features import FeatureBuilder, Records, load_catalogue, matrix
from riskmodel.models import RiskClassifier
from riskmodel.training import simulate

WITHOUT_ARRAYS = [
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_get_params_invariance",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_set_params",
    "check_valid_tag_types",
]
"""scikit-learn's checks that hand over no array: a cohort is not one, so the others cannot run."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("cohort")
    simulate(path, patients=60, seed=11)
    return path


@pytest.fixture(scope="module")
def cohort(folder):
    return read_cohort(folder)


@pytest.mark.filterwarnings(f"ignore::{SkipTestWarning.__module__}.{SkipTestWarning.__name__}")
def test_check_estimator_finds_nothing_that_fails():
    """Input that is no array is a documented limit: scikit-learn itself leaves those checks out."""
    results = estimator_checks.check_estimator(FeatureBuilder(), on_fail=None, on_skip=None)
    assert [r["check_name"] for r in results if r["status"] == "failed"] == []


@pytest.mark.parametrize("name", WITHOUT_ARRAYS)
def test_the_checks_without_arrays_pass(name):
    getattr(estimator_checks, name)("FeatureBuilder", FeatureBuilder())


@pytest.mark.parametrize("at", ["pre-infusion", "day-1", "day-7"])
def test_it_builds_the_matrix(cohort, at):
    builder = FeatureBuilder(prediction_time=at)
    built = builder.fit_transform(cohort)
    hours = 0.0 if at == "pre-infusion" else 24.0 * int(at.removeprefix("day-"))
    catalogue = load_catalogue().stage("early" if hours else "pre_infusion").for_model()
    expected = matrix(cohort, catalogue, hours)
    assert built.columns.tolist() == builder.get_feature_names_out().tolist() == catalogue.names
    assert built.index.tolist() == expected["patient_id"].tolist()
    assert_frame_equal(built.reset_index(drop=True), expected[catalogue.names], check_exact=True)


def test_a_folder_is_read_as_its_cohort(cohort, folder):
    assert_frame_equal(FeatureBuilder().transform(str(folder)), FeatureBuilder().transform(cohort))
    assert_frame_equal(FeatureBuilder().transform(folder), FeatureBuilder().transform(cohort))


def test_a_catalogue_gives_all_its_features_of_the_stage(cohort, tmp_path):
    whole = load_catalogue()
    built = FeatureBuilder("day-3", catalogue=whole).transform(cohort)
    assert built.columns.tolist() == whole.names
    few = whole.select(["hscore", "age_years"])
    assert FeatureBuilder(catalogue=few).get_feature_names_out().tolist() == ["age_years"]
    assert FeatureBuilder("day-3", catalogue=few).transform(cohort).columns.tolist() == few.names
    file = tmp_path / "mine.toml"
    file.write_text(whole.text.split('[[feature]]\nname = "extramedullary')[0], encoding="utf-8")
    assert FeatureBuilder(catalogue=file).get_feature_names_out().tolist() == ["tumor_burden"]


def test_the_definition_of_the_signs_is_a_parameter(cohort):
    of = load_catalogue().select(["cytopenia_signs_met", "signs_still_needed"])
    any_rule = FeatureBuilder("day-5", of, cytopenia_rule="any").transform(cohort)
    strict = FeatureBuilder("day-5", of, cytopenia_rule="recovery").transform(cohort)
    assert (any_rule["cytopenia_signs_met"] > strict["cytopenia_signs_met"]).any()
    expected = matrix(Records(cohort, "astct-2024", "any"), of, 120.0)
    assert any_rule["signs_still_needed"].tolist() == expected["signs_still_needed"].tolist()


def test_later_records_change_nothing(cohort):
    builder = FeatureBuilder("day-3")
    assert_frame_equal(builder.transform(cohort.until(72.0)), builder.transform(cohort))


def test_set_output_and_clone(cohort):
    builder = FeatureBuilder("day-3", catalogue=load_catalogue(), cytopenia_rule="any")
    copied = clone(builder).set_output(transform="pandas")
    assert copied.get_params()["prediction_time"] == "day-3"
    assert_frame_equal(copied.fit(cohort).transform(cohort), builder.transform(cohort))


def test_it_works_before_the_classifier_in_a_pipeline(cohort):
    y = (np.arange(len(cohort)) % 4 == 0).astype(int)
    light = {"n_bags": 1, "n_repeats": 1, "n_folds": 2, "random_state": 3}
    pipeline = make_pipeline(FeatureBuilder("day-3"), RiskClassifier(**light)).fit(cohort, y)
    X = FeatureBuilder("day-3").transform(cohort)
    alone = RiskClassifier(**light).fit(X, y)
    np.testing.assert_array_equal(pipeline.predict_proba(cohort), alone.predict_proba(X))
    assert pipeline[:-1].get_feature_names_out().tolist() == X.columns.tolist()
    some = cohort.take(np.array([5, 2]))
    np.testing.assert_allclose(
        pipeline.predict_proba(some), alone.predict_proba(X.iloc[[5, 2]]), rtol=1e-12
    )
    assert clone(pipeline).get_params()["featurebuilder__prediction_time"] == "day-3"


@pytest.mark.parametrize("wrong", [np.zeros((3, 2)), pd.DataFrame({"a": [1]}), None, 3])
def test_anything_but_a_cohort_is_refused_with_the_way_out(wrong):
    with pytest.raises(SchemaError, match="takes a Cohort or the folder of one"):
        FeatureBuilder().fit(wrong)


def test_wrong_parameters_are_refused_by_fit_and_not_before(cohort):
    builder = FeatureBuilder(prediction_time="day-99", catalogue="nowhere.toml")
    with pytest.raises(SchemaError, match="Allowed: pre-infusion, day-1 to day-29"):
        builder.fit(cohort)
    with pytest.raises(SchemaError, match="catalogue cannot be read"):
        builder.set_params(prediction_time="day-1").fit(cohort)


def test_it_is_public_and_loaded_when_asked_for(cohort, tmp_path):
    assert riskmodel.FeatureBuilder is FeatureBuilder
    code = "import sys, riskmodel.features; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    write_cohort(cohort, tmp_path / "again")
    assert_frame_equal(
        FeatureBuilder().transform(tmp_path / "again"), FeatureBuilder().transform(cohort)
    )
