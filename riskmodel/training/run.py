"""Train a model: label, build, validate, fit on all, write the folder, track and register."""

import hashlib
import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version as package_version
from pathlib import Path

import numpy as np
import pandas as pd

from riskmodel import __version__
from riskmodel.cohort import Cohort
from riskmodel.criteria import definition_names
from riskmodel.errors import SchemaError
from riskmodel.features import Catalogue, Stage, load_catalogue
from riskmodel.files import replacing
from riskmodel.models import (
    FewEventsWarning,
    RiskClassifier,
    RiskModel,
    check_destination,
    save_model,
    training_ranges,
)
from riskmodel.training.card import minimum_sample, model_card
from riskmodel.training.design import Design, load_design
from riskmodel.training.examples import Examples, LabelSource, training_examples
from riskmodel.training.priors import priors
from riskmodel.training.update import (
    Unchanged,
    base_catalogue,
    check_base,
    updated_from,
    updater,
)
from riskmodel.training.validation import comparators, out_of_fold, performance

Progress = Callable[[str], None]
_FERRITIN = {"pre_infusion": "ferritin_baseline_log10", "early": "ferritin_last_log10"}


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
    """

    model: RiskModel
    performance: pd.DataFrame
    card: str
    warnings: list[str]
    version: str | None = None


def fingerprint(examples: Examples) -> str:
    """SHA-256 of the training rows: tells two runs apart, tells nothing of a patient."""
    digest = hashlib.sha256()
    digest.update("\n".join(examples.X.columns).encode())
    for part in (examples.X.to_numpy(np.float64), examples.y, examples.weight, examples.hours):
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


def _trained_on(cohort: Cohort, examples: Examples) -> dict[str, list[str]]:
    patients = cohort.patients.iloc[np.unique(examples.patient)]
    names = ("target_antigen", "costimulatory_domain", "disease")
    return {name: sorted(patients[name].dropna().unique().tolist()) for name in names}


def train(
    cohort: Cohort,
    stage: Stage,
    *,
    labels: LabelSource = "rules",
    design: Design | str | Path = "default",
    definition: str | None = None,
    catalogue: Catalogue | None = None,
    name: str | None = None,
    simulated: bool = False,
    update: RiskModel | None = None,
    out: Path | None = None,
    register: str | None = None,
    track: bool = True,
    progress: Progress = lambda text: None,
) -> TrainingResult:
    """Train a model of one stage on a cohort.

    Parameters
    ----------
    cohort : Cohort
    stage : {"pre_infusion", "early"}
    labels : {"rules", "adjudicated"}
        A named definition, or the humans' ``iec_hs`` events.
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
    out : Path, optional
        Model folder to write.
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
    if out is not None:
        check_destination(out)
    if track:
        from riskmodel.tracking import check_store

        check_store(register)
    if update is None:
        features = (catalogue or load_catalogue()).stage(stage).for_model(plan.features)
    else:
        check_base(update, stage, plan.horizon_days)
        features = base_catalogue(update)
    progress("labels and features")
    examples = training_examples(cohort, features, stage, labels, plan)
    events = int(examples.counts["events"])
    makers = {
        "riskmodel": (
            lambda: RiskClassifier(
                **priors(features, plan.exclude_sources), **plan.model, n_jobs=-1
            )
        )
        if update is None
        else updater(update, events, plan.model),
        **comparators(examples, _FERRITIN[stage]),
    }
    if update is not None:
        makers["the model before its update"] = lambda: Unchanged(update.classifier)
    progress("cross-validation")
    check = plan.validation
    predictions = out_of_fold(
        examples, makers, folds=check.folds, repeats=check.repeats, seed=check.seed
    )
    figures = performance(examples, predictions, draws=check.bootstrap, seed=check.seed)
    progress("fit on all patients")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", FewEventsWarning)
        classifier = makers["riskmodel"]().fit(
            examples.X, examples.y, sample_weight=examples.weight, patient=examples.patient
        )
    said = [str(w.message) for w in caught if issubclass(w.category, FewEventsWarning)]
    said += _sample_warning(examples, len(features))
    overall = figures[(figures["model"] == "riskmodel") & (figures["metric"] == "auroc")]
    if overall["value"].isna().all():
        said.append(
            f"With {examples.counts['events']} patients with the event no fold could be held out "
            "with one on both sides: this model is not validated."
        )
    about = {
        "name": name or register or f"riskmodel-{stage.replace('_', '-')}",
        "stage": stage,
        "definition": plan.definition if labels == "rules" else "adjudicated",
        "cytopenia_rule": plan.cytopenia_rule,
        "labels": labels,
        "horizon_days": plan.horizon_days,
        "counts": dict(examples.counts),
        "trained_on": _trained_on(cohort, examples),
    }
    updated = None if update is None else updated_from(update, events)
    weights = {str(k): float(v) for k, v in classifier.weights_.items()}
    card = model_card(
        {**about, "weights": weights, "warnings": said, "simulated": simulated,
         "design": plan.name, "updated_from": updated},
        figures,
    )  # fmt: skip
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
        card={
            "text": card,
            "simulated": simulated,
            "warnings": said,
            "updated_from": updated,
            "design": plan.as_dict(),
            "performance": json.loads(figures.to_json(orient="records")),
        },
        **about,
    )
    if out is not None:
        progress("write the model folder")
        save_model(model, out)
        with replacing(out / "model_card.md") as temporary:
            temporary.write_text(card, encoding="utf-8")
    registered = None
    if track:
        from riskmodel.tracking import log_training

        progress("log and register in MLflow")
        registered = log_training(model, plan.as_dict(), figures, register)
    return TrainingResult(model, figures, card, said, registered)


def _sample_warning(examples: Examples, parameters: int) -> list[str]:
    patients, events = examples.counts["patients"], examples.counts["events"]
    needed = minimum_sample(min(max(events / patients, 0.005), 0.995), parameters)
    if patients >= needed:
        return []
    return [
        f"{patients} patients with {events} events are fewer than the {needed} patients that "
        f"{parameters} candidate features ask for (Riley 2019, assuming a Nagelkerke R-squared of "
        "0.15): the fit leans on the evidence, and its figures are wide."
    ]
