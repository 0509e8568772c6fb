"""Train a model: label, build, validate, fit on all, write the folder, track and register."""

import hashlib
import json
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from riskmodel import __version__
from riskmodel.cohort import Cohort, product_name, products
from riskmodel.criteria import definition_names
from riskmodel.errors import SchemaError
from riskmodel.evaluation import (
    MODEL,
    Evaluation,
    Examples,
    LabelSource,
    Maker,
    calibration_svg,
    check_folder,
    joined,
    makers,
    sample_warning,
    score_columns,
    with_scores,
    write_evaluation,
)
from riskmodel.features import Catalogue, Stage, load_catalogue
from riskmodel.files import replacing
from riskmodel.models import (
    FewEventsWarning,
    ModelCard,
    RiskClassifier,
    RiskModel,
    check_destination,
    directions_kept,
    model_catalogue,
    save_model,
    training_ranges,
)
from riskmodel.training.card import CALIBRATION_FILE, card_as_file, model_card
from riskmodel.training.choice import ABLATED, chosen, observed, without_criteria
from riskmodel.training.design import Design, load_design
from riskmodel.training.fingerprint import fingerprint
from riskmodel.training.gate import stored_figures
from riskmodel.training.priors import priors
from riskmodel.training.record import mean_contributions, stored_calibration
from riskmodel.training.rows import training_rows
from riskmodel.training.update import (
    Unchanged,
    check_base,
    updated_from,
    updater,
)
from riskmodel.training.validation_run import main_figures, validated

Progress = Callable[[str], None]


@dataclass(frozen=True)
class TrainingResult:
    """What a run made.

    Attributes
    ----------
    model : RiskModel
    performance : DataFrame
        ``model, subset, rows, events, metric, value, low, high`` from nested cross-validation.
    card : str
        Markdown.
    warnings : list of str
    version : str or None
        In the registry, when it was registered.
    evaluation : Evaluation
        Everything that was found on held-out patients.
    """

    model: RiskModel
    performance: pd.DataFrame
    card: str
    warnings: list[str]
    version: str | None = None
    evaluation: Evaluation | None = None


FEWEST_OF_A_PRODUCT = 5
"""Patients of a product outside the product table below which a model does not name it: such a text
could point at a person."""


def _trained_on(cohort: Cohort, examples: Examples) -> dict[str, list[str]]:
    patients = cohort.patients.iloc[np.unique(examples.patient)]
    names = ("target_antigen", "costimulatory_domain", "disease")
    found = {name: sorted(patients[name].dropna().unique().tolist()) for name in names}
    counts = patients["product"].dropna().map(product_name).value_counts()
    generic = {product.name for product in products()}
    kept = [str(n) for n, k in counts.items() if n in generic or k >= FEWEST_OF_A_PRODUCT]
    return {"product": sorted(kept), **found}


def train(
    cohort: Cohort,
    stage: Stage,
    *,
    labels: LabelSource | None = None,
    design: Design | str | Path = "default",
    definition: str | None = None,
    catalogue: Catalogue | None = None,
    name: str | None = None,
    simulated: bool = False,
    update: RiskModel | None = None,
    out: Path | str | None = None,
    evaluation_out: Path | str | None = None,
    register: str | None = None,
    track: bool = True,
    progress: Progress = lambda text: None,
) -> TrainingResult:
    """Train a model of one stage on a cohort.

    Parameters
    ----------
    cohort : Cohort
    stage : {"pre_infusion", "early"}
    labels : {"rules", "adjudicated"}, optional
        A named definition, or the humans' ``iec_hs`` events; the design's by default.
    design : Design, str or Path
        Name of a shipped design, or a TOML file.
    definition : str, optional
        Instead of the design's.
    catalogue : Catalogue, optional
        Instead of the shipped one.
    name : str, optional
        Of the model; from `register` or the stage by default.
    simulated : bool
        Whether the patients are simulated: the card and every score say so.
    update : RiskModel, optional
        A model of the same stage to start from: it is recalibrated where the cohort holds few
        events, and is the prior of the fit where it holds more. Its own features are used.
    out : path, optional
        Model folder to write.
    evaluation_out : path, optional
        Folder to write the whole evaluation to: tables, pictures, report.html.
    register : str, optional
        Registered model name in MLflow.
    track : bool
        Whether to log the run in MLflow.
    progress : callable
        Told what is being done.

    Raises
    ------
    SchemaError
        When the design is wrong or the cohort cannot be trained on.
    """
    plan = design if isinstance(design, Design) else load_design(design)
    if definition is not None:
        plan = replace(plan, definition=definition)
    if plan.definition not in definition_names():
        raise SchemaError(
            f"Definition '{plan.definition}' is unknown. Allowed: {', '.join(definition_names())}."
        )
    if register is not None and not track:
        raise SchemaError("A model cannot be registered without tracking. Drop one of the two.")
    out = None if out is None else Path(out)
    evaluation_out = None if evaluation_out is None else Path(evaluation_out)
    if out is not None:
        check_destination(out)
    if evaluation_out is not None:
        check_folder(evaluation_out)
    if track:
        from riskmodel.tracking import check_store

        check_store(register)
    if plan.stage not in ("", stage):
        raise SchemaError(
            f"Design '{plan.name}' is for stage '{plan.stage}', and stage '{stage}' was asked for. "
            "Use another design, or its own stage."
        )
    source: LabelSource = labels or ("adjudicated" if plan.labels == "adjudicated" else "rules")
    plan = replace(plan, stage=stage, labels=source)
    full = (catalogue or load_catalogue()).stage(stage)
    if update is None:
        features = chosen(full, plan)
    else:
        check_base(update, stage, plan.horizon_days)
        features = model_catalogue(update)
    progress("labels and features")
    columns = score_columns(full, plan.comparators)
    rows = training_rows(cohort, joined(features, full, [*columns.values()]), stage, source, plan)
    rows = replace(rows, X=with_scores(rows.X, columns))
    examples = rows.take(rows.known)
    unseen: list[str] = []
    if update is None:
        features, unseen = observed(features, examples.X)
    examples = replace(examples, X=examples.X[features.names])
    events = int(examples.counts["events"])

    def maker(used: Catalogue) -> Maker:
        if update is not None:
            return Maker(updater(update, events, plan.model), used.names)
        given = {**priors(used, plan.exclude_sources), **plan.model}
        return Maker(lambda: RiskClassifier(**given, n_jobs=-1), used.names)

    models = {MODEL: maker(features), **makers(rows.X, columns, features.names, plan.comparators)}
    plain = without_criteria(features)
    if update is not None:
        models["the model before its update"] = Maker(
            lambda: Unchanged(update.classifier), features.names
        )
    elif plan.validation.ablation and len(plain) < len(features):
        models[ABLATED] = maker(plain)
    progress(f"validation: {plan.validation.scheme}")
    evaluation, signal = validated(cohort, rows, models, plan)
    figures = main_figures(evaluation)
    progress("fit on all patients")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", FewEventsWarning)
        classifier = (
            models[MODEL]
            .make()
            .fit(examples.X, examples.y, sample_weight=examples.weight, patient=examples.patient)
        )
    said = [str(w.message) for w in caught if issubclass(w.category, FewEventsWarning)]
    said += sample_warning(examples.counts["patients"], events, len(features))
    if unseen:
        said.append(f"Left out, as no training patient has a value: {', '.join(unseen)}.")
    if signal is not None and not signal.found:
        said.append(signal.sentence())
    overall = figures[(figures["model"] == MODEL) & (figures["metric"] == "auroc")]
    if overall["value"].isna().all():
        said.append(
            f"With {examples.counts['events']} patients with the event no fold could be held out "
            "with one on both sides: this model is not validated."
        )
    about: dict[str, Any] = {
        "name": name or register or f"riskmodel-{stage.replace('_', '-')}",
        "stage": stage,
        "definition": plan.definition if source == "rules" else "adjudicated",
        "cytopenia_rule": plan.cytopenia_rule,
        "labels": source,
        "horizon_days": plan.horizon_days,
        "counts": dict(examples.counts),
        "trained_on": _trained_on(cohort, examples),
    }
    updated = None if update is None else updated_from(update, events)
    weights = {str(k): float(v) for k, v in classifier.weights_.items()}
    card = model_card(
        {
            **about,
            "weights": weights,
            "directions": directions_kept(classifier, examples.X),
            "warnings": said,
            "simulated": simulated,
            "design": plan.name,
            "updated_from": updated,
            "parameters": len(features),
            "groups": list(dict.fromkeys(f.group for f in features)),
        },
        evaluation,
        figures,
    )
    data = fingerprint(examples)
    resolved = json.dumps(plan.as_dict(), sort_keys=True)
    model = RiskModel(
        classifier=classifier,
        version=hashlib.sha256((data + resolved).encode()).hexdigest()[:8],
        catalogue={"text": features.text, "features": features.names},
        ranges=training_ranges(examples.X),
        fingerprint=data,
        created_with={
            "riskmodel": __version__,
            **{p: package_version(p) for p in ("numpy", "pandas", "scikit-learn", "xgboost")},
        },
        card=ModelCard.model_validate(
            {
                "text": card,
                "simulated": simulated,
                "warnings": said,
                "updated_from": updated,
                "design": plan.as_dict(),
                "held_out": stored_figures(evaluation, plan.gate),
                "calibration": stored_calibration(evaluation),
                "performance": json.loads(figures.to_json(orient="records")),
            }
        ),
        **about,
    )
    about_run = {**evaluation.about, **_described(model, cohort.name)}
    evaluation = replace(evaluation, about=about_run)
    if evaluation_out is not None:
        progress("write the evaluation")
        write_evaluation(evaluation, evaluation_out)
    if out is not None:
        progress("write the model folder")
        save_model(model, out)
        _write_card(card, evaluation, out)
    registered = None
    if track:
        from riskmodel.tracking import log_training

        progress("log and register in MLflow")
        with tempfile.TemporaryDirectory() as temporary:
            written = Path(temporary) / "evaluation"
            write_evaluation(evaluation, written)
            registered = log_training(
                model,
                plan.as_dict(),
                figures,
                register,
                folds=evaluation.tables["folds"],
                importance=mean_contributions(classifier, examples.X),
                evaluation=written,
            )
    return TrainingResult(model, figures, card, said, registered, evaluation)


def _write_card(card: str, evaluation: Evaluation, folder: Path) -> None:
    """The card beside the model, with its calibration picture where there is one."""
    picture = calibration_svg(evaluation)
    if picture is not None:
        with replacing(folder / CALIBRATION_FILE) as temporary:
            temporary.write_text(picture, encoding="utf-8")
    with replacing(folder / "model_card.md") as temporary:
        temporary.write_text(card_as_file(card, picture is not None), encoding="utf-8")


def _described(model: RiskModel, cohort: str) -> dict[str, object]:
    """What the report of the evaluation says of the run."""
    return {
        "title": f"Validation of {model.name}",
        "model": model.name,
        "version": model.version,
        "stage": model.stage,
        "cohort": f"the training cohort '{cohort}'",
        "labels": model.labels,
        "definition": model.definition,
        "cytopenia_rule": model.cytopenia_rule,
        "horizon_days": model.horizon_days,
        "counts": dict(model.counts),
        "simulated_training": model.card.simulated,
        "warnings": list(model.card.warnings),
    }
