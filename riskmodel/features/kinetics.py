"""Builders of the early course: labs, toxicity, treatments and signs up to the prediction time.

Equal times of one patient count once (mean of the results), slopes need two distinct times and a
minimum span, and `<` or `>` results count as their bound.
"""

import numpy as np
import pandas as pd

from riskmodel.features.catalogue import Feature
from riskmodel.features.records import Draws, Floats, Records
from riskmodel.features.window import parse_window

BASELINE_WINDOW = parse_window(["infusion-168h", "infusion"], "both")


def prediction_day(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Days from the infusion to the prediction time."""
    return np.full(records.patients, prediction_time / 24)


def fold_change(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Last result in the window over the last one in the 7 days before the infusion."""
    draws = records.draws(feature.of)
    last = draws.within(feature.window, prediction_time).last(records.patients)
    start = draws.within(BASELINE_WINDOW, prediction_time).last(records.patients)
    floor = float(feature.parameters["floor"])
    return np.asarray(np.maximum(last, floor) / np.maximum(start, floor))


def highest(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Highest result in the window."""
    draws = records.draws(feature.of).within(feature.window, prediction_time)
    found = np.full(records.patients, -np.inf)
    np.maximum.at(found, draws.patient, draws.value)
    return np.where(np.isinf(found), np.nan, found)


def log_slope(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Least-squares slope of log2(result) in the window, per day (doublings a day).

    Needs two distinct times at least ``parameters.span`` hours apart.
    """
    draws = records.draws(feature.of).within(feature.window, prediction_time)
    n = records.patients
    size = np.bincount(draws.patient, minlength=n)
    known = np.maximum(size, 1)
    days = draws.hours / 24
    level = np.log2(np.maximum(draws.value, float(feature.parameters["floor"])))
    mean_day = np.bincount(draws.patient, weights=days, minlength=n) / known
    mean_level = np.bincount(draws.patient, weights=level, minlength=n) / known
    centred = days - mean_day[draws.patient]
    square = np.bincount(draws.patient, weights=centred**2, minlength=n)
    cross = np.bincount(
        draws.patient, weights=centred * (level - mean_level[draws.patient]), minlength=n
    )
    long_enough = _span(draws, n) >= float(feature.parameters["span"])
    ready = (size >= 2) & long_enough
    return np.where(ready, cross / np.where(ready, square, 1.0), np.nan)


def _span(draws: Draws, patients: int) -> Floats:
    first = np.full(patients, np.nan)
    first[draws.patient[::-1]] = draws.hours[::-1]
    last = np.full(patients, np.nan)
    last[draws.patient] = draws.hours
    return np.asarray(np.nan_to_num(last - first))


def _steps(draws: Draws) -> tuple[np.ndarray, Floats, Floats]:
    """Patient, duration and hourly rise of each pair of consecutive draws."""
    same = draws.patient[1:] == draws.patient[:-1]
    duration = np.diff(draws.hours)[same]
    return draws.patient[1:][same], duration, np.diff(draws.value)[same] / duration


def greatest_rise(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Greatest mean hourly rise between consecutive results in the window, zero if none rose."""
    draws = records.draws(feature.of).within(feature.window, prediction_time)
    patient, _, rate = _steps(draws)
    found = np.full(records.patients, -np.inf)
    np.maximum.at(found, patient, rate)
    return np.where(np.isinf(found), np.nan, np.maximum(found, 0.0))


def hours_of_rise(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Longest run of hours with a mean rise of at least ``parameters.rate`` per hour."""
    draws = records.draws(feature.of).within(feature.window, prediction_time)
    patient, duration, rate = _steps(draws)
    found = np.full(records.patients, np.nan)
    if len(patient) == 0:
        return found
    fast = rate >= float(feature.parameters["rate"])
    total = np.cumsum(np.where(fast, duration, 0.0))
    new = np.r_[True, patient[1:] != patient[:-1]]
    before = np.where(fast, total - duration, total)
    base = np.maximum.accumulate(np.where(new | ~fast, before, 0.0))
    run = np.where(fast, total - base, 0.0)
    found[patient] = 0.0
    np.maximum.at(found, patient, run)
    return found


def rebound(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """How far the last result stands above the lowest one after a first fall, as a ratio.

    A fall is a result at most ``parameters.fall`` times the highest before it. Without one
    the ratio is 1. Needs two results in the window.
    """
    draws = records.draws(feature.of).within(feature.window, prediction_time)
    level = pd.Series(np.maximum(draws.value, float(feature.parameters["floor"])))
    patient = pd.Series(draws.patient)
    top = level.groupby(patient).cummax()
    fallen = (level <= top * float(feature.parameters["fall"])).to_numpy()
    lowest = np.full(records.patients, np.inf)
    np.minimum.at(lowest, draws.patient[fallen], level.to_numpy()[fallen])
    last = np.full(records.patients, np.nan)
    last[draws.patient] = level
    ratio = np.where(np.isinf(lowest), 1.0, last / lowest)
    return np.where(draws.count(records.patients) >= 2, ratio, np.nan)


def hours_since_draw(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Hours from the last result in the window to the prediction time."""
    draws = records.draws(feature.of).within(feature.window, prediction_time)
    last = np.full(records.patients, np.nan)
    last[draws.patient] = draws.hours
    return prediction_time - last
