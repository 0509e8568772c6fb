"""The events table: names checked, grades read, times aligned."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from riskmodel.arrays import Codes, Flags, Floats
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.schema import COLUMNS, EVENT_COLUMNS, EVENT_NAMES
from riskmodel.cohort.tables.grades import read_grade, said_end, said_no
from riskmodel.cohort.tables.labs import patient_codes, reject_bad_times
from riskmodel.cohort.tables.patients import Patients
from riskmodel.cohort.text_codes import Texts, texts
from riskmodel.cohort.written.notation import Notation
from riskmodel.cohort.written.times import Hours

_GRADED = ("crs", "icans", "iec_hs")
ENDING = ("crs", "icans", "fever", "icu_admission", "ventilation", "dialysis")
"""Events that last: grade 0, or a detail such as "end", ends them."""

_BEFORE_INFUSION = ("lymphodepletion_start",)
"""Events that come before the infusion where only the day of it is known; all others after."""

_LOOKED_FOR = ("hemophagocytosis",)
"""Findings whose value no is a finding too."""

EVENT_CATEGORIES = tuple(sorted(EVENT_NAMES))


def category(charted: str) -> str | None:
    """Event of the contract that a charted name is, None where it is none."""
    name = re.sub(r"[\s-]+", "_", charted.strip().casefold())
    return name if name in EVENT_NAMES else None


def _category(charted: str) -> int:
    """Place of an event in `EVENT_CATEGORIES`, -1 where it is none of them."""
    name = category(charted)
    return -1 if name is None else EVENT_CATEGORIES.index(name)


def _codes(names: Sequence[str]) -> list[int]:
    return [EVENT_CATEGORIES.index(name) for name in names]


def clean_events(
    raw: pd.DataFrame, patients: Patients, rejections: Rejections, notation: Notation
) -> pd.DataFrame:
    """The events of `Cohort.events`; every row that cannot be used is recorded with its reason."""
    for column in raw.columns:
        if column not in COLUMNS["events"]:
            rejections.note("unknown columns (not used)", f"events.{column}")
    raw = raw.reset_index(drop=True)
    ids = texts(raw, "patient_id")
    code = patient_codes(ids, patients)
    times, usable = reject_bad_times("events", raw, ids, code, patients, rejections, notation)
    charted = texts(raw, "event")
    name = charted.each(_category, -1).astype(np.int64)[charted.codes]
    known = name >= 0
    seen = charted.each(lambda word: f"event '{word}'", "event ''")[charted.codes]
    rejections.add("events", usable & ~known, ids, "unknown_event", column="event", detail=seen)
    usable &= known
    details = texts(raw, "value")
    ended = details.each(said_end, False).astype(bool)[details.codes]
    ended &= np.isin(name, _codes(ENDING))
    grade = np.where(ended, 0.0, _grades(raw, name, usable, ids, rejections))
    ended |= (grade == 0) & np.isin(name, _codes(ENDING))
    no = details.each(said_no, False).astype(bool)[details.codes]
    no &= ~np.isin(name, _codes(_LOOKED_FOR)) & ~(ended & np.isin(name, _codes(_GRADED)))
    no |= (grade == 0) & ~ended
    rejections.add("events", usable & no, ids, "did_not_happen", column="value", detail=seen)
    usable &= ~no
    value = pd.Series(details.cells(), dtype="str").fillna("")
    events = pd.DataFrame(
        {
            "patient": code,
            "hours": _on_their_day(times, name, usable, rejections),
            "event": pd.Categorical.from_codes(name, categories=pd.Index(EVENT_CATEGORIES)),
            "grade": grade,
            "value": value.mask(ended & ~np.isin(name, _codes(_GRADED)), "no"),
        }
    )[usable]
    events = events.sort_values(list(EVENT_COLUMNS), ignore_index=True)
    same = events.duplicated()
    rejections.note("merged equal events", "events", int(same.sum()))
    return events[~same].reset_index(drop=True)


def _grades(
    raw: pd.DataFrame, name: Codes, usable: Flags, ids: Texts, rejections: Rejections
) -> Floats:
    """Grade of each row, NaN where none was given or it cannot be read: never 0 then."""
    text = texts(raw, "grade")
    grade = text.each(read_grade, None).astype(np.float64)[text.codes]
    ended = text.each(said_end, False).astype(bool)[text.codes] & np.isin(name, _codes(ENDING))
    rejections.note("flagged", "a grade such as 'resolved', read as 0", int((ended & usable).sum()))
    grade = np.where(ended, 0.0, grade)
    bad = np.isnan(grade) & ~text.empty & usable
    rejections.add("events", bad, ids, "text_in_number", column="grade", detail="left unknown")
    wrong = usable & (grade > 5) & np.isin(name, _codes(_GRADED))
    rejections.add("events", wrong, ids, "out_of_range", column="grade", detail="allowed: 0 to 5")
    return np.where(wrong, np.nan, grade)


def _on_their_day(times: Hours, name: Codes, usable: Flags, rejections: Rejections) -> Floats:
    """Hours; a date on the day of the infusion is after it but for what leads to it."""
    after = times.infusion_day & ~np.isin(name, _codes(_BEFORE_INFUSION))
    for code in np.unique(name[after & usable]).tolist():
        count = int((after & usable & (name == code)).sum())
        told = f"{EVENT_CATEGORIES[code]}: dated on the day of the infusion, read as after it"
        rejections.note("flagged", told, count)
    return np.where(after, times.midday, times.hours)
