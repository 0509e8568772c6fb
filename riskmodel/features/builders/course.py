"""Builders of the clinical course: toxicity, treatments, findings and signs so far.

An event that is not recorded counts as not having happened.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from riskmodel.arrays import Codes, Floats
from riskmodel.features.feature import Feature
from riskmodel.features.records import Records
from riskmodel.features.statistic import BOUND_HOURS


def event_seen(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Whether an event of ``parameters.events`` (else `of`) lies in the window: 1 or 0."""
    found = np.zeros(records.patients)
    for name in feature.parameters.get("events", [feature.of]):
        found[records.events(name).within(feature.window, prediction_time).patient] = 1.0
    return found


def highest_grade(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Highest known grade of an event in the window; 0 without the event, missing without grade."""
    events = records.events(feature.of).within(feature.window, prediction_time)
    found = np.zeros(records.patients)
    found[events.patient] = np.nan
    np.fmax.at(found, events.patient, events.value)
    return found


def days_since_first(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Days from the first event in the window to the prediction time; 0 without the event."""
    return np.nan_to_num(prediction_time - _first(records, feature, prediction_time)) / 24


def days_since_event(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Days from the first event in the window; ``parameters.none`` where none is recorded."""
    first = _first(records, feature, prediction_time)
    return _or_none((prediction_time - first) / 24, feature)


def first_event_day(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Days from the infusion to the first event in the window, else ``parameters.none``."""
    return _or_none(_first(records, feature, prediction_time) / 24, feature)


def hours_since_first(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Hours from the first event in the window; ``parameters.none`` where none is recorded."""
    return _or_none(prediction_time - _first(records, feature, prediction_time), feature)


def hours_since_last(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Hours from the last event in the window; ``parameters.none`` where none is recorded."""
    events = records.events(feature.of).within(feature.window, prediction_time)
    last = np.full(records.patients, np.nan)
    last[events.patient] = events.hours
    return _or_none(prediction_time - last, feature)


def _first(records: Records, feature: Feature, prediction_time: float) -> Floats:
    events = records.events(feature.of).within(feature.window, prediction_time)
    first = np.full(records.patients, np.nan)
    first[events.patient[::-1]] = events.hours[::-1]
    return first


def _or_none(value: Floats, feature: Feature) -> Floats:
    """The value, at most what stands for no event: beyond every time that a record can give."""
    return np.asarray(np.fmin(value, float(feature.parameters["none"])))


def number_of_events(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Distinct times of an event in the window."""
    events = records.events(feature.of).within(feature.window, prediction_time)
    new = np.ones(len(events.patient), dtype=bool)
    new[1:] = np.diff(events.hours) != 0
    new[1:] |= np.diff(events.patient) != 0
    return np.bincount(events.patient[new], minlength=records.patients).astype(np.float64)


def event_again(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Whether an event in the window follows the one before it by ``parameters.gap`` hours or more.

    0 where it came without such a gap, once, or not at all.
    """
    events = records.events(feature.of).within(feature.window, prediction_time)
    found = np.zeros(records.patients)
    again = np.diff(events.patient) == 0
    again &= np.diff(events.hours) >= float(feature.parameters["gap"])
    found[events.patient[1:][again]] = 1.0
    return found


def days_since_highest_grade(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Days since the highest grade in the window was first reached, else ``parameters.none``."""
    events = records.events(feature.of).within(feature.window, prediction_time)
    highest = highest_grade(records, feature, prediction_time)
    reached = events.value == highest[events.patient]
    first = np.full(records.patients, np.nan)
    first[events.patient[reached][::-1]] = events.hours[reached][::-1]
    return _or_none((prediction_time - first) / 24, feature)


def hours_above_after(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Hours of an analyte above ``parameters.level`` since ``parameters.events`` are past.

    That is ``parameters.quiet`` hours after the last record of any of them in the window; 0 where
    there is none. Between draws, and where they lie more than ``parameters.gap`` hours
    apart, as the statistic `hours_above`; missing with fewer than two draws in the window.
    """
    keys = feature.parameters
    past = np.full(records.patients, -np.inf)
    for name in keys["events"]:
        events = records.events(name).within(feature.window, prediction_time)
        np.fmax.at(past, events.patient, events.hours)
    past = np.where(np.isinf(past), prediction_time, past + float(keys["quiet"]))
    draws = records.draws(feature.of).within(feature.window, prediction_time)
    found = np.where(draws.count(records.patients) >= 2, 0.0, np.nan)
    pairs = np.flatnonzero(np.diff(draws.patient) == 0)
    pairs = pairs[np.diff(draws.hours)[pairs] <= float(keys["gap"])]
    start, end = draws.hours[pairs], draws.hours[pairs + 1]
    level = np.log2(np.maximum(draws.value, 1e-9) / float(keys["level"]))
    one, two = level[pairs], level[pairs + 1]
    across = (one < 0) != (two < 0)
    crossing = start + (end - start) * np.divide(one, one - two, out=0 * one, where=across)
    since = np.where(across & (one < 0), crossing, start)
    until = np.where(across & (two < 0), crossing, end)
    since = np.maximum(since, past[draws.patient[pairs]])
    hours = np.where(np.maximum(one, two) > 0, np.maximum(until - since, 0.0), 0.0)
    np.add.at(found, draws.patient[pairs], hours)
    return found


def signs_met(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """How many of ``parameters.signs`` are met; missing where nothing was measured.

    Those that the definition has: another definition has other signs. A result beyond an assay's
    limit that leaves its sign open keeps the sign as it was, or it would stand below a lower one.
    """
    states, measured = records.signs.likely_at(prediction_time, BOUND_HOURS)
    columns = list(records.signs.signs)
    named = [columns.index(name) for name in feature.parameters["signs"] if name in columns]
    known = (measured[:, named] | (states[:, named] >= 0)).any(axis=1)
    return np.where(known, (states[:, named] == 1).sum(axis=1), np.nan).astype(np.float64)


def signs_still_needed(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Fewest further signs with which the definition would hold at the prediction time."""
    return records.signs.signs_still_needed_at(prediction_time).astype(np.float64)


def ferritin_to_threshold(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Ferritin over the threshold of the criteria: 1 is at it.

    By ``parameters.rule_by_target``: ``level`` is the result over ``parameters.level``; ``rate``
    the mean hourly rise between two consecutive results over ``parameters.rate``; any other target
    takes the greater. ``parameters.statistic`` says whether the last of them or the highest in the
    window counts. Missing where the rule has too few results.
    """
    draws = records.draws(feature.of).within(feature.window, prediction_time)
    keys = feature.parameters
    same = np.diff(draws.patient) == 0
    rise = np.diff(draws.value)[same] / np.diff(draws.hours)[same]
    over = _of_patient(draws.patient, draws.value / float(keys["level"]), records, keys)
    rising = _of_patient(draws.patient[1:][same], rise / float(keys["rate"]), records, keys)
    target = records.cohort.patients["target_antigen"].astype(object)
    rule = target.map(dict(keys["rule_by_target"])).to_numpy(dtype=object)
    nearer = np.fmax(over, rising)
    return np.where(rule == "level", over, np.where(rule == "rate", rising, nearer))


def _of_patient(patient: Codes, value: Floats, records: Records, keys: Mapping[str, Any]) -> Floats:
    """The last or the highest value of each patient, NaN without one."""
    found = np.full(records.patients, np.nan)
    if keys["statistic"] == "last":
        found[patient] = value
    else:
        np.fmax.at(found, patient, value)
    return found
