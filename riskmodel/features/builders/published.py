"""Published scores by their printed items and units: EASIX and its variants, CAR-HEMATOTOX, HScore.

A score with a missing item is missing; `missing_items` names them. Only the
HScore, whose item immunosuppression no record settles, is given as the points of what is known.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from riskmodel.arrays import Floats, States
from riskmodel.criteria import MET, NOT_ASSESSABLE, lab_samples, satisfies
from riskmodel.features.builders.baseline import before_lymphodepletion, lymphodepletion_start
from riskmodel.features.feature import Feature
from riskmodel.features.records import Records

SCORES = ("lab_ratio", "points", "hscore_points")
"""Builders of a score of several items."""


def lab_ratio(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Product of the results of ``parameters.times`` over that of ``parameters.over``.

    Each is the last result in the window, with ``parameters.lymphodepletion`` at or before its
    start; in the canonical unit divided by ``parameters.per`` where the print uses a larger
    unit, and at least ``parameters.floors``. Missing where any of them is.
    """
    found = np.ones(records.patients)
    for analyte in feature.parameters["times"]:
        found = found * _item(records, feature, prediction_time, analyte)
    for analyte in feature.parameters["over"]:
        found = found / _item(records, feature, prediction_time, analyte)
    return found


def _item(records: Records, feature: Feature, prediction_time: float, analyte: str) -> Floats:
    keys = feature.parameters
    draws = records.draws(analyte).within(feature.window, prediction_time)
    if "lymphodepletion" in keys:
        draws = before_lymphodepletion(records, feature, draws)
    least = float(keys.get("floors", {}).get(analyte, 0.0))
    value = np.maximum(draws.last(records.patients), least)
    return np.asarray(value / float(keys.get("per", {}).get(analyte, 1.0)))


def points(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Sum of the points of ``parameters.rows``, each a limit of the last result of its analyte.

    Rows of one analyte add up. Missing where a row cannot be decided: nothing measured, or only
    a bound (``<``, ``>``) that leaves the limit open.
    """
    found = np.zeros(records.patients)
    for row, state in _rows(records, feature, prediction_time):
        found += np.where(state == NOT_ASSESSABLE, np.nan, row["points"] * (state == MET))
    return found


def _rows(
    records: Records, feature: Feature, prediction_time: float
) -> list[tuple[Mapping[str, Any], States]]:
    """Each row of points and its state for every patient."""
    rows: list[Mapping[str, Any]] = feature.parameters["rows"]
    labs = records.cohort.labs
    named = labs["analyte"].isin({row["analyte"] for row in rows}).to_numpy(dtype=bool)
    wanted = named & feature.window.holds(labs["hours"].to_numpy(np.float64), prediction_time)
    known = replace(records.cohort, labs=labs[wanted])
    limit = np.full(records.patients, prediction_time)
    if "lymphodepletion" in feature.parameters:
        limit = lymphodepletion_start(records, feature)
    found = []
    for row in rows:
        samples = lab_samples(known, row["analyte"])
        kept = samples.where(samples.hours <= limit[samples.patient])
        state = np.full(records.patients, NOT_ASSESSABLE, dtype=np.int8)
        state[kept.patient] = satisfies(kept.interval, row["comparison"], float(row["threshold"]))
        found.append((row, state))
    return found


def hscore_points(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """HScore points of what is known at the prediction time, the least that the total can be.

    Missing where no item is known.
    """
    found = _hscore(records, prediction_time)
    items = [value for name, value in found.items() if name.startswith("points_")]
    known = np.logical_or.reduce([~np.isnan(value.astype(np.float64)) for value in items])
    return np.where(known, found["total_low"].astype(np.float64), np.nan)


def _hscore(records: Records, prediction_time: float) -> Mapping[str, Any]:
    """What the HScore tells of every patient, from signs judged once."""
    timeline = records.hscore_signs
    scores = timeline.definition.scores
    states = timeline.at(prediction_time).to_numpy(dtype=np.int8)
    return {} if scores is None else scores(states)


def missing_items(records: Records, feature: Feature, prediction_time: float) -> list[str]:
    """Analytes or items of a published score without a usable result, of each patient.

    Joined by ``"; "``, empty where none is missing. `feature` has a builder of `SCORES`.
    """
    if feature.builder == "hscore_points":
        return list(_hscore(records, prediction_time)["missing_items"])
    missing: dict[str, Any] = {}
    if feature.builder == "lab_ratio":
        for name in (*feature.parameters["times"], *feature.parameters["over"]):
            missing[name] = np.isnan(_item(records, feature, prediction_time, name))
    else:
        for row, state in _rows(records, feature, prediction_time):
            open_row = state == NOT_ASSESSABLE
            missing[row["analyte"]] = missing.get(row["analyte"], open_row) | open_row
    return [
        "; ".join(name for name, mask in missing.items() if mask[k])
        for k in range(records.patients)
    ]
