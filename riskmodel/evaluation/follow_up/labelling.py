"""Where labels come from: a definition's rules, the humans' adjudicated onsets, or both."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from riskmodel.arrays import Flags
from riskmodel.cohort import Cohort
from riskmodel.criteria import adjudicated, evaluate_signs, label
from riskmodel.evaluation.follow_up.watching import Watch
from riskmodel.models import LabelSource


@dataclass(frozen=True)
class Labels:
    """Labels of a cohort, and how well it was watched.

    Attributes
    ----------
    table : DataFrame
        Of `riskmodel.criteria.label` or `adjudicated`, one row per patient.
    horizon : float
        Hours, exclusive.
    watch : Watch or None
        None for adjudicated onsets: humans are taken to have watched as long as there are records.
    by_humans : bool array of shape (n,)
        Whose onset a human dated.
    """

    table: pd.DataFrame
    horizon: float
    watch: Watch | None
    by_humans: Flags


def labelled(
    cohort: Cohort, source: LabelSource, definition: str, cytopenia_rule: str, horizon_days: float
) -> Labels:
    """Label a cohort by rules, by humans, or by rules with the humans' onsets before them.

    Raises
    ------
    SchemaError
        For an unknown definition or rule, or a horizon that is not positive.
    """
    horizon = 24.0 * horizon_days
    humans = adjudicated(cohort, horizon_days=horizon_days)
    theirs = humans["onset_hours"].notna().to_numpy()
    if source == "adjudicated":
        return Labels(humans, horizon, None, theirs)
    timeline = evaluate_signs(cohort, definition, cytopenia_rule)
    table = label(
        cohort,
        definition,
        cytopenia_rule=cytopenia_rule,
        horizon_days=horizon_days,
        timeline=timeline,
    )
    if source == "rules":
        return Labels(table, horizon, Watch.of(timeline), np.zeros(len(cohort), dtype=bool))
    for name in ("outcome", "outcome_hours", "onset_hours", "grade"):
        table[name] = table[name].where(~theirs, humans[name])
    return Labels(table, horizon, Watch.of(timeline), theirs)


def outcome_table(
    cohort: Cohort, source: LabelSource, definition: str, cytopenia_rule: str, horizon_days: float
) -> pd.DataFrame:
    """The table of `labelled`."""
    return labelled(cohort, source, definition, cytopenia_rule, horizon_days).table
