"""The timeline of one patient as a picture and as a self-contained page."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import numpy as np
import pandas as pd

from riskmodel import RESEARCH_USE
from riskmodel.criteria import (
    BOTH,
    CRS_LIKE,
    IEC_HS_LIKE,
    MET,
    NOT_ASSESSABLE,
    course_rules,
    day_words,
)
from riskmodel.files import write_text
from riskmodel.patient.history import (
    PartLines,
    PatientTimeline,
    SignLine,
    met_words,
)
from riskmodel.patient.pages.templates import render
from riskmodel.patient.sign_periods import Span
from riskmodel.patient.svg.lab_panels import course, events_so_far
from riskmodel.patient.svg.timeline_chart import Bar, Lane, Line, lanes_svg
from riskmodel.patient.wording import when


def timeline_svg(found: PatientTimeline) -> str:
    """Every sign, part and picture as a row over the days."""
    lanes = [
        Lane("Whole definition", bars=_bars(found.whole), strong=True),
        *(
            lane
            for part in found.parts
            for lane in (
                Lane(part.label, part.needed, _bars(part.spans), strong=True),
                *(Lane(words, bars=_bars(sign.spans)) for words, sign in _labels(part)),
            )
        ),
        _picture_lane(found.pictures, "Day looks like CRS", (CRS_LIKE, BOTH), "crs_state"),
        _picture_lane(found.pictures, "Day looks like IEC-HS", (IEC_HS_LIKE, BOTH), "iec_hs_state"),
    ]
    lines = [Line(found.horizon_days, f"day {found.horizon_days:g}")]
    if not np.isnan(found.onset_hours):
        lines.append(Line(found.onset_hours / 24, "onset", dashed=False))
    said = [f"Whole definition {met_words(found.whole)}"]
    for part in found.parts:
        said.append(f"{part.label} {part.words}")
        said += [f"{sign.label} {'; '.join(sign.words)}" for sign in part.signs]
    return lanes_svg(
        lanes,
        max(found.until_hours / 24, 1.0),
        lines=lines,
        title=f"Signs of {found.definition.name} over time, patient {found.patient_id}",
        described=f"{'. '.join(said)}.",
        name="timeline",
    )


def _labels(part: PartLines) -> Iterator[tuple[str, SignLine]]:
    """Signs with their labels, and the limit of those that share one."""
    labels = [sign.label for sign in part.signs]
    for sign in part.signs:
        shared = labels.count(sign.label) > 1 and sign.limits
        yield (f"{sign.label} {sign.limits[0]}" if shared else sign.label), sign


def _bars(spans: tuple[Span, ...]) -> tuple[Bar, ...]:
    return tuple(
        Bar(span.start / 24, span.end / 24, span.state == MET)
        for span in spans
        if span.state != NOT_ASSESSABLE
    )


def _picture_lane(pictures: pd.DataFrame, words: str, met: tuple[str, ...], state: str) -> Lane:
    """One bar for consecutive days of one state; a day is drawn from its beginning to its end."""
    bars = []
    rows = zip(pictures["day"], pictures["picture"], pictures[state], strict=True)
    for (there, known), same in groupby(
        rows, key=lambda row: (row[1] in met, row[2] != "not_assessable")
    ):
        days = [int(row[0]) for row in same]
        if known:
            bars.append(Bar(days[0], days[-1] + 1, there))
    return Lane(words, bars=tuple(bars), strong=True)


def timeline_page(found: PatientTimeline) -> str:
    """The timeline as a self-contained HTML page."""
    known = found.patient.until(found.until_hours)
    rules = course_rules()
    return render(
        "timeline.html.j2",
        heading=f"Signs over time: patient {found.patient_id}",
        research_use=RESEARCH_USE,
        found=found,
        shown_until=when(found.until_hours),
        picture=timeline_svg(found),
        whole=met_words(found.whole),
        course=course(known, found.definition, found.until_hours),
        events=events_so_far(known),
        crs_like=rules.crs_like,
        iec_hs_like=rules.iec_hs_like,
        crs_words=[*map(day_words, rules.crs_like.signs)],
        iec_hs_words=[*map(day_words, rules.iec_hs_like.signs)],
    )


def write_timeline(found: PatientTimeline, out: Path) -> None:
    """Write the page, whole or not at all."""
    html = timeline_page(found)
    write_text(out, html)
