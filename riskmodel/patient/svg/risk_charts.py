"""Pictures of a risk: its place on a scale, 100 patients, and its course over the days."""

from collections.abc import Sequence
from dataclasses import dataclass

from riskmodel import pictures as draw
from riskmodel.models import percent
from riskmodel.patient.svg.lab_curves import ROW, EventRow, Frame, days_axis, event_rows
from riskmodel.pictures import FAINT, GROUNDS, INK, LINE, QUIET, Scale, log_odds, risk_ticks, spread


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
    middle, scale = (top + foot) / 2, Scale(low, high, left, right)

    def x(risk: float) -> float:
        return scale(log_odds(risk))

    parts = []
    ends = [left, x(edges[0]), x(edges[1]), right]
    for (name, ground), start, end in zip(GROUNDS.items(), ends[:-1], ends[1:], strict=True):
        size = max(end - start, 0.0)
        parts.append(draw.tag("rect", x=start, y=top, width=size, height=foot - top, fill=ground))
        if size > 70:
            parts.append(draw.text((start + end) / 2, top - 7, name, anchor="middle", fill=QUIET))
    for edge in edges:
        parts.append(draw.stroke(f"M{x(edge):g} {top - 4:g}V{foot:g}", QUIET,
                                 stroke_dasharray="3 2"))  # fmt: skip
    for risk in risk_ticks(low, high, 5 if narrow else 9):
        parts.append(draw.stroke(f"M{x(risk):g} {foot:g}v4", QUIET))
        parts.append(draw.text(x(risk), foot + 15, percent(risk), anchor="middle", fill=QUIET))
    parts.append(draw.stroke(f"M{x(now.low):g} {middle:g}H{x(now.high):g}", LINE, 6,
                             stroke_linecap="round", stroke_opacity=0.45))  # fmt: skip
    if before is not None and before.risk is not None:
        parts.append(draw.tag("circle", cx=x(before.risk), cy=middle, r=6, fill="#fff",
                              stroke=INK, stroke_width=2))  # fmt: skip
    parts.append(draw.tag("circle", cx=x(now.risk), cy=middle, r=7, fill=INK))
    for start, end in published:
        wide = max(x(end) - x(start), 5.0)
        parts.append(draw.tag("rect", x=(x(start) + x(end) - wide) / 2, y=foot + 22, width=wide,
                              height=5, rx=2.5, fill=QUIET, fill_opacity=0.55))  # fmt: skip
    if published:
        said = "published incidence of the product"
        parts.append(draw.text(left, foot + 36, said, fill=QUIET, font_size=10))
    interval = f"{percent(now.low)} to {percent(now.high)}"
    title = f"Risk {percent(now.risk)} on a scale, 90% interval {interval}."
    tall = 84 if published else 66
    kind = "scale narrow" if narrow else "scale broad"
    return draw.svg(parts, width, tall, title=title, class_=kind)


def hundred_svg(filled: int) -> str:
    """A hundred patients, of whom some are filled."""
    circles = [
        draw.tag("circle", cx=(k % 10) * 20 + 10, cy=(k // 10) * 20 + 10, r=7.2, stroke_width=1.4,
                 fill=INK if k < filled else "#fff", stroke=INK if k < filled else FAINT)
        for k in range(100)
    ]  # fmt: skip
    title = f"{filled} of 100 patients filled"
    return draw.svg(circles, 200, 200, title=title, class_="hundred")


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
    width = 360.0 if narrow else 680.0
    # The names of the groups stand beside the picture, where no curve runs through them.
    frame = Frame(96.0 if narrow else 118.0, width - 74.0, 12.0, 168.0, 0.0, horizon_days)
    scale = Scale(low, high, frame.foot, frame.top)

    def y(risk: float) -> float:
        return scale(log_odds(risk))

    parts = []
    borders = [frame.foot, y(edges[0]), y(edges[1]), frame.top]
    bands = list(zip(GROUNDS.items(), borders[:-1], borders[1:], strict=True))
    places = spread([(foot + top) / 2 + 4 for _, foot, top in bands], 12)
    for ((group, ground), foot, top), at in zip(bands, places, strict=True):
        parts.append(draw.tag("rect", x=frame.left, y=top, width=frame.right - frame.left,
                              height=max(foot - top, 0.0), fill=ground))  # fmt: skip
        parts.append(draw.text(frame.right + 7, at, group, fill=QUIET))
    for risk in risk_ticks(low + 0.4, high):
        parts.append(draw.stroke(f"M{frame.left:g} {y(risk):g}{frame.across}", "#fff"))
        parts.append(
            draw.text(frame.left - 6, y(risk) + 4, percent(risk), anchor="end", fill=QUIET)
        )
    for run in _runs(readings):
        days = [frame.x(r.day) for r in run]
        risks, lows, highs = (
            list(zip(days, [y(getattr(r, end) or 0) for r in run], strict=True))
            for end in ("risk", "low", "high")
        )
        parts += [draw.band(highs, lows), draw.curve(risks)]
    for r in known:
        assert r.risk is not None
        x, at, last = frame.x(r.day), y(r.risk), r is known[-1]
        parts.append(
            draw.tag("circle", cx=x, cy=at, r=5 if last else 3.4, fill=INK if last else LINE)
        )
        if last:
            parts.append(draw.text(x, at - 10, percent(r.risk), anchor="middle", font_weight=700,
                                   font_size=13, **draw.HALO))  # fmt: skip
    parts += event_rows(events, frame, frame.foot + 2)
    tall = 190.0 + ROW * len(events)
    parts += days_axis(frame, tall - 6, frame.foot + ROW * len(events))
    said = "; ".join(
        f"day {r.day:g}: {percent(r.risk)}" if r.risk is not None else f"day {r.day:g}: none"
        for r in readings
    )
    return draw.svg(
        parts, width, tall, title="Risk day by day", described=f"{said}.",
        name="course-narrow" if narrow else "course", class_="narrow" if narrow else "broad",
    )  # fmt: skip


def _runs(readings: Sequence[Reading]) -> list[list[Reading]]:
    """Consecutive readings with a risk."""
    runs: list[list[Reading]] = [[]]
    for reading in readings:
        if reading.risk is None:
            runs.append([])
        else:
            runs[-1].append(reading)
    return [run for run in runs if run]
