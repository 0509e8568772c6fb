"""Grade over time: what the records up to each day say."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from riskmodel.cohort import Cohort
from riskmodel.criteria.definitions.definition import Definition
from riskmodel.criteria.evaluation import evaluate_signs


def grades_by_day(
    cohort: Cohort,
    definition: str | Definition = "astct-2024",
    *,
    cytopenia_rule: str | None = "worsening",
    days: Iterable[int] = range(31),
) -> pd.DataFrame:
    """Highest grade so far of every patient at the start of each day.

    Parameters
    ----------
    cohort : Cohort
    definition : str or Definition
    cytopenia_rule : str or None
    days : iterable of int
        Day k is hour 24·k, that hour included.

    Returns
    -------
    DataFrame of n rows, in the order of the cohort
        ``patient_id``, then ``day_<k>``, Int64: empty before the onset, and throughout where the
        definition has no grades.

    Raises
    ------
    SchemaError
        For an unknown definition or rule.

    Examples
    --------
    >>> from pathlib import Path
    >>> from riskmodel import cohort
    >>> case = cohort.read_cohort(Path(cohort.__file__).parent / "published_case")
    >>> grades_by_day(case, days=[7]).columns.tolist()
    ['patient_id', 'day_7']
    """
    timeline = evaluate_signs(cohort, definition, cytopenia_rule)
    onset, grade = timeline.onset_hours, timeline.definition.grade
    columns = {"patient_id": pd.Series(cohort.patient_id, dtype="str")}
    for day in days:
        until = np.where(onset <= 24.0 * day, 24.0 * day, np.nan)
        found = np.full(len(cohort), np.nan)
        if grade is not None:
            found = grade(cohort, until, onset)
        columns[f"day_{day}"] = pd.Series(found).astype("Int64")
    return pd.DataFrame(columns)
