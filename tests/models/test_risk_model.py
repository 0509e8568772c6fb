"""What goes with a fitted classifier: stage, labels, days, ranges, its own catalogue."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort import analytes, cohort_of
from riskmodel.errors import SchemaError
from riskmodel.features import load_catalogue
from riskmodel.models import RiskModel, model_catalogue, training_ranges, unread_inputs
from riskmodel.models.risk_model import FEWEST_FOR_RANGE, numeric_features
from riskmodel.scoring import find_model, score


@pytest.mark.parametrize(("key", "value"), [("stage", "late"), ("labels", "guessed")])
def test_an_unknown_stage_or_label_source_is_refused(fitted, key, value):
    about = {"stage": "early", "labels": "rules", key: value}
    with pytest.raises(SchemaError, match=value):
        RiskModel(
            classifier=fitted,
            name="n",
            version="1",
            definition="astct-2024",
            horizon_days=14.0,
            **about,
        )


def test_a_range_needs_twenty_rows():
    X = pd.DataFrame({"few": [1.0] * 19 + [np.nan] * 81, "many": np.arange(100.0)})
    assert training_ranges(X) == {"many": (pytest.approx(0.99), pytest.approx(98.01))}


@given(st.integers(0, 60), st.integers(0, 10**6))
def test_a_range_is_of_the_middle_and_only_of_what_enough_rows_have(n, seed):
    rng = np.random.default_rng(seed)
    seen = rng.lognormal(6, 2, n)
    X = pd.DataFrame({"x": np.concatenate([seen, np.full(7, np.nan)])})
    found = training_ranges(X)
    if n < FEWEST_FOR_RANGE:
        assert found == {}
    else:
        low, high = found["x"]
        assert seen.min() < low < high < seen.max()  # nobody's own value
    assert training_ranges(X.sample(frac=1, random_state=seed)) == found


def test_ranges_of_no_rows_and_of_other_types():
    assert training_ranges(pd.DataFrame({"x": []}, dtype=float)) == {}
    flags = pd.DataFrame({"x": pd.Series([True, False] * 15)})
    assert training_ranges(flags) == {"x": (0.0, 1.0)}


@pytest.mark.parametrize(
    ("horizon", "last", "why"),
    [
        (14.0, 13, "exclusive"),
        (1.0, 0, "day 0 only"),
        (13.5, 13, "day 13 lies before it"),
        (30.0, 29, "another"),
    ],
)
def test_the_last_day_to_ask_lies_before_the_horizon(make_model, horizon, last, why):
    assert make_model(horizon_days=horizon).last_day == last, why


def test_features_are_those_of_the_classifier_in_its_order(make_model, fitted):
    assert make_model().features == fitted.names_


def test_a_model_without_its_catalogue_says_so(make_model):
    for catalogue in ({}, {"text": None}, {"text": 3}):
        with pytest.raises(SchemaError, match="holds no copy of its feature catalogue"):
            model_catalogue(make_model(catalogue=catalogue))


def test_the_catalogue_is_the_models_own_copy_in_its_order(make_model, make, world):
    _, classifier = make
    full = load_catalogue()
    names = [feature.name for feature in full][5:1:-1]
    X = world.X.iloc[:, 3:7].set_axis(names, axis=1)
    fitted = classifier(n_bags=2, n_repeats=1, n_rounds=5).fit(X, world.y)
    model = make_model(classifier=fitted, catalogue={"text": full.text})
    assert [feature.name for feature in model_catalogue(model)] == names
    other = full.text.replace(f'"{names[0]}"', '"renamed"')
    with pytest.raises(SchemaError, match=names[0]):
        model_catalogue(make_model(classifier=fitted, catalogue={"text": other}))


@pytest.mark.parametrize(
    ("column", "expected", "why"),
    [
        (pd.Series([1, 2], dtype="int64"), [1.0, 2.0], "integers"),
        (pd.Series([1, None], dtype="Int64"), [1.0, np.nan], "nullable integers"),
        (pd.Series([True, None], dtype="boolean"), [1.0, np.nan], "nullable flags"),
        (pd.Series(["3.5", None], dtype=object), [3.5, np.nan], "text that is a number"),
        (pd.Series([None, None], dtype=object), [np.nan, np.nan], "nothing"),
        (pd.Series([1.5, 2.5], dtype="float32"), [1.5, 2.5], "single precision"),
    ],
)
def test_any_column_of_numbers_becomes_one(make_model, column, expected, why):
    model = make_model()
    found = numeric_features(model, pd.DataFrame({"f3": column}))
    assert found.columns.tolist() == model.features
    assert (found.dtypes == np.float64).all()
    np.testing.assert_array_equal(found["f3"], expected, err_msg=why)
    assert found.drop(columns="f3").isna().all(axis=None)


def test_text_that_is_no_number_is_refused_and_not_taken_for_unknown(make_model):
    with pytest.raises(SchemaError, match="f3 hold text that is no number"):
        numeric_features(make_model(), pd.DataFrame({"f3": ["3.5", "high"]}))


def test_what_no_feature_reads_moves_no_risk_and_what_is_read_does():
    """Each column of a patient, filled and empty: a score that moves is one that is read."""
    model = find_model("pre-infusion")
    about = {
        "patient_id": "p", "product": "axi-cel", "disease": "LBCL", "age_years": "60",
        "extramedullary_disease": "0", "prior_lines": "2", "tumor_burden": "low",
    }  # fmt: skip
    labs = [
        {"patient_id": "p", "hours_from_infusion": -24, "analyte": name, "value": value,
         "unit": unit}
        for name, value, unit in (("ferritin", 500, "ng/mL"), ("crp", 10, "mg/L"))
    ]  # fmt: skip
    unread = unread_inputs(model)
    changes = {"prior_hct": "1", "prior_car_t": "1", "bridging_therapy": "1", "ecog": "3"}
    assert set(changes) <= unread
    assert not {"age_years", "prior_lines", "tet2_mutation", "ferritin", "crp"} & unread
    before = score(cohort_of([about], labs, []), model, "pre-infusion")["risk"].iloc[0]
    for name, value in changes.items():
        after = score(cohort_of([{**about, name: value}], labs, []), model, "pre-infusion")
        assert after["risk"].iloc[0] == before, name
    read = score(cohort_of([{**about, "age_years": "20"}], labs, []), model, "pre-infusion")
    assert read["risk"].iloc[0] != before
    for name in unread & set(analytes()):
        more = [*labs, {**labs[0], "analyte": name, "value": 1, "unit": analytes()[name].unit}]
        after = score(cohort_of([about], more, []), model, "pre-infusion")
        assert after["risk"].iloc[0] == before, name
