"""Builders of the clinical course: toxicity, treatments, findings and signs so far.

An event that is not recorded counts as not having happened.
"""

import numpy as np

from riskmodel.features.catalogue import Feature
from riskmodel.features.records import Floats, Records


def event_seen(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Whether an event of ``parameters.events`` (else `of`) lies in the window: 1 or 0."""
    found = np.zeros(records.patients)
    for name in feature.parameters.get("events", [feature.of]):
        found[records.events(name).within(feature.window, prediction_time).patient] = 1.0
    return found


def highest_grade(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Highest grade of an event in the window; 0 without the event."""
    events = records.events(feature.of).within(feature.window, prediction_time)
    found = np.zeros(records.patients)
    np.fmax.at(found, events.patient, events.value)
    return found


def days_since_first(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Days from the first event in the window to the prediction time; 0 without the event."""
    events = records.events(feature.of).within(feature.window, prediction_time)
    first = np.full(records.patients, prediction_time)
    first[events.patient[::-1]] = events.hours[::-1]
    return (prediction_time - first) / 24


def signs_met(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """How many of ``parameters.signs`` are met at the prediction time; missing if none is known."""
    states = records.signs.at(prediction_time)[list(feature.parameters["signs"])].to_numpy()
    known = (states >= 0).any(axis=1)
    return np.where(known, (states == 1).sum(axis=1), np.nan).astype(np.float64)
