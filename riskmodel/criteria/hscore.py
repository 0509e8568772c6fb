"""The HScore of patients at one time: its points, its range and its probability."""

import numpy as np
import pandas as pd

from riskmodel.cohort import Cohort
from riskmodel.criteria.evaluation import evaluate_signs


def hscore(cohort: Cohort, hours: float) -> pd.DataFrame:
    """HScore of every patient at one time, by records at or before it.

    Parameters
    ----------
    cohort : Cohort
    hours : float
        From the infusion.

    Returns
    -------
    DataFrame of n rows, in the order of the cohort
        ``patient_id``, ``hours``; ``points_<item>`` of the nine items, NaN where a result is
        missing or leaves the points open; ``total_low`` and ``total_high``, the least and most
        that what is missing allows; their ``probability_low`` and ``probability_high``;
        ``missing_items``; ``state`` (1 met, 0 not met, -1 not assessable).

    Examples
    --------
    >>> from pathlib import Path
    >>> from riskmodel import cohort
    >>> case = Path(cohort.__file__).parent / "published_case"
    >>> row = hscore(cohort.read_cohort(case), 192.0).iloc[0]
    >>> int(row["total_low"]), int(row["total_high"]), float(row["points_ferritin"])
    (84, 337, 50.0)
    """
    timeline = evaluate_signs(cohort, "hscore")
    states = timeline.at(hours).to_numpy(dtype=np.int8)
    scores = timeline.definition.scores
    columns = {} if scores is None else scores(states)
    frame = pd.DataFrame(
        {"patient_id": cohort.patient_id, "hours": float(hours), **columns},
        index=pd.RangeIndex(len(cohort)),
    )
    frame["state"] = timeline.definition.part_states(states)[:, 0]
    return frame.astype({"patient_id": "str", "missing_items": "str"})
