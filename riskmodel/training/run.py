"""Train a model: resolve the design, gather rows, validate, fit on all, deliver."""

import hashlib
import json
import warnings
from dataclasses import dataclass, replace
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from riskmodel import __version__
from riskmodel.arrays import Floats, expit
from riskmodel.cohort import Cohort, product_name, products
from riskmodel.evaluation import (
    MODEL,
    Evaluation,
    Examples,
    Signal,
    check_seen,
    described,
    earlier_figures,
    sample_warning,
)
from riskmodel.features import Catalogue, stage_named
from riskmodel.models import (
    Earlier,
    FewEventsWarning,
    LabelSource,
    ModelCard,
    RiskClassifier,
    RiskModel,
    directions_kept,
    fit_earlier,
    least_grade,
    training_ranges,
)
from riskmodel.training.card import model_card
from riskmodel.training.card_tables import (
    net_benefit_table,
    participants_table,
    predictors_table,
)
from riskmodel.training.delivery import Destinations, Progress
from riskmodel.training.design import Design, resolved
from riskmodel.training.gate import stored_figures
from riskmodel.training.known_patients import in_order, marks_of, twins
from riskmodel.training.record import fingerprint, stored_calibration
from riskmodel.training.rows import TrainingRows, gathered
from riskmodel.training.update import updated_from
from riskmodel.training.validation_run import main_figures, validated


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


def train(
    cohort: Cohort,
    stage: str,
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
    force: bool = False,
    why: str | None = None,
    progress: Progress = lambda text: None,
) -> TrainingResult:
    """Train a model of one stage on a cohort.

    Parameters
    ----------
    cohort : Cohort
    stage : {"pre-infusion", "early"}
        With a hyphen or an underscore.
    labels : {"rules", "adjudicated", "rules+adjudicated"}, optional
        A named definition, the humans' ``iec_hs`` events, or both, theirs before the rules'; the
        design's by default.
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
    force : bool
        Train although more of the time at risk was not watched than the design allows, and register
        under a name that holds the other stage; needs `why`.
    why : str, optional
        The reason, kept on the card.
    progress : callable
        Told what is being done.

    Raises
    ------
    SchemaError
        When the design is wrong or the cohort cannot be trained on.
    """
    stage = stage_named(stage)
    plan = resolved(design, stage, labels, definition)
    cohort = in_order(cohort)
    places = Destinations.of(out, evaluation_out, register, track)
    places.check(stage, force=force)
    name = name or register or f"riskmodel-{stage.replace('_', '-')}"
    about_run = f"train {stage.replace('_', '-')}, {plan.definition}, {len(cohort)} patients"
    with places.run(about_run) as run:
        progress("labels and features")
        start = gathered(cohort, stage, plan, catalogue, update)
        forced = check_seen(start.rows.watched, plan.most_unseen, force, why, cohort.name)
        progress(f"validation: {plan.validation.scheme}")
        evaluation, signal, held_out = validated(cohort, start.rows, start.models, plan)
        earlier, evaluation = _earlier(cohort, start, plan, held_out, evaluation)
        progress("fit on all patients")
        classifier, said = _fitted(start)
        said += forced + _warnings(start, evaluation, signal)
        updated = None if update is None else updated_from(update, start.events)
        model = _model(
            cohort, start, plan, classifier, evaluation, signal, said, name, simulated, updated
        )
        model = replace(model, earlier=earlier)
        about = described(
            model, f"Validation of {name}", f"the training cohort '{cohort.name}'", model.counts
        )
        evaluation = replace(evaluation, about={**evaluation.about, **about, "warnings": said})
        version = places.deliver(model, start.examples.X, plan, evaluation, run, progress)
    return TrainingResult(
        model, main_figures(evaluation), model.card.text, said, version, evaluation
    )


def _earlier(
    cohort: Cohort, start: TrainingRows, plan: Design, held_out: Floats, evaluation: Evaluation
) -> tuple[Earlier | None, Evaluation]:
    """What the model says of days before its horizon, and how that did on held-out patients."""
    if not plan.also_days:
        return None, evaluation
    rows, risk = start.rows, expit(held_out)
    onset, weight = rows.hours + rows.lead, np.where(rows.known, rows.weight, 0.0)
    found = fit_earlier(plan.also_days, plan.horizon_days, risk, rows.hours, onset, weight)
    how = (plan.labels, plan.definition, plan.cytopenia_rule)
    check = plan.validation
    table = earlier_figures(
        cohort, rows, risk, found, how,
        least_grade=least_grade(plan.target), draws=check.bootstrap, seed=check.seed,
    )  # fmt: skip
    return found, replace(evaluation, tables={**evaluation.tables, "earlier_days": table})


def _fitted(start: TrainingRows) -> tuple[RiskClassifier, list[str]]:
    """The model on all patients, and what it says of few events."""
    rows = start.examples
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", FewEventsWarning)
        classifier = (
            start.models[MODEL]
            .make()
            .fit(rows.X, rows.y, sample_weight=rows.weight, patient=rows.patient)
        )
    return classifier, [str(w.message) for w in caught if issubclass(w.category, FewEventsWarning)]


def _warnings(start: TrainingRows, evaluation: Evaluation, signal: Signal | None) -> list[str]:
    """What the rows and the validation have to say against the model."""
    counts = start.examples.counts
    said = sample_warning(counts["patients"], start.events, len(start.features))
    if start.unseen:
        said.append(f"Left out, as no training patient has a value: {', '.join(start.unseen)}.")
    rows = start.examples
    if alike := twins(rows.X, rows.patient, rows.hours):
        said.append(
            f"{alike} patients have every value of another patient: the same person under a second "
            "identifier counts twice, and folds may part the two. Look for them in the cohort."
        )
    if signal is not None and not signal.found:
        said.append(signal.sentence())
    figures = main_figures(evaluation)
    overall = figures[(figures["model"] == MODEL) & (figures["metric"] == "auroc")]
    if overall["value"].isna().all():
        said.append(
            f"With {start.events} patients with the event no fold could be held out "
            "with one on both sides: this model is not validated."
        )
    return said


def _model(
    cohort: Cohort,
    start: TrainingRows,
    plan: Design,
    classifier: RiskClassifier,
    evaluation: Evaluation,
    signal: Signal | None,
    said: list[str],
    name: str,
    simulated: bool,
    updated: dict[str, Any] | None,
) -> RiskModel:
    """The fitted classifier with its card and everything needed to use it rightly."""
    examples, features, figures = start.examples, start.features, main_figures(evaluation)
    about: dict[str, Any] = {
        "name": name,
        "stage": plan.stage,
        "definition": "adjudicated" if plan.labels == "adjudicated" else plan.definition,
        "cytopenia_rule": plan.cytopenia_rule,
        "labels": plan.labels,
        "horizon_days": plan.horizon_days,
        "counts": dict(examples.counts),
        "trained_on": _trained_on(cohort, examples),
    }
    text = model_card(
        {
            **about,
            "also_days": plan.also_days,
            "target": plan.target,
            "weights": {str(k): float(v) for k, v in classifier.weights_.items()},
            "directions": directions_kept(classifier, examples.X),
            "warnings": said,
            "simulated": simulated,
            "design": plan.name,
            "updated_from": updated,
            "parameters": len(features),
            "groups": list(dict.fromkeys(f.group for f in features)),
            "participants": participants_table(cohort, examples),
            "predictors": predictors_table(classifier, features, examples.X),
            "net_benefit": net_benefit_table(evaluation, plan.risk_groups),
        },
        evaluation,
        figures,
    )
    data = fingerprint(examples)
    places, known = marks_of(examples.X, examples.patient, examples.hours)
    design = json.dumps(plan.as_dict(), sort_keys=True)
    return RiskModel(
        classifier=classifier,
        version=hashlib.sha256((data + design).encode()).hexdigest()[:8],
        catalogue={"text": features.text, "features": features.names},
        ranges=training_ranges(examples.X),
        fingerprint=data,
        created_with={
            "riskmodel": __version__,
            **{p: package_version(p) for p in ("numpy", "pandas", "scikit-learn", "xgboost")},
        },
        card=ModelCard.model_validate(
            {
                "text": text,
                "simulated": simulated,
                "warnings": said,
                "no_signal": signal is not None and not signal.found,
                "places": places,
                "known": known,
                "updated_from": updated,
                "design": plan.as_dict(),
                "held_out": stored_figures(evaluation, plan.gate),
                "calibration": stored_calibration(evaluation),
                "performance": json.loads(figures.to_json(orient="records")),
            }
        ),
        **about,
    )


def _trained_on(cohort: Cohort, examples: Examples) -> dict[str, list[str]]:
    patients = cohort.patients.iloc[np.unique(examples.patient)]
    names = ("target_antigen", "costimulatory_domain", "disease")
    found = {name: sorted(patients[name].dropna().unique().tolist()) for name in names}
    counts = patients["product"].dropna().map(product_name).value_counts()
    generic = {product.name for product in products()}
    kept = [str(n) for n, k in counts.items() if n in generic or k >= FEWEST_OF_A_PRODUCT]
    return {"product": sorted(kept), **found}
