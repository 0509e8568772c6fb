"""Runs: a training that opens before the work, evaluations and scores of a model."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from riskmodel.models import RiskModel
from riskmodel.tracking.pyfunc import log_model
from riskmodel.tracking.registry import model_tags, register
from riskmodel.tracking.session import session

EXPERIMENT = "riskmodel"
"""Where runs go when their user chose no experiment."""
_METRIC = re.compile(r"[^A-Za-z0-9_./ -]")


@contextmanager
def _run(mlflow: Any, name: str) -> Iterator[Any]:
    """A run where the user expects it: in the run that is open, or in the experiment chosen.

    ``mlflow run`` opens the run itself, and names it by its id.
    """
    where: dict[str, Any] = {"run_name": name}
    active = mlflow.active_run()
    if active is not None:
        where |= {"nested": True, "experiment_id": active.info.experiment_id}
    elif "MLFLOW_RUN_ID" in os.environ:
        where = {}
    elif not {"MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME"} & set(os.environ):
        found = mlflow.get_experiment_by_name(EXPERIMENT)
        made = mlflow.create_experiment(EXPERIMENT) if found is None else found.experiment_id
        where["experiment_id"] = made
    with mlflow.start_run(**where, log_system_metrics=False) as run:
        yield run


@contextmanager
def training_run(name: str) -> "Iterator[TrainingRun]":
    """Open a run for a training that now begins; it fails when the training does.

    Parameters
    ----------
    name : str
        Says stage, definition and how many patients.

    Raises
    ------
    SchemaError
        When MLflow refuses.
    """
    try:
        with session() as mlflow, _run(mlflow, name) as run:
            try:
                yield TrainingRun(run.info.run_id)
            except Exception as error:
                raise _WorkError(error) from error
    except _WorkError as failed:
        # A full disk, or a wrong design, is the training's own fault and none of MLflow's.
        raise failed.error from None


class _WorkError(Exception):
    """What went wrong while a run was open: it fails the run, and is no refusal of MLflow."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass(frozen=True)
class TrainingRun:
    """The open run of a training."""

    run_id: str

    def log(
        self,
        model: RiskModel,
        design: Mapping[str, Any],
        performance: pd.DataFrame,
        *,
        rows: pd.DataFrame | None = None,
        folds: pd.DataFrame | None = None,
        importance: pd.DataFrame | None = None,
        evaluation: Path | None = None,
        register_as: str | None = None,
    ) -> str | None:
        """Log what a training made, with a child run per fold, and register its model.

        Parameters
        ----------
        model : RiskModel
        design : mapping
            The resolved design; logged as parameters.
        performance : DataFrame
            ``model, subset, metric, value, low, high``; logged as metrics and as a table.
        rows : DataFrame, optional
            The training rows, of which columns, number and the model's fingerprint are logged as a
            dataset; no value.
        folds : DataFrame, optional
            ``round, fold, patients, events, metric, value``: one child run for each fold.
        importance : DataFrame, optional
            ``factor, mean_absolute_contribution``; logged as a table.
        evaluation : Path, optional
            Folder of tables, pictures and report.html; logged whole.
        register_as : str, optional
            Registered model name. Its first version in which a signal was found is champion.

        Returns
        -------
        str or None
            Registered version.

        Raises
        ------
        SchemaError
            When MLflow refuses.
        """
        with session() as mlflow:
            mlflow.set_tags(model_tags(model))
            mlflow.log_params(_params(model, design))
            mlflow.log_metrics(_metrics(performance))
            mlflow.log_text(model.card.text, "model_card.md")
            mlflow.log_text(_csv(performance), "performance.csv")
            mlflow.log_dict({"packages": dict(model.created_with)}, "environment.json")
            if rows is not None:
                _log_dataset(mlflow, model, rows)
            if importance is not None:
                mlflow.log_text(_csv(importance), "contributions_by_factor.csv")
            if evaluation is not None:
                mlflow.log_artifacts(str(evaluation), "evaluation")
            if folds is not None:
                _log_folds(mlflow, model, folds)
            info = log_model(mlflow, model)
            if register_as is None:
                return None
            return register(mlflow, register_as, model, info.model_uri, self.run_id)


def log_training(
    model: RiskModel,
    design: Mapping[str, Any],
    performance: pd.DataFrame,
    register: str | None = None,
) -> str | None:
    """Log a training that is over already, in a run of its own: see `TrainingRun.log`."""
    with training_run(f"train {model.name}") as run:
        return run.log(model, design, performance, register_as=register)


def log_evaluation(
    model: RiskModel, figures: pd.DataFrame, folder: Path, about: Mapping[str, str]
) -> str:
    """Log an evaluation on a cohort: its figures as metrics, its folder whole.

    Parameters
    ----------
    model : RiskModel
    figures : DataFrame
        ``model, subset, metric, value, low, high``.
    folder : Path
        Of tables, pictures and report.html.
    about : mapping of str to str
        Tags, such as the cohort's name.

    Returns
    -------
    str
        Identifier of the run.

    Raises
    ------
    SchemaError
        When MLflow refuses.
    """
    with session() as mlflow, _run(mlflow, f"evaluate {model.name} {model.version}") as run:
        mlflow.set_tags({**model_tags(model), **_version(model), **about})
        mlflow.log_metrics(_metrics(figures))
        mlflow.log_artifacts(str(folder), "evaluation")
        return str(run.info.run_id)


def log_scores(manifest: Mapping[str, Any]) -> str:
    """Log that a cohort was scored: by which models, how many rows of which status.

    Parameters
    ----------
    manifest : mapping
        Of `riskmodel.scoring.Batch`; it holds counts, no patient's row.

    Returns
    -------
    str
        Identifier of the run.

    Raises
    ------
    SchemaError
        When MLflow refuses.
    """
    models = [f"{m['name']} {m['version']}" for m in manifest["models"]]
    with session() as mlflow, _run(mlflow, f"score by {', '.join(models)}"[:250]) as run:
        mlflow.set_tag("models", "; ".join(models))
        status = manifest["counts"]["status"]
        mlflow.log_metrics({f"rows/{name}": float(count) for name, count in status.items()})
        mlflow.log_dict(dict(manifest), "manifest.json")
        return str(run.info.run_id)


def _version(model: RiskModel) -> dict[str, str]:
    return {"model": model.name, "model_version": model.version}


def _log_dataset(mlflow: Any, model: RiskModel, rows: pd.DataFrame) -> None:
    """Columns and number of the training rows, with the model's fingerprint for a digest."""
    from mlflow.data.code_dataset_source import CodeDatasetSource

    dataset = mlflow.data.from_pandas(
        rows,
        source=CodeDatasetSource(tags={}),
        name=f"{model.stage} rows",
        digest=model.fingerprint[:32],
    )
    mlflow.log_input(dataset, context="training")


def _log_folds(mlflow: Any, model: RiskModel, folds: pd.DataFrame) -> None:
    """A child run per fold: its counts and figures."""
    for _, rows in folds.groupby(["round", "fold"], sort=True):
        turn, fold = int(rows["round"].iloc[0]), int(rows["fold"].iloc[0])
        with _run(mlflow, f"{model.name} round {turn} fold {fold}"):
            first = rows.iloc[0]
            counts = {"patients": int(first["patients"]), "events": int(first["events"])}
            mlflow.log_params({"round": turn, "fold": fold, **counts})
            known = rows[rows["value"].notna()]
            mlflow.log_metrics(
                dict(zip(known["metric"], known["value"].astype(float), strict=True))
            )


def _csv(table: pd.DataFrame) -> str:
    return str(table.to_csv(index=False, lineterminator="\n"))


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
