"""Validation of a training run: held-out risks of every model, and what they amount to."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from riskmodel.arrays import Floats, expit
from riskmodel.cohort import Cohort
from riskmodel.evaluation import (
    MODEL,
    RIDGE,
    Contender,
    Evaluation,
    Examples,
    Maker,
    Signal,
    Validation,
    assess,
    check_signal,
    compare,
    corrected,
    in_words,
    load_policy,
    out_of_fold,
    rounds,
    scheme_in_words,
)
from riskmodel.models import least_grade
from riskmodel.training.design import Design
from riskmodel.training.record import fold_figures


def validated(
    cohort: Cohort, rows: Examples, models: Mapping[str, Maker], plan: Design
) -> tuple[Evaluation, Signal | None, Floats]:
    """Hold patients out by the design's scheme, and evaluate every model on them.

    Parameters
    ----------
    cohort : Cohort
    rows : Examples
        Of every outcome.
    models : mapping of str to Maker
        `MODEL` first.
    plan : Design

    Returns
    -------
    (Evaluation, Signal or None, float64 array)
        Last the model's held-out log-odds, one per row, NaN where a row was never held out.

    Raises
    ------
    SchemaError
        When the cohort lacks what the scheme needs.
    """
    check = plan.validation
    splits = rounds(cohort, rows, check)
    more: dict[str, pd.DataFrame] = {}
    if check.scheme == "bootstrap":
        more["optimism"], held_out = corrected(rows, models[MODEL], splits, seed=check.seed)
        others = {name: one for name, one in models.items() if name != MODEL}
        predictions = {MODEL: held_out, **out_of_fold(rows, others, splits)}
    else:
        predictions = out_of_fold(rows, models, splits)
    # A draw of patients leaves about a third of them out, as three folds would.
    parts = 3 if check.scheme == "bootstrap" else len(splits[0])
    signal = check_signal(
        rows,
        predictions[MODEL],
        splits=parts,
        permutations=check.permutations,
        seed=check.seed,
    )
    if RIDGE in predictions:
        more["beside_ridge"] = _beside(rows, predictions, RIDGE, check)
    more["folds"] = fold_figures(rows, predictions[MODEL], splits)
    how, policy = scheme_in_words(check), load_policy(plan.alarm_policy)
    found = assess(
        cohort,
        rows,
        [Contender.of_logit(name, logit, how) for name, logit in predictions.items()],
        cytopenia_rule=plan.cytopenia_rule,
        horizon_days=plan.horizon_days,
        least_grade=least_grade(plan.target),
        draws=check.bootstrap,
        seed=check.seed,
        about={
            "how": how,
            "signal": "" if signal is None else signal.sentence(),
            "watched": in_words(rows.watched),
            "groups": policy.says(plan.risk_groups),
        },
        policy=policy,
    )
    return Evaluation({**found.tables, **more}, found.about), signal, predictions[MODEL]


def _beside(
    rows: Examples, predictions: Mapping[str, Floats], other: str, check: Validation
) -> pd.DataFrame:
    """`compare` of the model and another on the rows for which both hold a held-out risk."""
    both = {name: predictions[name] for name in (MODEL, other)}
    kept = rows.known & ~np.isnan(np.column_stack([*both.values()])).any(axis=1)
    if len(np.unique(rows.y[kept])) < 2:
        return pd.DataFrame()
    risks = {name: expit(logit[kept]) for name, logit in both.items()}
    table = compare(
        rows.y[kept], risks, rows.weight[kept], rows.patient[kept],
        draws=check.bootstrap, seed=check.seed,
    )  # fmt: skip
    return table[table["model"] == other].reset_index(drop=True)


def main_figures(evaluation: Evaluation) -> pd.DataFrame:
    """The figures for the card and the run: every model on all rows, the model by time.

    Subgroups and every other table are in the evaluation itself.
    """
    table = evaluation.figures
    whole = table["kind"] == "all"
    by_time = (table["model"] == MODEL) & table["kind"].isin(("landmark", "lead"))
    return table[whole | by_time].reset_index(drop=True)
