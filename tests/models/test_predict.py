"""Predictions on feature rows: whatever stands in the columns, and in whatever order."""

import numpy as np
import pandas as pd
import pytest

from riskmodel.errors import SchemaError
from riskmodel.models.predict import (
    change_by_factor,
    predict_frame,
)


@pytest.fixture(scope="module")
def model(make_model):
    return make_model()


def test_the_parts_of_a_row_sum_to_its_risk_which_lies_in_its_interval(model, world):
    rows = pd.concat([world.X, pd.DataFrame(np.nan, index=[0], columns=world.X.columns)])
    found = predict_frame(model, rows)
    parts = found.filter(like="contribution_").sum(axis=1)
    np.testing.assert_allclose(parts, np.log(found["risk"] / (1 - found["risk"])), atol=1e-9)
    assert (found["risk_low"] <= found["risk"]).all()
    assert (found["risk"] <= found["risk_high"]).all()
    assert found.index.equals(rows.index)
    risk = model.classifier.predict_proba(rows)[:, 1]
    np.testing.assert_allclose(found["risk"], risk, rtol=1e-12)


def test_the_order_of_columns_and_others_beside_them_change_no_bit(model, world):
    one = predict_frame(model, world.X)
    two = predict_frame(model, world.X.iloc[:, ::-1].assign(note="text"))
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_a_duplicated_index_stays_as_it_is(model, world):
    rows = world.X.iloc[[0, 1, 0]].set_axis([5, 5, 5])
    found = predict_frame(model, rows)
    assert found.index.tolist() == [5, 5, 5]
    assert found["risk"].iloc[0] == found["risk"].iloc[2]


def test_no_row_gives_the_columns_of_any(model, world):
    some, none = predict_frame(model, world.X), predict_frame(model, world.X.iloc[:0])
    assert none.columns.tolist() == some.columns.tolist()
    assert (none.dtypes == some.dtypes).all()
    assert len(none) == 0


def test_an_absent_column_is_as_one_of_unknown_values(model, world):
    one = predict_frame(model, world.X.drop(columns="f3"))
    two = predict_frame(model, world.X.assign(f3=np.nan))
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    full = predict_frame(model, world.X)
    known = world.X["f3"].notna()
    width = [np.log(f["risk_high"] / (1 - f["risk_high"]))[known].mean() for f in (one, full)]
    assert width[0] > width[1]


def test_changes_between_two_landmarks_sum_to_the_change_of_the_risk(model, world):
    before, now = world.X.iloc[:30], world.X.iloc[30:60]
    changes = change_by_factor(model, before, now)
    assert changes.index.equals(now.index)
    assert "inflammation" in changes
    for column, rows in (("log_odds_before", before), ("log_odds_now", now)):
        np.testing.assert_allclose(
            changes[column], model.classifier.decision_function(rows), atol=1e-9
        )
    moved = changes.drop(columns=["log_odds_before", "log_odds_now"]).sum(axis=1)
    np.testing.assert_allclose(moved, changes["log_odds_now"] - changes["log_odds_before"])
    still = change_by_factor(model, now, now)
    assert (still.drop(columns=["log_odds_before", "log_odds_now"]) == 0).all(axis=None)
    assert change_by_factor(model, now.iloc[:0], now.iloc[:0]).empty
    with pytest.raises(SchemaError, match="30 rows and the later one 29"):
        change_by_factor(model, before, now.iloc[:29])


def test_no_row_has_the_columns_of_a_change(model, world):
    none = change_by_factor(model, world.X.iloc[:0], world.X.iloc[:0])
    assert none.columns.tolist() == change_by_factor(model, world.X, world.X).columns.tolist()


def test_two_factors_that_share_a_column_are_refused_not_lost(make_model, make, world):
    _, classifier = make
    groups = {"f0": "NK cells", "f1": "NK-cells"}
    fitted = classifier(groups=groups, n_bags=2, n_repeats=1, n_rounds=5).fit(world.X, world.y)
    for rows in (world.X, world.X.iloc[:0]):
        with pytest.raises(SchemaError, match=r"'NK-cells' has the column .* as has 'NK cells'"):
            predict_frame(make_model(classifier=fitted), rows)
