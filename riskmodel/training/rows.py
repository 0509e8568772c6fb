"""Training rows: those of a design, with the patients whose outcome is known counted."""

from riskmodel.cohort import Cohort
from riskmodel.evaluation import (
    Examples,
    LabelSource,
    at_risk_rows,
    counted,
    outcome_table,
    prediction_times,
)
from riskmodel.features import Catalogue, Stage
from riskmodel.training.design import Design


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
    labels = outcome_table(
        cohort, source, design.definition, design.cytopenia_rule, design.horizon_days
    )
    times = prediction_times(stage, design.landmark_days)
    signs = (design.definition, design.cytopenia_rule)
    rows = at_risk_rows(cohort, catalogue, labels, times, signs)
    return counted(rows, cohort, f"for the {stage} stage", source, "train on")


def training_examples(
    cohort: Cohort, catalogue: Catalogue, stage: Stage, source: LabelSource, design: Design
) -> Examples:
    """Those of `training_rows` whose outcome is known: what a model is fitted to."""
    rows = training_rows(cohort, catalogue, stage, source, design)
    return rows.take(rows.known)
