"""The events table: names checked, grades read, times aligned."""

import re

import numpy as np
import pandas as pd

from riskmodel.cohort.numbers import numbers
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.schema import EVENT_COLUMNS, EVENT_NAMES
from riskmodel.cohort.tables.labs import patient_codes, reject_bad_times
from riskmodel.cohort.tables.patients import Patients
from riskmodel.cohort.text_codes import text_column, texts

_KNOWN = ("patient_id", "event", "hours_from_infusion", "time", "grade", "value")
_GRADED = ("crs", "icans", "iec_hs")
EVENT_CATEGORIES = tuple(sorted(EVENT_NAMES))


def _category(charted: str) -> int:
    """Place of an event in `EVENT_CATEGORIES`, -1 where it is none of them."""
    name = re.sub(r"[\s-]+", "_", charted.casefold())
    return EVENT_CATEGORIES.index(name) if name in EVENT_NAMES else -1


def clean_events(raw: pd.DataFrame, patients: Patients, rejections: Rejections) -> pd.DataFrame:
    """The events of `Cohort.events`; every row that cannot be used is recorded with its reason."""
    for column in raw.columns:
        if column not in _KNOWN:
            rejections.note("unknown columns (not used)", f"events.{column}")
    raw = raw.reset_index(drop=True)
    ids = texts(raw, "patient_id")
    code = patient_codes(ids, patients)
    hours, usable = reject_bad_times("events", raw, ids, code, patients, rejections)
    charted = texts(raw, "event")
    name = charted.each(_category, -1).astype(np.int64)[charted.codes]
    known = name >= 0
    seen = charted.each(lambda word: f"event '{word}'", "event ''")[charted.codes]
    rejections.add("events", usable & ~known, ids, "unknown_event", column="event", detail=seen)
    usable &= known
    grade = np.full(len(raw), np.nan)
    if "grade" in raw:
        text = text_column(raw, "grade")
        grade = numbers(text)
        bad = np.isnan(grade) & text.notna().to_numpy() & usable
        rejections.add("events", bad, ids, "text_in_number", column="grade")
        wrong = usable & ~np.isnan(grade) & ~np.isin(grade, (1, 2, 3, 4, 5))
        wrong &= np.isin(name, [EVENT_CATEGORIES.index(graded) for graded in _GRADED])
        detail = "allowed: 1 to 5"
        rejections.add("events", wrong, ids, "out_of_range", column="grade", detail=detail)
        grade = np.where(wrong, np.nan, grade)
    events = pd.DataFrame(
        {
            "patient": code,
            "hours": hours,
            "event": pd.Categorical.from_codes(name, categories=pd.Index(EVENT_CATEGORIES)),
            "grade": grade,
            "value": text_column(raw, "value").fillna(""),
        }
    )[usable]
    events = events.sort_values(list(EVENT_COLUMNS), ignore_index=True)
    same = events.duplicated()
    rejections.note("merged equal events", "events", int(same.sum()))
    return events[~same].reset_index(drop=True)
