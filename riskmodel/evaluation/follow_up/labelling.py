"""Where labels come from: a definition's rules, the humans' adjudicated onsets, or both."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.arrays import Codes, Flags, Floats
from riskmodel.cohort import Cohort
from riskmodel.criteria import adjudicated, evaluate_signs, label
from riskmodel.errors import SchemaError
from riskmodel.evaluation.follow_up.watching import Watch, followed
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
    cohort: Cohort,
    source: LabelSource,
    definition: str,
    cytopenia_rule: str,
    horizon_days: float,
    least_grade: int = 1,
) -> Labels:
    """Label a cohort by rules, by humans, or by rules with the humans' onsets before them.

    Where an event has to reach a grade, an onset whose episode does not is competing: it ends the
    time at risk, as there is no forecast after an onset, and is no event.

    Raises
    ------
    SchemaError
        For an unknown definition or rule, a horizon that is not positive, or a grade that has to be
        reached where an onset has none.
    """
    found = _any_onset(cohort, source, definition, cytopenia_rule, horizon_days)
    if least_grade == 1:
        return found
    table = found.table.copy()
    onset = table["onset_hours"].to_numpy(np.float64)
    came = ~np.isnan(onset)
    ungraded = int((came & table["grade"].isna().to_numpy()).sum())
    if ungraded:
        raise SchemaError(
            f"Cohort '{cohort.name}' has {ungraded} onsets without a grade, and the target asks "
            f"for grade {least_grade} or more. Give the iec_hs events their grade, use a "
            "definition that grades, or train on target 'onset'."
        )
    lower = came & (table["grade"].fillna(0).to_numpy(np.float64) < least_grade)
    first = lower & (table["outcome"] == "event").to_numpy()
    table.loc[first, "outcome"] = "competing"
    table.loc[first, "outcome_hours"] = onset[first]
    table.loc[lower, "onset_hours"] = np.nan
    return replace(found, table=table, by_humans=found.by_humans & ~lower)


def _any_onset(
    cohort: Cohort, source: LabelSource, definition: str, cytopenia_rule: str, horizon_days: float
) -> Labels:
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
    cohort: Cohort,
    source: LabelSource,
    definition: str,
    cytopenia_rule: str,
    horizon_days: float,
    least_grade: int = 1,
) -> pd.DataFrame:
    """The table of `labelled`."""
    return labelled(cohort, source, definition, cytopenia_rule, horizon_days, least_grade).table


def outcomes_after(labels: Labels, patient: Codes, hours: Floats) -> npt.NDArray[np.object_]:
    """What became of patients at risk at a prediction time, as fitting and figures count it.

    The letter of `no_event` asks for unbroken watching, which sicker patients have: to count only
    those would keep the events and drop the others. An onset found after the horizon counts where
    more than half of the time in which it may have come lies before it.
    """
    table = labels.table
    if labels.watch is None:
        return table["outcome"].to_numpy(dtype=object)[patient]
    after = followed(labels.watch, table, labels.by_humans, patient, hours, labels.horizon)
    late = (after.outcome == "event") & (after.part <= 0.5)
    return np.where(late, np.array("no_event", dtype=object), after.outcome)
