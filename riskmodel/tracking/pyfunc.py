"""A model as MLflow serves it: rows of features in, risks out, by the path that every door uses."""

import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from riskmodel import DISTRIBUTION
from riskmodel.errors import SchemaError
from riskmodel.models import RiskModel, load_model, outside_range, predict_frame, save_model

FOLDER = "riskmodel_folder"
_SCRIPT = "from riskmodel.tracking import set_pyfunc_model\n\nset_pyfunc_model()\n"
OUTSIDE = "outside_training_range"
"""Column that names, after a semicolon each, the inputs of a row that no training row was like."""


def set_pyfunc_model() -> None:
    """Declare the pyfunc model: called by the script that MLflow stores (models from code)."""
    import mlflow
    from mlflow.exceptions import MlflowException
    from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE

    class RiskPyfunc(mlflow.pyfunc.PythonModel):  # type: ignore[misc, name-defined]
        def load_context(self, context: Any) -> None:
            self.model = load_model(Path(context.artifacts[FOLDER]))

        # A frame is the one type hint that MLflow does not turn into a schema of its own.
        def predict(
            self, context: Any, model_input: pd.DataFrame, params: Any = None
        ) -> pd.DataFrame:
            try:
                return answered(self.model, pd.DataFrame(model_input))
            except SchemaError as error:
                # Of any other error a server says only that there was one.
                raise MlflowException(str(error), error_code=INVALID_PARAMETER_VALUE) from None

    mlflow.models.set_model(RiskPyfunc())


def answered(model: RiskModel, X: pd.DataFrame) -> pd.DataFrame:
    """Risk, interval and contributions of feature rows, and which inputs are out of range.

    Parameters
    ----------
    model : RiskModel
    X : DataFrame of shape (n, any)
        Feature columns, numbers of any type; absent ones count as unknown.

    Raises
    ------
    SchemaError
        When no column is a feature of the model, or one holds text that is no number.
    """
    if not set(X.columns) & set(model.features):
        seen = ", ".join(map(str, X.columns[:8])) or "none that this model reads"
        raise SchemaError(
            f"No column is a feature of model '{model.name}' (columns seen: {seen}). It reads "
            f"{', '.join(model.features[:8])} and {max(len(model.features) - 8, 0)} more; build "
            "them with riskmodel.FeatureBuilder."
        )
    found: pd.DataFrame = predict_frame(model, X)
    found[OUTSIDE] = ["; ".join(names) for names in outside_range(model, X)]
    return found


def log_model(mlflow: Any, model: RiskModel) -> Any:
    """Log a model in the run that is open; nothing of it is pickled.

    Returns
    -------
    mlflow.models.model.ModelInfo
    """
    example = _input_example(model)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / FOLDER
        save_model(model, folder)
        script = Path(temporary) / "riskmodel_pyfunc.py"
        script.write_text(_SCRIPT, encoding="utf-8")
        return mlflow.pyfunc.log_model(
            name="model",
            python_model=str(script),
            artifacts={FOLDER: str(folder)},
            signature=_signature(model, example),
            input_example=example,
            pip_requirements=_requirements(model),
        )


def _requirements(model: RiskModel) -> list[str]:
    """Distributions behind the model, by the names that an index has them under."""
    named = {"riskmodel": DISTRIBUTION}
    return [f"{named.get(p, p)}=={version}" for p, version in model.created_with.items()]


def _input_example(model: RiskModel) -> pd.DataFrame:
    """One row that belongs to nobody: every feature at the reference of its column."""
    reference = model.classifier.scale_.reference
    return pd.DataFrame([reference], columns=model.features)


def _signature(model: RiskModel, example: pd.DataFrame) -> Any:
    """The model's columns, each of any type, and the answer's.

    A column that is declared as double refuses whole numbers, in a message that prints the rows;
    what a row may hold is checked by `answered`. The price: a server of MLflow takes JSON, no CSV.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema, TensorSpec
    from mlflow.types.schema import AnyType

    anything = AnyType()  # type: ignore[no-untyped-call]
    inputs: list[ColSpec | TensorSpec] = [
        ColSpec(anything, name, required=False) for name in model.features
    ]
    outputs: list[ColSpec | TensorSpec] = [
        ColSpec(DataType.string if name == OUTSIDE else DataType.double, name)
        for name in answered(model, example).columns
    ]
    return ModelSignature(Schema(inputs), Schema(outputs))
