"""The comparators: same interface, sensible strengths."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from riskmodel.errors import SchemaError
from riskmodel.models import RidgeLogistic, SingleScore


@pytest.fixture
def comparators():
    return [RidgeLogistic(), SingleScore(column="f3")]


def test_probabilities_of_two_classes(comparators, world):
    for model in comparators:
        fitted = clone(model).fit(world.X, world.y, patient=np.arange(300))
        risk = fitted.predict_proba(world.X)
        assert risk.shape == (300, 2)
        np.testing.assert_allclose(risk.sum(axis=1), 1)
        np.testing.assert_allclose(risk[:, 1].mean(), world.y.mean(), atol=0.01)
        assert np.corrcoef(risk[:, 1], world.risk)[0, 1] > 0.3
        assert set(fitted.predict(world.X)) <= {0, 1}


def test_missing_rows_have_a_risk(comparators, world):
    empty = pd.DataFrame(np.nan, index=[0], columns=world.X.columns)
    for model in comparators:
        assert np.isfinite(model.fit(world.X, world.y).predict_proba(empty)).all()


def test_the_strength_follows_the_signal(make):
    make_world, _ = make
    signal, none = make_world(600, 3), make_world(600, 3, effect=0.0)
    strong = RidgeLogistic().fit(signal.X, signal.y).C_
    weak = RidgeLogistic().fit(none.X, none.y).C_
    assert weak < strong


def test_one_event_is_the_most_cautious(world):
    y = np.zeros(300, dtype=int)
    y[7] = 1
    model = RidgeLogistic().fit(world.X, y)
    assert min(model.strengths) == model.C_


def test_column_order_does_not_matter_when_scoring(comparators, world):
    for model in comparators:
        fitted = model.fit(world.X, world.y)
        turned = world.X[world.X.columns[::-1]]
        np.testing.assert_array_equal(
            fitted.decision_function(world.X), fitted.decision_function(turned)
        )


def test_the_risk_follows_the_one_column(world):
    X = pd.DataFrame({"ferritin": 3 + 0.5 * world.X["f3"]})
    fitted = SingleScore(column="ferritin").fit(X, world.y)
    order = X["ferritin"].dropna().sort_values().index
    assert (np.diff(fitted.decision_function(X.loc[order])) >= 0).all()


def test_a_score_never_known_is_the_base_rate(world):
    X = pd.DataFrame({"ferritin": np.full(300, np.nan)})
    risk = SingleScore(column="ferritin").fit(X, world.y).predict_proba(X)[:, 1]
    np.testing.assert_allclose(risk, world.y.mean())


def test_a_score_must_be_a_column(world):
    with pytest.raises(SchemaError, match="'ferritin' is not in the matrix"):
        SingleScore(column="ferritin").fit(world.X, world.y)


def test_one_class_is_refused(comparators, world):
    for model in comparators:
        with pytest.raises(SchemaError, match="with the event and patients without"):
            model.fit(world.X, np.zeros(300))
