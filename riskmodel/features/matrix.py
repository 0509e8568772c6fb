"""The feature matrix of a cohort at a prediction time."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast, get_args

import numpy as np
import pandas as pd

from riskmodel.arrays import Floats
from riskmodel.cohort import Cohort
from riskmodel.errors import SchemaError
from riskmodel.features.builders.kinetics import lab_statistic, lab_statistics
from riskmodel.features.builders.registry import BUILDERS
from riskmodel.features.catalogue import Catalogue
from riskmodel.features.feature import Feature, Stage
from riskmodel.features.records import Records

LAST_LANDMARK_DAY = 29
"""The day before the longest horizon, 30; a model answers up to the day before its own."""
_SMALLEST = 1e-6
"""What a logarithm takes for zero, far below any catalogue range."""


def prediction_hours(at: str) -> float:
    """Hours of a prediction time written ``pre-infusion`` or ``day-K``.

    Raises
    ------
    SchemaError
        For any other text, or a day outside 1 to 29.

    Examples
    --------
    >>> prediction_hours("pre-infusion"), prediction_hours("day-3")
    (0.0, 72.0)
    """
    if at in ("pre-infusion", "pre_infusion"):
        return 0.0
    day = at.removeprefix("day-")
    if at.startswith("day-") and day.isdecimal() and 1 <= int(day) <= LAST_LANDMARK_DAY:
        return 24.0 * int(day)
    raise SchemaError(
        f"Prediction time '{at}' is unknown. Allowed: pre-infusion, day-1 to "
        f"day-{LAST_LANDMARK_DAY}."
    )


def stage_named(stage: str) -> Stage:
    """A stage under either spelling.

    Raises
    ------
    SchemaError
        When there is no such stage.

    Examples
    --------
    >>> stage_named("pre-infusion"), stage_named("early")
    ('pre_infusion', 'early')
    """
    for known in get_args(Stage):
        if str(stage).replace("-", "_") == known:
            return cast(Stage, known)
    raise SchemaError(f"Stage '{stage}' is unknown. Allowed: pre-infusion, early.")


def _transform(value: Floats, transform: str, floor: float) -> None:
    if transform == "log10_plus_1":
        np.maximum(value, 0.0, out=value)
        value += 1.0
    elif transform:
        np.maximum(value, floor, out=value)
    if transform:
        (np.log2 if transform == "log2" else np.log10)(value, out=value)


def _finish(feature: Feature, value: Floats) -> None:
    """Transform a built value in place, and empty it where it is implausible."""
    stated = feature.parameters.get("floor", _SMALLEST)
    floor = _SMALLEST if BUILDERS[feature.builder].floors_itself else float(stated)
    _transform(value, feature.transform, floor)
    outside = np.fmin.reduce(value, initial=np.nan) < feature.minimum
    if outside or np.fmax.reduce(value, initial=np.nan) > feature.maximum:
        value[(value < feature.minimum) | (value > feature.maximum)] = np.nan


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
    in_pass = [k for k, f in enumerate(catalogue) if BUILDERS[f.builder].build is lab_statistic]
    features = catalogue.features
    values = np.empty((len(landmarks), len(features), records.patients))
    lab_statistics(records, [features[k] for k in in_pass], landmarks, values, in_pass)
    frames = []
    for block, hours in zip(values, landmarks, strict=True):
        for k, feature in enumerate(features):
            if k not in in_pass:
                with np.errstate(invalid="ignore", divide="ignore"):
                    block[k] = BUILDERS[feature.builder].build(records, feature, hours)
            _finish(feature, block[k])
        frame = pd.DataFrame(block.T, columns=catalogue.names, copy=False)
        frame.insert(0, "patient_id", records.cohort.patients["patient_id"].to_numpy())
        frame.insert(1, "prediction_time_hours", float(hours))
        frames.append(frame)
    return frames


def implausible(
    cohort: Cohort | Records, catalogue: Catalogue, prediction_time: float
) -> pd.Series:
    """Count the values that the matrix leaves out because their range excludes them.

    Parameters
    ----------
    cohort, catalogue, prediction_time
        As for `matrix`.

    Returns
    -------
    Series of int, indexed by feature
        Only features with such a value, in the catalogue's order.
    """
    open_ended = tuple(replace(f, minimum=-np.inf, maximum=np.inf) for f in catalogue)
    built = matrix(cohort, Catalogue(open_ended, catalogue.text), prediction_time)
    counts = {
        f.name: int(((built[f.name] < f.minimum) | (built[f.name] > f.maximum)).sum())
        for f in catalogue
    }
    found = pd.Series(counts, dtype="int64")
    return found[found > 0]
