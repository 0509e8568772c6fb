"""Pictures of a risk: its place on a scale, 100 patients, and its course over the days."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from riskmodel.patient.svg.axes import log_odds, risk_ticks, spread
from riskmodel.patient.svg.lab_curves import (
    FONT,
    INK,
    LINE,
    QUIET,
    EventRow,
    Frame,
    days_axis,
    event_rows,
)
from riskmodel.patient.wording import percent

GROUNDS = {"low": "#eef3f1", "intermediate": "#fbf3df", "high": "#fbe9e9"}
"""Grounds of the three groups; each also carries its name."""


@dataclass(frozen=True)
class Reading:
    """A risk with its interval at a time; no risk where none can be given.

    Attributes
    ----------
    day : float
    risk, low, high : float or None
    said : str
        Why there is none.
    """

    day: float
    risk: float | None
    low: float | None
    high: float | None
    said: str = ""


def scale_svg(
    now: Reading,
    edges: Sequence[float],
    *,
    before: Reading | None = None,
    published: Sequence[tuple[float, float]] = (),
    narrow: bool = False,
) -> str:
    """One risk on a log-odds scale, with its interval, the groups, and published incidences.

    Parameters
    ----------
    now : Reading
        With a risk.
    edges : sequence of float
        The two limits between the groups.
    before : Reading, optional
        What is compared with, as an open mark.
    published : sequence of (low, high)
        Incidences, drawn under the scale.
    narrow : bool
        For a phone: the same type on a shorter scale.
    """
    assert now.risk is not None
    assert now.low is not None
    assert now.high is not None
    shown = [now.risk, now.low, now.high, *edges, *(p for pair in published for p in pair)]
    if before is not None and before.risk is not None:
        shown.append(before.risk)
    low = min(log_odds(min(shown)) - 0.35, log_odds(0.01))
    high = max(log_odds(max(shown)) + 0.35, log_odds(0.3))
    width = 330.0 if narrow else 600.0
    left, right, top, foot = 12.0, width - 12.0, 20.0, 46.0

    def x(risk: float) -> float:
        share = (log_odds(risk) - low) / (high - low)
        return round(left + min(max(share, 0.0), 1.0) * (right - left), 1)

    tall = 84 if published else 66
    interval = f"{percent(now.low)} to {percent(now.high)}"
    said = f"Risk {percent(now.risk)} on a scale, 90% interval {interval}."
    parts = [
        f'<svg class="scale {"narrow" if narrow else "broad"}" viewBox="0 0 {width:g} {tall}" '
        f'role="img" aria-label="{escape(said)}" '
        f'font-family="{FONT}" font-size="11" fill="{INK}">'
    ]
    ends = [left, x(edges[0]), x(edges[1]), right]
    for (name, ground), start, end in zip(GROUNDS.items(), ends[:-1], ends[1:], strict=True):
        parts.append(
            f'<rect x="{start:g}" y="{top:g}" width="{max(end - start, 0):g}" '
            f'height="{foot - top:g}" fill="{ground}"/>'
        )
        if end - start > 70:
            parts.append(
                f'<text x="{(start + end) / 2:g}" y="{top - 7:g}" text-anchor="middle" '
                f'fill="{QUIET}">{name}</text>'
            )
    for edge in edges:
        parts.append(
            f'<path d="M{x(edge):g} {top - 4:g}V{foot:g}" stroke="{QUIET}" stroke-dasharray="3 2"/>'
        )
    for risk in risk_ticks(low, high, 5 if narrow else 9):
        parts.append(
            f'<path d="M{x(risk):g} {foot:g}v4" stroke="{QUIET}"/>'
            f'<text x="{x(risk):g}" y="{foot + 15:g}" text-anchor="middle" fill="{QUIET}">'
            f"{percent(risk)}</text>"
        )
    middle = (top + foot) / 2
    parts.append(
        f'<path d="M{x(now.low):g} {middle:g}H{x(now.high):g}" stroke="{LINE}" stroke-width="6" '
        f'stroke-linecap="round" stroke-opacity="0.45"/>'
    )
    if before is not None and before.risk is not None:
        parts.append(
            f'<circle cx="{x(before.risk):g}" cy="{middle:g}" r="6" fill="#fff" stroke="{INK}" '
            'stroke-width="2"/>'
        )
    parts.append(f'<circle cx="{x(now.risk):g}" cy="{middle:g}" r="7" fill="{INK}"/>')
    for start, end in published:
        wide = max(x(end) - x(start), 5.0)
        parts.append(
            f'<rect x="{(x(start) + x(end) - wide) / 2:g}" y="{foot + 22:g}" width="{wide:g}" '
            f'height="5" rx="2.5" fill="{QUIET}" fill-opacity="0.55"/>'
        )
    if published:
        parts.append(
            f'<text x="{left:g}" y="{foot + 36:g}" fill="{QUIET}" font-size="10">'
            "published incidence of the product</text>"
        )
    return "".join([*parts, "</svg>"])


def hundred_svg(filled: int) -> str:
    """A hundred patients, of whom some are filled."""
    circles = "".join(
        f'<circle cx="{(k % 10) * 20 + 10}" cy="{(k // 10) * 20 + 10}" r="7.2" '
        f'fill="{INK if k < filled else "#fff"}" stroke="{INK if k < filled else "#8a949e"}" '
        'stroke-width="1.4"/>'
        for k in range(100)
    )
    return (
        f'<svg class="hundred" viewBox="0 0 200 200" role="img" '
        f'aria-label="{filled} of 100 patients filled">{circles}</svg>'
    )


def course_svg(
    readings: Sequence[Reading],
    edges: Sequence[float],
    horizon_days: float,
    events: Sequence[EventRow] = (),
    *,
    narrow: bool = False,
) -> str:
    """The risk day by day with its interval, over the groups, events under it.

    Parameters
    ----------
    readings : sequence of Reading
        In order of days; those without a risk leave a gap.
    edges : sequence of float
    horizon_days : float
        Right end of the picture.
    events : sequence of EventRow
    narrow : bool
        For a phone: the same type on a narrower picture.
    """
    known = [r for r in readings if r.risk is not None]
    ends = [p for r in known for p in (r.risk, r.low, r.high) if p is not None]
    # Room under the lowest tick, so that its figure stands clear of the rows of events.
    low = min(log_odds(min([*ends, edges[0]])) - 0.3, log_odds(0.01) - 0.6)
    high = max(log_odds(max([*ends, edges[1]])) + 0.3, log_odds(0.3))
    tall = 190.0 + 15.0 * len(events)
    width = 360.0 if narrow else 680.0
    name = "course-narrow" if narrow else "course"
    # The names of the groups stand beside the picture, where no curve runs through them.
    frame = Frame(96.0 if narrow else 118.0, width - 74.0, 12.0, 168.0, 0.0, horizon_days)

    def y(risk: float) -> float:
        share = (log_odds(risk) - low) / (high - low)
        return round(frame.foot - share * (frame.foot - frame.top), 1)

    said = "; ".join(
        f"day {r.day:g}: {percent(r.risk)}" if r.risk is not None else f"day {r.day:g}: none"
        for r in readings
    )
    parts = [
        f'<svg class="{"narrow" if narrow else "broad"}" viewBox="0 0 {width:g} {tall:g}" '
        'role="img" '
        f'aria-labelledby="{name}-title {name}-desc" '
        f'font-family="{FONT}" font-size="11" fill="{INK}">',
        f'<title id="{name}-title">Risk day by day</title>',
        f'<desc id="{name}-desc">{escape(said)}.</desc>',
    ]
    borders = [frame.foot, y(edges[0]), y(edges[1]), frame.top]
    bands = list(zip(GROUNDS.items(), borders[:-1], borders[1:], strict=True))
    places = spread([(foot + top) / 2 + 4 for _, foot, top in bands], 12)
    for ((group, ground), foot, top), at in zip(bands, places, strict=True):
        parts.append(
            f'<rect x="{frame.left:g}" y="{top:g}" width="{frame.right - frame.left:g}" '
            f'height="{max(foot - top, 0):g}" fill="{ground}"/>'
            f'<text x="{frame.right + 7:g}" y="{at:g}" fill="{QUIET}">{group}</text>'
        )
    for risk in risk_ticks(low + 0.4, high):
        parts.append(
            f'<path d="M{frame.left:g} {y(risk):g}H{frame.right:g}" stroke="#fff"/>'
            f'<text x="{frame.left - 6:g}" y="{y(risk) + 4:g}" text-anchor="end" '
            f'fill="{QUIET}">{percent(risk)}</text>'
        )
    for run in _runs(readings):
        upper = [f"{frame.x(r.day):g},{y(r.high or 0):g}" for r in run]
        lower = [f"{frame.x(r.day):g},{y(r.low or 0):g}" for r in reversed(run)]
        line = " ".join(f"{frame.x(r.day):g},{y(r.risk or 0):g}" for r in run)
        parts.append(
            f'<polygon points="{" ".join([*upper, *lower])}" fill="{LINE}" fill-opacity="0.16"/>'
            f'<polyline points="{line}" fill="none" stroke="{LINE}" stroke-width="2"/>'
        )
    for r in known:
        assert r.risk is not None
        last = r is known[-1]
        parts.append(
            f'<circle cx="{frame.x(r.day):g}" cy="{y(r.risk):g}" r="{5 if last else 3.4}" '
            f'fill="{INK if last else LINE}"/>'
        )
        if last:
            parts.append(
                f'<text x="{frame.x(r.day):g}" y="{y(r.risk) - 10:g}" text-anchor="middle" '
                'font-weight="700" font-size="13" stroke="#fff" stroke-width="3" '
                f'paint-order="stroke">{percent(r.risk)}</text>'
            )
    parts += event_rows(events, frame, frame.foot + 2)
    parts += days_axis(frame, tall - 6, frame.foot + 15 * len(events))
    return "".join([*parts, "</svg>"])


def _runs(readings: Sequence[Reading]) -> list[list[Reading]]:
    """Consecutive readings with a risk."""
    runs: list[list[Reading]] = [[]]
    for reading in readings:
        if reading.risk is None:
            runs.append([])
        else:
            runs[-1].append(reading)
    return [run for run in runs if run]


__all__ = ["Reading", "course_svg", "hundred_svg", "scale_svg"]
