"""MLflow: log a training run, register its model, point at the champion, load it back.

The only module that imports mlflow, and only when a function is called. The store is MLflow's
default (a SQLite file in the working folder) unless ``MLFLOW_TRACKING_URI`` says otherwise.
"""

import logging
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from riskmodel.errors import SchemaError
from riskmodel.models import RiskModel, load_model, predict_frame, save_model

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "riskmodel"
CHAMPION = "champion"
_FOLDER = "riskmodel_folder"
_SCRIPT = "from riskmodel.tracking import set_pyfunc_model\n\nset_pyfunc_model()\n"
_METRIC = re.compile(r"[^A-Za-z0-9_./ -]")


def _mlflow() -> Any:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    import mlflow

    for name in ("alembic", "mlflow.store.db.utils", "mlflow.pyfunc"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return mlflow


def _client() -> "MlflowClient":
    _mlflow()
    from mlflow import MlflowClient

    return MlflowClient()


def set_pyfunc_model() -> None:
    """Declare the pyfunc model: called by the script that MLflow stores (models from code)."""
    mlflow = _mlflow()

    class RiskPyfunc(mlflow.pyfunc.PythonModel):  # type: ignore[misc, name-defined]
        def load_context(self, context: Any) -> None:
            self.model = load_model(Path(context.artifacts[_FOLDER]))

        # A frame is the one type hint that MLflow does not turn into a schema of its own.
        def predict(
            self, context: Any, model_input: pd.DataFrame, params: Any = None
        ) -> pd.DataFrame:
            found: pd.DataFrame = predict_frame(self.model, pd.DataFrame(model_input))
            return found

    mlflow.models.set_model(RiskPyfunc())


def _input_example(model: RiskModel) -> pd.DataFrame:
    """One row that belongs to nobody: every feature at the reference of its column."""
    reference = model.classifier.scale_.reference
    return pd.DataFrame([reference], columns=model.features)


def _signature(model: RiskModel) -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema

    example = predict_frame(model, _input_example(model))

    def schema(names: Iterable[str], required: bool) -> Schema:
        return Schema([ColSpec(DataType.double, name, required=required) for name in names])

    return ModelSignature(schema(model.features, False), schema(example.columns, True))


def store() -> str:
    """Address of the store in use, without a password; a file from the working folder on."""
    address = _without_password(str(_mlflow().get_tracking_uri()))
    return address.replace(f"sqlite:///{Path.cwd()}/", "sqlite:///")


def check_store(register: str | None) -> None:
    """Refuse, before any work, a registered name or a store that cannot be used.

    Raises
    ------
    SchemaError
    """
    if register is not None and (not register.strip() or set(register) & set("/:@")):
        raise SchemaError(
            f"Registered model name '{register}' is not usable. Give a name without '/', ':' and "
            "'@'."
        )
    mlflow = _mlflow()
    with _refused(mlflow):
        mlflow.get_experiment_by_name(EXPERIMENT)


@contextmanager
def _refused(mlflow: Any) -> Iterator[None]:
    """Say in one sentence what MLflow refuses; a password in the store's address is not shown."""
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError) as error:
        said = str(error).splitlines()[0].rstrip(".")[:300]
        store = _without_password(str(mlflow.get_tracking_uri()))
        raise SchemaError(
            f"MLflow at '{store}' refused: {_without_password(said)}. "
            "Check the name and MLFLOW_TRACKING_URI."
        ) from None


def _without_password(text: str) -> str:
    return re.sub(r"//[^/@\s]*@", "//...@", text)


def log_training(
    model: RiskModel,
    design: Mapping[str, Any],
    performance: pd.DataFrame,
    register: str | None = None,
    *,
    folds: pd.DataFrame | None = None,
    importance: pd.DataFrame | None = None,
    evaluation: Path | None = None,
) -> str | None:
    """Log a training run with a child run per fold and, where a name is given, register its model.

    Parameters
    ----------
    model : RiskModel
    design : mapping
        The resolved design; logged as parameters.
    performance : DataFrame
        ``model, subset, metric, value, low, high``; logged as metrics and as a table.
    register : str, optional
        Registered model name. Its first version becomes the champion.
    folds : DataFrame, optional
        ``round, fold, patients, events, metric, value``: one child run for each fold.
    importance : DataFrame, optional
        ``factor, mean_absolute_contribution``; logged as a table.
    evaluation : Path, optional
        Folder of tables, pictures and report.html; logged whole.

    Returns
    -------
    str or None
        Registered version.

    Raises
    ------
    SchemaError
        When MLflow refuses.
    """
    mlflow = _mlflow()
    with _refused(mlflow):
        return _log(mlflow, model, design, performance, register, folds, importance, evaluation)


def _log_folds(mlflow: Any, model: RiskModel, folds: pd.DataFrame) -> None:
    """A child run per fold: its counts and figures."""
    for _, rows in folds.groupby(["round", "fold"], sort=True):
        turn, fold = int(rows["round"].iloc[0]), int(rows["fold"].iloc[0])
        name = f"{model.name} round {turn} fold {fold}"
        with mlflow.start_run(run_name=name, nested=True, log_system_metrics=False):
            first = rows.iloc[0]
            counts = {"patients": int(first["patients"]), "events": int(first["events"])}
            mlflow.log_params({"round": turn, "fold": fold, **counts})
            known = rows[rows["value"].notna()]
            mlflow.log_metrics(
                dict(zip(known["metric"], known["value"].astype(float), strict=True))
            )


def _log(
    mlflow: Any,
    model: RiskModel,
    design: Mapping[str, Any],
    performance: pd.DataFrame,
    register: str | None,
    folds: pd.DataFrame | None,
    importance: pd.DataFrame | None,
    evaluation: Path | None,
) -> str | None:
    # `mlflow run` opens the run itself, in the experiment that its user chose.
    if "MLFLOW_RUN_ID" not in os.environ:
        if mlflow.get_experiment_by_name(EXPERIMENT) is None:
            mlflow.create_experiment(EXPERIMENT)
        mlflow.set_experiment(EXPERIMENT)
    with mlflow.start_run(run_name=model.name, log_system_metrics=False) as run:
        mlflow.log_params(_params(model, design))
        mlflow.log_metrics(_metrics(performance))
        mlflow.log_text(model.card.text, "model_card.md")
        mlflow.log_text(performance.to_csv(index=False, lineterminator="\n"), "performance.csv")
        mlflow.set_tags({"stage": model.stage, "fingerprint": model.fingerprint})
        mlflow.log_dict({"packages": dict(model.created_with)}, "environment.json")
        if importance is not None:
            table = importance.to_csv(index=False, lineterminator="\n")
            mlflow.log_text(table, "contributions_by_factor.csv")
        if evaluation is not None:
            mlflow.log_artifacts(str(evaluation), "evaluation")
        if folds is not None:
            _log_folds(mlflow, model, folds)
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / _FOLDER
            save_model(model, folder)
            script = Path(temporary) / "riskmodel_pyfunc.py"
            script.write_text(_SCRIPT, encoding="utf-8")
            info = mlflow.pyfunc.log_model(
                name="model",
                python_model=str(script),
                artifacts={_FOLDER: str(folder)},
                signature=_signature(model),
                input_example=_input_example(model),
                pip_requirements=[f"{p}=={v}" for p, v in model.created_with.items()],
            )
        if register is None:
            return None
        found = mlflow.register_model(info.model_uri, register)
    client = _client()
    client.set_model_version_tag(register, found.version, "run_id", run.info.run_id)
    if CHAMPION not in client.get_registered_model(register).aliases:
        client.set_registered_model_alias(register, CHAMPION, found.version)
    return str(found.version)


def _params(model: RiskModel, design: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in design.items():
        inner = value.items() if isinstance(value, Mapping) else [("", value)]
        flat |= {f"{key}.{k}".rstrip("."): v for k, v in inner}
    counts = {f"count.{k}": v for k, v in model.counts.items()}
    about = {"stage": model.stage, "labels": model.labels, "definition": model.definition}
    return {**flat, **counts, **about}


def _metrics(performance: pd.DataFrame) -> dict[str, float]:
    found = {}
    for row in performance.to_dict(orient="records"):
        key = _METRIC.sub("", f"{row['model']}/{row['subset']}/{row['metric']}".replace(">=", "ge"))
        for suffix, value in (("", row["value"]), ("_low", row["low"]), ("_high", row["high"])):
            if pd.notna(value):
                found[key + suffix] = float(value)
    return found


def set_champion(name: str, version: str) -> None:
    """Point the champion alias of a registered model at a version.

    Raises
    ------
    SchemaError
        When the store has no such version, or refuses.
    """
    mlflow = _mlflow()
    with _refused(mlflow):
        _client().set_registered_model_alias(name, CHAMPION, version)


def write_verdict(
    name: str, version: str, tags: Mapping[str, str], description: str | None
) -> None:
    """Write tags and, where given, the description of a registered version.

    Raises
    ------
    SchemaError
        When the store has no such version, or refuses.
    """
    mlflow = _mlflow()
    with _refused(mlflow):
        client = _client()
        for key, value in tags.items():
            client.set_model_version_tag(name, version, key, value)
        if description is not None:
            client.update_model_version(name, version, description)


def version_tags(name: str, version: str) -> dict[str, str]:
    """Tags of a registered version.

    Raises
    ------
    SchemaError
        When the store has no such version, or refuses.
    """
    mlflow = _mlflow()
    with _refused(mlflow):
        return dict(_client().get_model_version(name, version).tags)


def load_registered(uri: str) -> RiskModel:
    """Load a model by an MLflow URI such as ``models:/NAME@champion``.

    Raises
    ------
    SchemaError
        When the store has no such model, or its files are damaged.
    """
    mlflow = _mlflow()
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        folder = Path(mlflow.artifacts.download_artifacts(artifact_uri=uri))
        version = _version(uri)
    except (MlflowException, SQLAlchemyError, OSError) as error:
        raise SchemaError(
            f"Model '{uri}' cannot be loaded from MLflow at "
            f"'{_without_password(str(mlflow.get_tracking_uri()))}': "
            f"{_without_password(str(error).splitlines()[0].rstrip('.'))}. "
            "Check the name, or set MLFLOW_TRACKING_URI."
        ) from None
    model = load_model(folder / "artifacts" / _FOLDER)
    return replace(model, version=version) if version else model


def _version(uri: str) -> str | None:
    name = uri.removeprefix("models:/")
    if not uri.startswith("models:/"):
        return None
    if "@" in name:
        model, alias = name.split("@", 1)
        return str(_client().get_model_version_by_alias(model, alias).version)
    model, _, version = name.partition("/")
    if version == "latest":
        found = _client().search_model_versions(f"name='{model}'")
        return str(max(int(v.version) for v in found))
    return version or None


def champion_version(name: str) -> str | None:
    """Version that the champion alias of a registered model points at.

    Raises
    ------
    SchemaError
        When the store has no such model, or refuses.
    """
    mlflow = _mlflow()
    with _refused(mlflow):
        aliases: Mapping[str, str | int] = _client().get_registered_model(name).aliases
    found = aliases.get(CHAMPION)
    return None if found is None else str(found)
