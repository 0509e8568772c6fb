"""The events table: names checked, grades read, times aligned."""

import numpy as np
import pandas as pd

from riskmodel.cohort.labs import patient_codes, reject_bad_times
from riskmodel.cohort.patients import Patients, text_column
from riskmodel.cohort.rejection import Rejections
from riskmodel.cohort.schema import EVENT_COLUMNS, EVENT_NAMES
from riskmodel.cohort.values import numbers

_KNOWN = ("patient_id", "event", "hours_from_infusion", "time", "grade", "value")
_GRADED = ("crs", "icans", "iec_hs")
EVENT_CATEGORIES = tuple(sorted(EVENT_NAMES))


def clean_events(raw: pd.DataFrame, patients: Patients, rejections: Rejections) -> pd.DataFrame:
    """The events of `Cohort.events`; every row that cannot be used is recorded with its reason."""
    for column in raw.columns:
        if column not in _KNOWN:
            rejections.note("unknown columns (not used)", f"events.{column}")
    raw = raw.reset_index(drop=True)
    ids = text_column(raw, "patient_id")
    code = patient_codes(raw, patients)
    hours, usable = reject_bad_times("events", raw, code, patients, rejections)
    charted = text_column(raw, "event")
    name: pd.Series = charted.str.casefold().str.replace(r"[\s-]+", "_", regex=True)
    known = name.isin(EVENT_NAMES).to_numpy(dtype=bool)
    seen = ("event '" + charted.fillna("") + "'").to_numpy(dtype=object)
    rejections.add("events", usable & ~known, ids, "unknown_event", column="event", detail=seen)
    usable &= known
    grade = np.full(len(raw), np.nan)
    if "grade" in raw:
        text = text_column(raw, "grade")
        grade = numbers(text)
        bad = np.isnan(grade) & text.notna().to_numpy() & usable
        rejections.add("events", bad, ids, "text_in_number", column="grade")
        wrong = usable & ~np.isnan(grade) & ~np.isin(grade, (1, 2, 3, 4, 5))
        wrong &= name.isin(_GRADED).to_numpy(dtype=bool)
        detail = "allowed: 1 to 5"
        rejections.add("events", wrong, ids, "out_of_range", column="grade", detail=detail)
        grade = np.where(wrong, np.nan, grade)
    events = pd.DataFrame(
        {
            "patient": code,
            "hours": hours,
            "event": pd.Categorical(name.where(known), categories=EVENT_CATEGORIES),
            "grade": grade,
            "value": text_column(raw, "value").fillna(""),
        }
    )[usable]
    events = events.sort_values(list(EVENT_COLUMNS), ignore_index=True)
    same = events.duplicated()
    rejections.note("merged equal events", "events", int(same.sum()))
    return events[~same].reset_index(drop=True)
