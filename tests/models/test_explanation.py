"""Contributions in SHAP's own form, and what SHAP's own explainers do with a model."""

from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import shap

from riskmodel.errors import SchemaError
from riskmodel.features import load_catalogue
from riskmodel.models import RiskClassifier, load_model

SMALL = {"n_bags": 2, "n_repeats": 1, "n_rounds": 8, "random_state": 0}


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(4)
    names = load_catalogue().names[:8]
    X = pd.DataFrame(rng.normal(size=(240, 8)), columns=names).mask(rng.random((240, 8)) < 0.15)
    y = (rng.random(240) < 1 / (1 + np.exp(1.5 - X[names[0]].fillna(0)))).astype(int)
    return X, y


@pytest.fixture(scope="module")
def fitted(rows):
    return RiskClassifier.from_catalogue(**SMALL).fit(*rows)


@pytest.mark.parametrize("by", ["feature", "factor"])
def test_a_row_sums_to_its_log_odds(fitted, rows, by):
    X = rows[0]
    found = fitted.explanation(X, by)
    total = found.values.sum(axis=1) + found.base_values
    np.testing.assert_allclose(total, fitted.decision_function(X), atol=1e-9)
    assert found.shape == found.data.shape == (len(X), len(found.feature_names))


def test_values_stand_behind_features_and_not_behind_factors(fitted, rows):
    np.testing.assert_array_equal(fitted.explanation(rows[0]).data, rows[0].to_numpy())
    assert np.isnan(fitted.explanation(rows[0], "factor").data).all()


def test_another_grouping_is_refused(fitted, rows):
    with pytest.raises(SchemaError, match="Allowed: feature, factor"):
        fitted.explanation(rows[0], "organ")


@pytest.mark.filterwarnings("ignore")  # of shap and matplotlib on their own drawing
@pytest.mark.parametrize(
    ("plot", "by"),
    [
        *product(("bar", "beeswarm", "violin", "heatmap", "waterfall"), ("feature", "factor")),
        ("scatter", "feature"),  # a factor has no value to scatter over
    ],
)
def test_all_of_shaps_pictures_take_it(fitted, rows, plot, by):
    found = fitted.explanation(rows[0], by)
    given = {"waterfall": found[0], "scatter": found[:, 0]}.get(plot, found)
    getattr(shap.plots, plot)(given, show=False)
    assert plt.gcf().axes
    plt.close("all")


def test_shap_chooses_no_explainer_by_itself(fitted, rows):
    for masker in ((), (rows[0],)):
        with pytest.raises(TypeError, match=r"\.explanation\(X\)"):
            shap.Explainer(fitted, *masker)


def test_shap_on_the_log_odds_agrees_on_their_sum(fitted, rows):
    X = rows[0].fillna(0)
    found = shap.Explainer(fitted.decision_function, X, seed=1)(X[:3], silent=True)
    total = found.values.sum(axis=1) + found.base_values
    np.testing.assert_allclose(total, fitted.decision_function(X[:3]), atol=1e-6)


def test_a_model_tells_clinical_names(model_folders):
    model = load_model(model_folders["early"])
    found = model.explanation(pd.DataFrame({"ferritin_last_log10": [4.0, np.nan]}))
    labels = {f.name: f.label for f in load_catalogue()}
    assert found.feature_names == [labels[name] for name in model.features]
    assert found.data[0, model.features.index("ferritin_last_log10")] == 4
    total = found.values.sum(axis=1) + found.base_values
    np.testing.assert_allclose(
        total, model.classifier.decision_function(pd.DataFrame(found.data, columns=model.features))
    )


def test_a_models_short_form_is_short(model_folders):
    shown = repr(load_model(model_folders["early"]))
    assert shown.startswith("<RiskModel 'riskmodel-early'")
    assert "patients" in shown
    assert len(shown) < 250
