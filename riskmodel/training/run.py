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
from riskmodel.training.card import model_card
from riskmodel.training.design import Design, load_design
from riskmodel.training.evaluation.assess import Evaluation, assess
from riskmodel.training.evaluation.contenders import (
    MODEL,
    Contender,
    makers,
    score_columns,
    with_scores,
)
from riskmodel.training.evaluation.external import joined
from riskmodel.training.evaluation.signal import Signal, check_signal
from riskmodel.training.examples import Examples, LabelSource, training_rows
from riskmodel.training.fingerprint import fingerprint
from riskmodel.training.gate import stored_figures
from riskmodel.training.optimism import corrected
from riskmodel.training.priors import priors
from riskmodel.training.sample_size import anticipated_r2, minimum_sample
from riskmodel.training.update import (
    Unchanged,
    base_catalogue,
    check_base,
    updated_from,
    updater,
)
from riskmodel.training.validation import Maker, out_of_fold, rounds, scheme_in_words

Progress = Callable[[str], None]

ABLATED = "riskmodel without criteria signs"
CRITERIA_GROUP = "Criteria signs so far"
"""Clinical factor of the features that come from the definition's own signs."""


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


def _trained_on(cohort: Cohort, examples: Examples) -> dict[str, list[str]]:
    patients = cohort.patients.iloc[np.unique(examples.patient)]
    names = ("target_antigen", "costimulatory_domain", "disease")
    return {name: sorted(patients[name].dropna().unique().tolist()) for name in names}


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
    source: LabelSource = labels or ("adjudicated" if plan.labels == "adjudicated" else "rules")
    plan = replace(plan, stage=stage, labels=source)
    full = (catalogue or load_catalogue()).stage(stage)
    if update is None:
        features = chosen(full, plan)
    else:
        check_base(update, stage, plan.horizon_days)
        features = base_catalogue(update)
    progress("labels and features")
    columns = score_columns(full, plan.comparators)
    rows = training_rows(cohort, joined(features, full, [*columns.values()]), stage, source, plan)
    rows = replace(rows, X=with_scores(rows.X, columns))
    examples = rows.take(rows.known)
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
    check = plan.validation
    splits = rounds(cohort, rows, check)
    price = None
    if check.scheme == "bootstrap":
        price, held_out = corrected(rows, models[MODEL], splits, seed=check.seed)
        others = {name: one for name, one in models.items() if name != MODEL}
        predictions = {MODEL: held_out, **out_of_fold(rows, others, splits)}
    else:
        predictions = out_of_fold(rows, models, splits)
    signal = check_signal(
        rows, predictions[MODEL], permutations=check.permutations, seed=check.seed
    )
    progress("evaluation")
    evaluation = assess(
        cohort,
        rows,
        [Contender.of_logit(n, z, "held out, by the scheme above") for n, z in predictions.items()],
        cytopenia_rule=plan.cytopenia_rule,
        horizon_days=plan.horizon_days,
        draws=check.bootstrap,
        seed=check.seed,
        about={},
    )
    if price is not None:
        evaluation = replace(evaluation, tables={**evaluation.tables, "optimism": price})
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
    said += _sample_warning(examples, len(features))
    if signal is not None and not signal.found:
        said.append(signal.sentence())
    overall = figures[(figures["model"] == MODEL) & (figures["metric"] == "auroc")]
    if overall["value"].isna().all():
        said.append(
            f"With {examples.counts['events']} patients with the event no fold could be held out "
            "with one on both sides: this model is not validated."
        )
    about = {
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
            "held_out": stored_figures(evaluation, plan.gate),
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
    evaluation = replace(evaluation, about={**evaluation.about, **_described(model, plan, signal)})
    return TrainingResult(model, figures, card, said, registered, evaluation)


def _described(model: RiskModel, plan: Design, signal: Signal | None) -> dict[str, object]:
    """What the report of the evaluation says of the run."""
    return {
        "title": f"Validation of {model.name}",
        "how": scheme_in_words(plan.validation),
        "model": model.name,
        "version": model.version,
        "stage": model.stage,
        "cohort": "the training cohort",
        "labels": model.labels,
        "definition": model.definition,
        "cytopenia_rule": model.cytopenia_rule,
        "horizon_days": model.horizon_days,
        "counts": dict(model.counts),
        "simulated_training": bool(model.card.get("simulated")),
        "warnings": list(model.card["warnings"]),
        "signal": "" if signal is None else signal.sentence(),
    }


def main_figures(evaluation: Evaluation) -> pd.DataFrame:
    """The figures for the card and the run: every model on all rows, the model by time.

    Subgroups and every other table are in the evaluation itself.
    """
    table = evaluation.figures
    whole = table["kind"] == "all"
    by_time = (table["model"] == MODEL) & table["kind"].isin(("landmark", "lead"))
    return table[whole | by_time].reset_index(drop=True)


def chosen(full: Catalogue, plan: Design) -> Catalogue:
    """The features that a design gives to its model."""
    if not plan.groups:
        return full.for_model(plan.features)
    kept = [f.name for f in full.for_model() if f.group in plan.groups]
    if not kept:
        raise SchemaError(
            f"Design '{plan.name}' names groups of which no feature is known at this stage: "
            f"{', '.join(plan.groups)}. Name others."
        )
    return full.select(kept)


def without_criteria(features: Catalogue) -> Catalogue:
    """The features that do not come from the signs of the definition itself."""
    kept = tuple(f for f in features if f.group != CRITERIA_GROUP)
    return Catalogue(kept, features.text)


def _sample_warning(examples: Examples, parameters: int) -> list[str]:
    patients, events = examples.counts["patients"], examples.counts["events"]
    share = min(max(events / patients, 0.005), 0.995)
    needed = minimum_sample(share, parameters).needed
    if patients >= needed:
        return []
    hopeful = minimum_sample(share, parameters, cox_snell_r2=anticipated_r2(share, 0.8)).needed
    return [
        f"{patients} patients with {events} events are fewer than the {needed} patients that "
        f"{parameters} candidate features ask for (Riley 2019, assuming a Nagelkerke R-squared of "
        f"0.15; {hopeful} where an AUROC of 0.8 can be expected): the fit leans on the evidence, "
        "and its figures are wide."
    ]
