"""External validation: a stored model on the patients of any cohort."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from riskmodel.cohort import Cohort
from riskmodel.criteria import known_definition
from riskmodel.evaluation.alarm_policy import Policy, load_policy, stored_policy
from riskmodel.evaluation.evaluation import Evaluation, assess
from riskmodel.evaluation.follow_up.labelling import labelled
from riskmodel.evaluation.follow_up.unseen import in_words
from riskmodel.evaluation.measures.comparators import (
    COMPARATORS,
    MODEL,
    Contender,
    outside,
    score_columns,
    with_scores,
)
from riskmodel.evaluation.measures.earlier_days import earlier_figures
from riskmodel.evaluation.measures.metrics import logit_of
from riskmodel.evaluation.pages.writing import ABOUT_FILE, write_evaluation
from riskmodel.evaluation.rows import (
    Examples,
    at_risk_rows,
    counted,
    prediction_times,
)
from riskmodel.features import Catalogue, load_catalogue
from riskmodel.files import check_output_folder
from riskmodel.models import LabelSource, RiskModel, directions_kept, model_catalogue, predict_frame


def joined(features: Catalogue, full: Catalogue, columns: Sequence[str]) -> Catalogue:
    """The features of a model, and those of the full catalogue that the comparators need."""
    needed = {part for column in columns for part in column.split("+")}
    extra = tuple(f for f in full if f.name in needed - set(features.names))
    return Catalogue((*features, *extra), features.text)


def model_rows(
    cohort: Cohort,
    model: RiskModel,
    *,
    labels: LabelSource | None = None,
    definition: str | None = None,
) -> tuple[Examples, Contender]:
    """Rows of a cohort at risk at the model's prediction times, and its risks on them.

    The risks are those of `riskmodel score`; the matrix also holds the comparators' columns.

    Parameters
    ----------
    cohort : Cohort
    model : RiskModel
    labels : {"rules", "adjudicated"}, optional
        The model's own by default.
    definition : str, optional
        Of the labels, instead of the model's.

    Raises
    ------
    SchemaError
        For an unknown definition, or a cohort on which nothing can be said.
    """
    stage = model.stage
    signs, source = model.signs, labels or model.labels
    wanted = rows_definition(model, definition)
    full = load_catalogue().stage(stage)
    features = joined(model_catalogue(model), full, list(score_columns(full).values()))
    outcome = labelled(
        cohort, source, wanted, model.cytopenia_rule, model.horizon_days, model.least_grade
    )
    times = prediction_times(stage, model.card.design.landmark_days)
    rows = at_risk_rows(cohort, features, outcome, times, signs)
    rows = counted(rows, cohort, f"for the {stage} stage", source, "evaluate on")
    risk = predict_frame(model, rows.X)["risk"].to_numpy()
    return rows, Contender(MODEL, risk, logit_of(risk), "as stored: no part of it was fitted here")


def rows_definition(model: RiskModel, asked: str | None) -> str:
    """The definition that rows are labelled by: the one asked for, else the model's.

    Raises
    ------
    SchemaError
        For an unknown one.
    """
    own = model.signs[0] if model.definition == "adjudicated" else model.definition
    return known_definition(asked or own)


def described(
    model: RiskModel, title: str, cohort: str, counts: Mapping[str, int]
) -> dict[str, object]:
    """What the report of an evaluation says of the model and its patients."""
    return {
        "title": title,
        "model": model.name,
        "version": model.version,
        "stage": model.stage,
        "cohort": cohort,
        "labels": model.labels,
        "definition": model.definition,
        "cytopenia_rule": model.cytopenia_rule,
        "horizon_days": model.horizon_days,
        "counts": dict(counts),
        "simulated_training": model.card.simulated,
    }


def evaluate(
    cohort: Cohort,
    model: RiskModel,
    *,
    labels: LabelSource | None = None,
    definition: str | None = None,
    comparators: Sequence[str] = COMPARATORS,
    draws: int = 500,
    seed: int = 20,
    policy: Policy | str | Path | None = None,
    out: Path | str | None = None,
) -> Evaluation:
    """Evaluate a model on a cohort: every figure with an interval, beside the comparators.

    Parameters
    ----------
    cohort : Cohort
        Best one that the model was not trained on; whether it was cannot be told from here.
    model : RiskModel
    labels : {"rules", "adjudicated"}, optional
        Which onsets count; the model's own source by default.
    definition : str, optional
        Label definition instead of the model's.
    comparators : sequence of str
        Names of `riskmodel.evaluation.measures.comparators.COMPARATORS`.
    draws : int
        Bootstrap draws of patients behind each interval.
    seed : int
    policy : Policy, str or path, optional
        Alarm policy: a shipped one's name or a TOML file; that of the model's design by default.
    out : path, optional
        Folder to write the tables, pictures and report.html to.

    Raises
    ------
    SchemaError
        When the cohort has no patient with, or none without, the event, or `out` holds what is
        not an evaluation.
    """
    out = None if out is None else Path(out)
    if out is not None:
        check_output_folder(out, ABOUT_FILE)
    design = model.card.design
    if policy is None:
        policy = stored_policy(design.alarms)
    elif not isinstance(policy, Policy):
        policy = load_policy(policy)
    rows, own = model_rows(cohort, model, labels=labels, definition=definition)
    columns = score_columns(load_catalogue().stage(model.stage), comparators)
    rows = replace(rows, X=with_scores(rows.X, columns))
    others = outside(rows, columns, model.features, comparators)
    about = {
        **described(model, f"Evaluation of {model.name}", cohort.name, rows.counts),
        "how": "External validation: the stored model on the patients of this cohort.",
        "labels": labels or model.labels,
        "watched": in_words(rows.watched),
        "definition": definition or model.definition,
        "groups": policy.says(design.risk_groups),
        "directions": directions_kept(model.classifier, rows.X),
        "ablation": "The ablation without criteria-derived features refits the model; it is shown "
        "in the evaluation that training writes, and does not apply to a stored model.",
    }
    found = assess(
        cohort,
        rows,
        [own, *others],
        cytopenia_rule=model.cytopenia_rule,
        horizon_days=model.horizon_days,
        least_grade=model.least_grade,
        draws=draws,
        seed=seed,
        about=about,
        policy=policy,
    )
    if model.earlier is not None:
        how = (labels or model.labels, rows_definition(model, definition), model.cytopenia_rule)
        more = {"least_grade": model.least_grade, "draws": draws, "seed": seed}
        table = earlier_figures(cohort, rows, own.risk, model.earlier, how, **more)
        found = replace(found, tables={**found.tables, "earlier_days": table})
    if out is not None:
        write_evaluation(found, out)
    return found
