"""What a served model answers, and what it refuses."""

import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException

from riskmodel.models import load_model, predict_frame
from riskmodel.tracking import training_run
from riskmodel.tracking.pyfunc import OUTSIDE, answered, log_model


@pytest.fixture(scope="module")
def model(model_folders):
    return load_model(model_folders["early"])


@pytest.fixture(scope="module")
def served(store, model):
    """The model loaded back through MLflow."""
    import mlflow

    with training_run("a run"):
        info = log_model(mlflow, model)
    return mlflow.pyfunc.load_model(info.model_uri)


WHOLE = ("int64", "int32", "uint8", "float32", "Int64", "boolean", "object")


@pytest.mark.parametrize("kind", WHOLE)
def test_numbers_of_any_type_are_numbers(served, model, kind):
    name = "extramedullary_disease" if kind == "boolean" else "prediction_day"
    if name not in model.features:
        name = next(f for f in model.features)
    values = [1, 0]
    given = pd.DataFrame({name: pd.Series(values).astype(kind)})
    expected = predict_frame(model, pd.DataFrame({name: [1.0, 0.0]}))
    found = served.predict(given)
    pd.testing.assert_frame_equal(found[expected.columns], expected)


def test_a_frame_without_any_feature_is_refused(served):
    for frame in (pd.DataFrame({"feritin": [3.0]}), pd.DataFrame(index=[0])):
        with pytest.raises(MlflowException, match="No column is a feature"):
            served.predict(frame)


def test_text_that_is_no_number_is_refused_without_showing_it(served, model):
    with pytest.raises(MlflowException, match=model.features[0]) as told:
        served.predict(pd.DataFrame({model.features[0]: ["7 (H)", "2"]}))
    assert "7 (H)" not in str(told.value)


def test_text_that_is_a_number_is_read(served, model):
    name = model.features[0]
    found = served.predict(pd.DataFrame({name: ["1", None]}))
    expected = predict_frame(model, pd.DataFrame({name: [1.0, np.nan]}))
    np.testing.assert_array_equal(found["risk"], expected["risk"])


def test_what_no_training_row_was_like_is_named(model):
    name = next(n for n in model.features if n.endswith("_last_log10") and n in model.ranges)
    low, high = model.ranges[name]
    found = answered(model, pd.DataFrame({name: [high + (high - low), (low + high) / 2]}))
    assert found[OUTSIDE].tolist() == [name, ""]
