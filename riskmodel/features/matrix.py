"""The feature matrix of a cohort at a prediction time."""

import numpy as np
import pandas as pd

from riskmodel.cohort import Cohort
from riskmodel.errors import SchemaError
from riskmodel.features.builders import BUILDERS
from riskmodel.features.catalogue import Catalogue, Feature
from riskmodel.features.records import Floats, Records

LAST_LANDMARK_DAY = 13
_SMALLEST = 1e-6
"""What a logarithm takes for zero, far below any catalogue range."""


def prediction_hours(at: str) -> float:
    """Hours of a prediction time written ``pre-infusion`` or ``day-K``.

    Raises
    ------
    SchemaError
        For any other text, or a day outside 1 to 13.

    Examples
    --------
    >>> prediction_hours("pre-infusion"), prediction_hours("day-3")
    (0.0, 72.0)
    """
    if at == "pre-infusion":
        return 0.0
    day = at.removeprefix("day-")
    if at.startswith("day-") and day.isdecimal() and 1 <= int(day) <= LAST_LANDMARK_DAY:
        return 24.0 * int(day)
    raise SchemaError(
        f"Prediction time '{at}' is unknown. Allowed: pre-infusion, day-1 to "
        f"day-{LAST_LANDMARK_DAY}."
    )


def _transformed(value: Floats, transform: str, floor: float) -> Floats:
    if transform == "":
        return value
    if transform == "log10_plus_1":
        return np.asarray(np.log10(np.maximum(value, 0.0) + 1.0))
    positive = np.maximum(value, floor)
    return np.asarray(np.log10(positive) if transform == "log10" else np.log2(positive))


def build(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """One feature of every patient; implausible values are missing."""
    with np.errstate(invalid="ignore", divide="ignore"):
        builder = BUILDERS[feature.builder]
        value = builder.build(records, feature, prediction_time)
        stated = feature.parameters.get("floor", _SMALLEST)
        floor = _SMALLEST if builder.floors_itself else float(stated)
        value = _transformed(value, feature.transform, floor)
        outside = (value < feature.minimum) | (value > feature.maximum)
    return np.where(outside, np.nan, value)


def matrix(
    cohort: Cohort | Records,
    catalogue: Catalogue,
    prediction_time: float,
) -> pd.DataFrame:
    """Features of every patient at one prediction time.

    A record after the prediction time changes nothing here; one exactly at it is known.

    Parameters
    ----------
    cohort : Cohort or Records
        Records, when several prediction times of one cohort are wanted.
    catalogue : Catalogue
        Which features, in which order. Early features need a prediction time above 0.
    prediction_time : float
        Hours from the infusion, 0 for pre-infusion.

    Returns
    -------
    DataFrame of shape (patients, 2 + features)
        ``patient_id``, ``prediction_time_hours``, then one float64 column per feature, NaN where
        unknown. Units are the catalogue's.
    """
    records = cohort if isinstance(cohort, Records) else Records(cohort)
    columns = {
        "patient_id": records.cohort.patients["patient_id"].to_numpy(),
        "prediction_time_hours": np.full(records.patients, float(prediction_time)),
    }
    for feature in catalogue:
        columns[feature.name] = build(records, feature, prediction_time)
    return pd.DataFrame(columns)
