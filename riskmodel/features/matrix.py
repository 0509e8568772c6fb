"""The feature matrix of a cohort at a prediction time."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from riskmodel.cohort import Cohort
from riskmodel.errors import SchemaError
from riskmodel.features.builders import BUILDERS
from riskmodel.features.catalogue import Catalogue, Feature
from riskmodel.features.kinetics import lab_statistic, lab_statistics
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
        value = BUILDERS[feature.builder].build(records, feature, prediction_time)
    return _finished(feature, value)


def _finished(feature: Feature, value: Floats) -> Floats:
    """A built value transformed, and missing where it is implausible."""
    stated = feature.parameters.get("floor", _SMALLEST)
    floor = _SMALLEST if BUILDERS[feature.builder].floors_itself else float(stated)
    with np.errstate(invalid="ignore", divide="ignore"):
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
    return matrices(cohort, catalogue, [prediction_time])[0]


def matrices(
    cohort: Cohort | Records,
    catalogue: Catalogue,
    landmarks: Sequence[float],
) -> list[pd.DataFrame]:
    """Features of every patient at several prediction times, the results read in one pass.

    Parameters
    ----------
    cohort, catalogue
        As for `matrix`.
    landmarks : sequence of float
        Prediction times in hours from the infusion.

    Returns
    -------
    list of DataFrame
        What `matrix` gives at each landmark, to the last digit.
    """
    records = cohort if isinstance(cohort, Records) else Records(cohort)
    in_pass = [f for f in catalogue if BUILDERS[f.builder].build is lab_statistic]
    number = {feature.name: k for k, feature in enumerate(in_pass)}
    values = lab_statistics(records, in_pass, landmarks) if in_pass else np.empty((0, 0, 0))
    frames = []
    for t, hours in enumerate(landmarks):
        columns = {
            "patient_id": records.cohort.patients["patient_id"].to_numpy(),
            "prediction_time_hours": np.full(records.patients, float(hours)),
        }
        for feature in catalogue:
            columns[feature.name] = (
                _finished(feature, values[t, number[feature.name]])
                if feature.name in number
                else build(records, feature, hours)
            )
        frames.append(pd.DataFrame(columns))
    return frames
