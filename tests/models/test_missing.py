"""How far what is missing could move a risk, and the test to ask for."""

import numpy as np
import pandas as pd
import pytest

from riskmodel.models import RiskModel, missing_range, training_ranges
from riskmodel.models.missing import tests_of as sources_of


@pytest.fixture(scope="module")
def model(fitted, world):
    return RiskModel(
        classifier=fitted,
        name="m",
        version="1",
        stage="pre_infusion",
        definition="astct-2024",
        labels="rules",
        horizon_days=14.0,
        ranges=training_ranges(world.X),
    )


def test_nothing_missing_leaves_nothing_to_move(model, world):
    X = world.X.dropna().iloc[:5]
    found = missing_range(model, X)
    risk = model.classifier.predict_proba(X)[:, 1]
    np.testing.assert_allclose(found["risk_if_low"], risk)
    np.testing.assert_allclose(found["risk_if_high"], risk)
    assert (found["n_missing"] == 0).all()
    assert (found["most_useful_feature"] == "").all()
    assert (found["narrowing"] == 0).all()
    assert found.index.equals(X.index)


def test_the_range_holds_the_risk_and_grows_with_what_is_missing(model, world):
    X = world.X.dropna().iloc[:5]
    one, three = X.assign(f3=np.nan), X.assign(f3=np.nan, f4=np.nan, f0=np.nan)
    widths = []
    for rows in (one, three):
        found = missing_range(model, rows)
        risk = model.classifier.predict_proba(rows)[:, 1]
        assert ((found["risk_if_low"] <= risk) & (risk <= found["risk_if_high"])).all()
        ends = found[["risk_if_low", "risk_if_high"]].to_numpy()
        widths.append(np.diff(np.log(ends / (1 - ends)), axis=1))
    assert (widths[1] > widths[0]).all()


def test_the_range_is_what_the_values_make(model, world):
    """One missing value: the risks at its 10th and 90th percentile, as the model is monotone."""
    row = world.X.dropna().iloc[[3]]
    found = missing_range(model, row.assign(f3=np.nan)).iloc[0]
    swept = pd.concat([row] * 200, ignore_index=True)
    swept["f3"] = np.quantile(world.X["f3"].dropna(), np.linspace(0.05, 0.95, 200))
    risk = model.classifier.predict_proba(swept)[:, 1]
    low, high = np.quantile(risk, [0.05, 0.95])
    assert found["risk_if_low"] == pytest.approx(low, abs=0.25 * (high - low))
    assert found["risk_if_high"] == pytest.approx(high, abs=0.25 * (high - low))
    assert found["most_useful_feature"] == "f3"
    assert found["narrowing"] > 0.95


def test_the_test_that_narrows_most_is_the_one_that_counts_most(model, world):
    size = model.classifier.contributions(world.X).drop(columns="base").std()
    strong, weak = size.idxmax(), size.idxmin()
    X = world.X.dropna().iloc[:5].assign(**{strong: np.nan, weak: np.nan})
    found = missing_range(model, X)
    assert (found["most_useful_feature"] == strong).all()
    assert (found["most_useful_test"] == strong).all()
    assert (found["narrowing"] > 0.5).all()


def test_advice_is_for_what_can_be_asked_and_the_range_for_all_that_is_missing(model, world):
    size = model.classifier.contributions(world.X).drop(columns="base").std()
    strong, weak = size.idxmax(), size.idxmin()
    X = world.X.dropna().iloc[:5].assign(**{strong: np.nan, weak: np.nan})
    found, ends = missing_range(model, X, {weak}), ["risk_if_low", "risk_if_high"]
    assert set(found["most_useful_feature"]) <= {weak, ""}
    pd.testing.assert_frame_equal(found[ends], missing_range(model, X)[ends])


def test_a_row_alone_is_as_among_others_and_absent_columns_are_unknown(model, world):
    X = world.X.iloc[:7]
    together = missing_range(model, X)
    alone = missing_range(model, X.iloc[[4]])
    pd.testing.assert_frame_equal(together.iloc[[4]], alone)
    pd.testing.assert_frame_equal(
        missing_range(model, X.drop(columns="f3")), missing_range(model, X.assign(f3=np.nan))
    )


def test_nothing_known_and_nobody(model, world):
    empty = pd.DataFrame(np.nan, index=["a"], columns=world.X.columns)
    found = missing_range(model, empty).loc["a"]
    assert found["n_missing"] == 12
    assert 0 < found["risk_if_low"] < found["risk_if_high"] < 1
    assert missing_range(model, empty.iloc[:0]).empty


def test_features_of_one_analyte_are_one_test():
    from riskmodel.scoring import find_model

    model = find_model("early")
    found = dict(zip(model.features, sources_of(model), strict=True))
    assert found["ferritin_last_log10"] == found["ferritin_slope_48h"] == "ferritin"
