"""What one patient's records show: lab panels and the events so far."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from riskmodel.cohort import EVENTS, Cohort, analytes
from riskmodel.criteria import Definition, event_label
from riskmodel.patient.limits import (
    COMPARATOR_SIGNS,
    ferritin_rule,
    limit_of,
    upper_normal,
)
from riskmodel.patient.svg.lab_curves import FIRST_DAY, Curve, EventRow, Limit, curve_svg
from riskmodel.patient.wording import ago, unit_words, when, with_unit

SHOWN = (
    "ferritin",
    "ldh",
    "ast",
    "alt",
    "crp",
    "il6",
    "fibrinogen",
    "triglycerides",
    "platelets",
    "anc",
    "hemoglobin",
    "bilirubin_total",
    "creatinine",
)
FALLING = frozenset(("fibrinogen", "platelets", "anc", "hemoglobin"))
"""Analytes whose low values matter in IEC-HS."""

_STRIP = ("crs", "icans", "icu_admission", *EVENTS["treatment"])
_ROWS = 8
_TIMES = 8  # times of one event written out
_DETAIL = 90  # characters of free text


@dataclass(frozen=True)
class Panel:
    """A drawn analyte: picture, and what it shows in words."""

    label: str
    unit: str
    svg: str
    last: str
    before: str
    extreme: str


@dataclass(frozen=True)
class Course:
    """Panels in their order, and the labels of what has no result to draw."""

    panels: tuple[Panel, ...]
    unmeasured: tuple[str, ...]
    bounded: bool


def course(patient: Cohort, definition: Definition, hours: float) -> Course:
    """Panels of a cohort of one patient that holds only records at or before `hours`."""
    panels, unmeasured, bounded = [], [], False
    for name in SHOWN:
        rows = patient.labs[(patient.labs["analyte"] == name).to_numpy(dtype=bool)]
        rows = rows[rows["hours"] >= 24 * FIRST_DAY]
        if len(rows):
            panels.append(_panel(name, rows, patient, definition, hours))
            bounded |= bool((rows["comparator"] != 0).any())
        else:
            unmeasured.append(analytes()[name].label)
    return Course(tuple(panels), tuple(unmeasured), bounded)


def _panel(
    name: str, rows: pd.DataFrame, patient: Cohort, definition: Definition, hours: float
) -> Panel:
    entry = analytes()[name]
    day = rows["hours"].to_numpy(np.float64) / 24
    value = rows["value"].to_numpy(np.float64)
    comparator = rows["comparator"].to_numpy(np.int8)

    def result(k: int) -> str:
        return with_unit(value[k], entry.unit, COMPARATOR_SIGNS[int(comparator[k])])

    before = np.flatnonzero(day <= 0)
    after = np.flatnonzero(day > 0)
    last = f"{result(-1)}, {when(24 * day[-1])} ({ago(hours - 24 * day[-1])})"
    baseline = result(int(before[-1])) if len(before) else "none"
    extreme = ""
    if len(after):
        low = name in FALLING
        k = int(after[np.argmin(value[after]) if low else np.argmax(value[after])])
        extreme = f"{'lowest' if low else 'highest'} since: {result(k)}, {when(24 * day[k])}"
    limits = _limits(name, patient, definition)
    lines = "; ".join(limit.words for limit in limits)
    said = [
        f"{len(rows)} result{'s' if len(rows) > 1 else ''}, {when(24 * day[0])} to "
        f"{when(24 * day[-1])}",
        f"Before the infusion: {baseline}",
        f"Last: {last}",
        extreme[:1].upper() + extreme[1:],
        f"Lines: {lines}" if lines else "",
    ]
    described = " ".join(f"{text}." for text in said if text)
    curve = Curve(
        name,
        entry.label,
        day,
        value,
        comparator,
        limits,
        hours / 24,
        described,
        first_day=FIRST_DAY if (len(before) and day[0] < -1) or hours <= 0 else -1.0,
    )
    return Panel(entry.label, unit_words(entry.unit), curve_svg(curve), last, baseline, extreme)


def _limits(name: str, patient: Cohort, definition: Definition) -> tuple[Limit, ...]:
    """The definition's limits of an analyte, and its ULN where the definition has none."""
    found = []
    for sign, limits in definition.thresholds.items():
        if sign == "ferritin" and ferritin_rule(definition, patient) == "rate":
            continue
        for limit in limits:
            drawn = limit_of(limit, patient) if limit.analyte == name else None
            if drawn is not None:
                side = 1 if limit.comparison.startswith(">") else -1
                found.append(Limit(drawn.value, f"criterion {drawn.words}", side=side))
    if not found:
        uln, default = upper_normal(name, patient)
        if uln is not None:
            doubt = ", unverified" if default else ""
            words = f"ULN {with_unit(uln, analytes()[name].unit)}{doubt}"
            found.append(Limit(uln, words, criterion=False))
    return tuple(found)


def event_strip(patient: Cohort) -> tuple[EventRow, ...]:
    """Grades and treatments since the infusion, a row each."""
    events = patient.events[patient.events["hours"] >= 0]
    rows = []
    for name in _STRIP:
        mine = events[(events["event"] == name).to_numpy(dtype=bool)]
        if len(mine):
            grades = ["" if np.isnan(g) else f"{g:.0f}" for g in mine["grade"]]
            days = tuple(float(h) / 24 for h in mine["hours"])
            label = event_label(name) + (" grade" if any(grades) else "")
            rows.append(EventRow(label, days, tuple(grades)))
    return tuple(rows[:_ROWS])


def events_so_far(patient: Cohort) -> Sequence[tuple[str, str]]:
    """Each kind of event and its times, grades and details, earliest kind first."""
    found = []
    for name, mine in patient.events.groupby("event", observed=True):
        first = mine.head(_TIMES)
        times = [
            _event_words(float(hours), float(grade), str(detail).strip())
            for hours, grade, detail in zip(
                first["hours"], first["grade"], first["value"], strict=True
            )
        ]
        more = len(mine) - _TIMES
        extra = f"; {more} more" if more > 0 else ""
        found.append((float(mine["hours"].min()), event_label(str(name)), "; ".join(times) + extra))
    return [(label, times) for _, label, times in sorted(found)]


def _event_words(hours: float, grade: float, detail: str) -> str:
    if len(detail) > _DETAIL:
        detail = detail[:_DETAIL].rstrip() + "…"
    graded = "" if np.isnan(grade) else f"grade {grade:.0f} on "
    return f"{graded}{when(hours)}{f' ({detail})' if detail else ''}"
