"""What the composed features of each patient rest on: for people who check a figure."""

import pandas as pd

from riskmodel.cohort import Cohort
from riskmodel.features.builders.burden import burden_source
from riskmodel.features.builders.published import score_items
from riskmodel.features.catalogue import Catalogue
from riskmodel.features.records import Records


def feature_sources(
    cohort: Cohort | Records, prediction_time: float = 0.0, catalogue: Catalogue | None = None
) -> pd.DataFrame:
    """The measure behind each tumor burden, and what each published score misses.

    Parameters
    ----------
    cohort : Cohort or Records
    prediction_time : float
        Hours from the infusion.
    catalogue : Catalogue, optional
        The shipped one by default.

    Returns
    -------
    DataFrame of n rows, in the order of the cohort
        ``patient_id``, ``tumor_burden_source`` (see `burden_source`), then ``<score>_missing``
        (see `score_items`).
    """
    records = cohort if isinstance(cohort, Records) else Records(cohort)
    items = score_items(records, prediction_time, catalogue)
    items.insert(1, "tumor_burden_source", burden_source(records, catalogue))
    return items
