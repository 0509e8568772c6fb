"""Rows over the days as one inline SVG: bars, marks and running counts, with words for each."""

from collections.abc import Sequence
from dataclasses import dataclass

from riskmodel import pictures as draw
from riskmodel.pictures import LIMIT, LINE, QUIET, SOFT, Scale

_WIDTH, _LEFT, _RIGHT, _BOTTOM = 1000, 250, 865, 44
_WORDS = 16  # height of the words of one vertical line
_STEPS = (1, 2, 5, 7, 10, 14, 30, 60, 90, 180, 365)


@dataclass(frozen=True)
class Bar:
    """A stretch of days: tall where something is met, a thin line where it is not."""

    start: float
    end: float
    met: bool


@dataclass(frozen=True)
class Lane:
    """One row.

    Attributes
    ----------
    label, note : str
        Left and right of the row.
    bars : tuple of Bar
    marks : tuple of float
        Days, each a short stroke at the foot of the row; they also draw the running count.
    strong : bool
        Whether the label is bold.
    """

    label: str
    note: str = ""
    bars: tuple[Bar, ...] = ()
    marks: tuple[float, ...] = ()
    strong: bool = False


@dataclass(frozen=True)
class Line:
    """A vertical line through every row, with its words above."""

    day: float
    words: str
    dashed: bool = True


def lanes_svg(
    lanes: Sequence[Lane],
    last_day: float,
    *,
    lines: Sequence[Line] = (),
    title: str,
    described: str,
    name: str,
    height: float = 26.0,
) -> str:
    """Draw rows over days 0 to `last_day` as one ``<svg>`` element with a text alternative.

    Running counts of all rows share one scale, the highest count filling its row. Bars and
    marks beyond `last_day` are cut or left out.

    Parameters
    ----------
    lanes : sequence of Lane
    last_day : float
        Above 0.
    lines : sequence of Line
    title, described : str
        The picture in words.
    name : str
        Prefix of ids, unique on a page.
    height : float
        Of a row.
    """
    top = 8.0 + _WORDS * len(lines)
    foot = top + height * len(lanes)
    total = foot + _BOTTOM
    highest = max((len(lane.marks) for lane in lanes), default=0)
    x = Scale(0.0, last_day, _LEFT, _RIGHT)
    parts = [
        draw.tag("rect", width=_WIDTH, height=total, fill="#fff"),
        *_axis(last_day, x, top, foot),
    ]
    for k, lane in enumerate(lanes):
        parts += _lane(lane, x, top + height * k, height, highest)
    for k, line in enumerate(lines):
        parts += _line(line, x, 8.0 + _WORDS * k, foot) if line.day <= last_day else []
    return draw.svg(parts, _WIDTH, total, title=title, described=described, name=name, font_size=13)


def _axis(last_day: float, x: Scale, top: float, foot: float) -> list[str]:
    step = next((s for s in _STEPS if last_day / s <= 16), last_day)
    drawn = []
    for day in (k * step for k in range(int(last_day / step) + 1)):
        drawn.append(draw.stroke(f"M{x(day):g} {top:g}V{foot:g}", SOFT, 1))
        drawn.append(draw.text(x(day), foot + 16, f"{day:g}", anchor="middle"))
    middle = (_LEFT + _RIGHT) / 2
    return [*drawn, draw.text(middle, foot + 36, "days from the infusion", anchor="middle")]


def _lane(lane: Lane, x: Scale, top: float, height: float, highest: int) -> list[str]:
    middle = top + height / 2
    drawn = [
        draw.stroke(f"M{_LEFT} {top + height:g}H{_RIGHT}", SOFT, 1),
        draw.text(_LEFT - 8, middle + 4, lane.label, anchor="end",
                  font_weight=700 if lane.strong else None),
        draw.text(_RIGHT + 8, middle + 4, lane.note),
    ]  # fmt: skip
    for bar in lane.bars:
        if bar.start <= x.high:
            size, colour = (0.62 * height, LIMIT) if bar.met else (3.0, LINE)
            wide = max(x(bar.end) - x(bar.start), 2.0)
            drawn.append(draw.tag("rect", x=x(bar.start), y=middle - size / 2, width=wide,
                                  height=size, fill=colour))  # fmt: skip
    shown = sorted(day for day in lane.marks if day <= x.high)
    if shown:
        foot, rise = top + height - 2, (height - 16) / highest
        path = f"M{x(0):g} {foot - 11:g}"
        for count, day in enumerate(shown, 1):
            path += f"H{x(day):g}V{round(foot - 11 - count * rise, 2):g}"
        strokes = "".join(f"M{x(day):g} {foot:g}v-9" for day in shown)
        drawn += [draw.stroke(strokes, LIMIT, 1.4), draw.stroke(f"{path}H{_RIGHT}", LINE, 1.8)]
    return drawn


def _line(line: Line, x: Scale, top: float, foot: float) -> list[str]:
    dash = "5 4" if line.dashed else None
    return [
        draw.stroke(f"M{x(line.day):g} {top + 8:g}V{foot:g}", QUIET, 1.4, stroke_dasharray=dash),
        draw.text(x(line.day), top + 4, line.words, anchor="middle", fill=QUIET, **draw.HALO),
    ]
