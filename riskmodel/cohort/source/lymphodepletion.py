"""Which conditioning drug starts the lymphodepletion before an infusion."""

import numpy as np
import pandas as pd

from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.vocabulary.clinical_names import conditioning_days
from riskmodel.cohort.written.times import parse_times

CONDITIONING = "lymphodepletion"
"""What readers call a conditioning drug among the events of a source."""


def start_lymphodepletion(
    events: pd.DataFrame, patients: pd.DataFrame, rejections: Rejections
) -> pd.DataFrame:
    """The events with one ``lymphodepletion_start`` a patient in place of conditioning drugs.

    It is the first such drug within the days of clinical_names.toml before the infusion, by the
    calendar; the other records of these drugs are counted.

    Parameters
    ----------
    events : DataFrame
        ``patient_id, event, time`` and any other columns; `CONDITIONING` marks the drugs.
    patients : DataFrame
        ``patient_id, infusion_time``, as text.
    rejections : Rejections
        Gets the count.
    """
    conditioning = (events["event"] == CONDITIONING).to_numpy(dtype=bool)
    if not conditioning.any():
        return events
    drugs = events[conditioning]
    zero = patients.drop_duplicates("patient_id").set_index("patient_id")["infusion_time"]
    ids = drugs["patient_id"].astype("str")
    start = parse_times(ids.map(zero.astype("str").to_dict()).astype("str"))[0]
    given = parse_times(drugs["time"].astype("str"))[0]
    days = (start.astype("datetime64[D]") - given.astype("datetime64[D]")).astype(np.float64)
    within = (given < start) & (days <= conditioning_days())
    order = drugs.assign(given=given)[within].sort_values("given", kind="stable")
    first = order.drop_duplicates("patient_id").drop(columns="given")
    first = first.assign(event="lymphodepletion_start")
    left = len(drugs) - len(first)
    rejections.note("conditioning drugs after the first, or long before", "events", left)
    both: pd.DataFrame = pd.concat([events[~conditioning], first])
    return both.sort_index(kind="stable")
