"""Training rows of a design, and the models that are to be compared on them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from riskmodel.cohort import Cohort
from riskmodel.evaluation import (
    MODEL,
    Examples,
    Maker,
    at_risk_rows,
    counted,
    joined,
    labelled,
    makers,
    prediction_times,
    score_columns,
    with_scores,
)
from riskmodel.features import Catalogue, Stage, load_catalogue, stage_named
from riskmodel.models import (
    LabelSource,
    RiskClassifier,
    RiskModel,
    check_sources,
    factor_columns,
    least_grade,
    model_catalogue,
    priors,
)
from riskmodel.training.design import ABLATED, Design, chosen, observed, resolved, without_criteria
from riskmodel.training.update import Unchanged, check_base, updater


@dataclass(frozen=True)
class TrainingRows:
    """Everything that a validation and a fit need.

    Attributes
    ----------
    features : Catalogue
        What the model sees.
    unseen : list of str
        Features left out, as no training patient has a value.
    rows : Examples
        Of every outcome, with the comparators' columns.
    examples : Examples
        Those whose outcome is known, with the model's columns only.
    models : mapping of str to Maker
        `MODEL` first, then what it is compared with.
    """

    features: Catalogue
    unseen: list[str]
    rows: Examples
    examples: Examples
    models: Mapping[str, Maker]

    @property
    def events(self) -> int:
        """Patients with the event whose outcome is known."""
        return int(self.examples.counts["events"])


def training_rows(
    cohort: Cohort, catalogue: Catalogue, stage: Stage, source: LabelSource, design: Design
) -> Examples:
    """Rows of a stage: one per patient before infusion, one per patient and landmark early.

    Those of patients whose outcome is not known weigh nothing: `lost` patients carry their weight
    over to the others, `not_assessed` ones are left out and counted.

    Raises
    ------
    SchemaError
        When nobody's outcome is known, or all have the same.
    """
    labels = labelled(
        cohort, source, design.definition, design.cytopenia_rule, design.horizon_days,
        least_grade(design.target),
    )  # fmt: skip
    times = prediction_times(stage, design.landmark_days)
    signs = (design.definition, design.cytopenia_rule)
    rows = at_risk_rows(cohort, catalogue, labels, times, signs)
    return counted(rows, cohort, f"for the {stage} stage", source, "train on")


def training_examples(
    cohort: Cohort,
    stage: str,
    *,
    labels: LabelSource | None = None,
    design: Design | str | Path = "default",
    definition: str | None = None,
    catalogue: Catalogue | None = None,
) -> Examples:
    """The rows that `train` fits a model to, for any estimator of scikit-learn's form.

    Parameters
    ----------
    cohort : Cohort
    stage : {"pre-infusion", "early"}
        One row per patient, or one per patient and landmark day of the design.
    labels, design, definition
        As for `train`.
    catalogue : Catalogue, optional
        Whose features of the stage are the columns; by default those that the design chooses from
        the shipped one.

    Returns
    -------
    rows : Examples
        ``X`` (features, NaN where unknown), ``y`` (1 for an onset between the prediction time and
        the horizon), ``weight`` (censoring weights, shared over a patient's rows) and ``patient``
        (codes, for folds that keep a patient's rows together), and more.

    Raises
    ------
    SchemaError
        When the design is wrong, nobody's outcome is known, or all have the same.

    Examples
    --------
    >>> import tempfile
    >>> from riskmodel import read_cohort, simulate
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     simulate(Path(folder) / "c", patients=150, seed=1)
    ...     rows = training_examples(read_cohort(Path(folder) / "c"), "pre-infusion")
    >>> rows.X.shape[0] == len(rows.y) == len(rows.weight) == len(rows.patient)
    True
    """
    named = stage_named(stage)
    plan = resolved(design, named, labels, definition)
    features = catalogue
    if features is None:
        features = chosen(load_catalogue().stage(named).for_horizon(plan.horizon_days), plan)
    rows = training_rows(cohort, features.stage(named), named, plan.labels, plan)
    return rows.take(rows.known)


def gathered(
    cohort: Cohort,
    stage: Stage,
    plan: Design,
    catalogue: Catalogue | None,
    update: RiskModel | None,
) -> TrainingRows:
    """Labels, features and makers of a run.

    Parameters
    ----------
    cohort : Cohort
    stage : {"pre_infusion", "early"}
    plan : Design
        Resolved.
    catalogue : Catalogue, optional
        Instead of the shipped one.
    update : RiskModel, optional
        The model to start from: its own features are used.

    Raises
    ------
    SchemaError
        When the cohort cannot be trained on, `update` is of another stage or horizon, or two
        clinical factors cannot be told apart by their columns.
    """
    full = (catalogue or load_catalogue()).stage(stage).for_horizon(plan.horizon_days)
    check_sources(full, plan.exclude_sources)
    if update is None:
        features = chosen(full, plan)
    else:
        check_base(update, stage, plan.horizon_days, plan.target)
        features = model_catalogue(update)
    factor_columns(feature.group for feature in features)
    columns = score_columns(full, plan.comparators)
    wide = joined(features, full, [*columns.values()])
    rows = training_rows(cohort, wide, stage, plan.labels, plan)
    rows = replace(rows, X=with_scores(rows.X, columns))
    examples = rows.take(rows.known)
    unseen: list[str] = []
    if update is None:
        features, unseen = observed(features, examples.X)
    examples = replace(examples, X=examples.X[features.names])
    events = int(examples.counts["events"])

    def maker(used: Catalogue) -> Maker:
        if update is not None:
            return Maker(updater(update, events, plan.settings), used.names)
        given = {**priors(used, plan.exclude_sources), **plan.settings}
        return Maker(lambda: RiskClassifier(**given, n_jobs=-1), used.names)

    models = {MODEL: maker(features), **makers(rows.X, columns, features.names, plan.comparators)}
    plain = without_criteria(features)
    if update is not None:
        unchanged = Maker(lambda: Unchanged(update.classifier), features.names)
        models["the model before its update"] = unchanged
    elif plan.validation.ablation and len(plain) < len(features):
        models[ABLATED] = maker(plain)
    return TrainingRows(features, unseen, rows, examples, models)
