"""Rows over the days as one inline SVG: bars, marks and running counts, with words for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_INK, _LINE, _MET, _QUIET, _SOFT = "#1b2733", "#0b5394", "#a3131f", "#59636e", "#dfe4e8"
_WIDTH, _LEFT, _RIGHT, _BOTTOM = 1000, 250, 135, 44
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
    top = 8 + _WORDS * len(lines)
    foot = top + height * len(lanes)
    total = foot + _BOTTOM
    highest = max((len(lane.marks) for lane in lanes), default=0)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {total:g}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc" font-family="system-ui, Helvetica, Arial, '
        f'sans-serif" font-size="13" fill="{_INK}">',
        f'<title id="{name}-title">{escape(title)}</title>',
        f'<desc id="{name}-desc">{escape(described)}</desc>',
        f'<rect width="{_WIDTH}" height="{total:g}" fill="#ffffff"/>',
        *_axis(last_day, top, foot),
    ]
    for k, lane in enumerate(lanes):
        parts += _lane(lane, top + height * k, height, last_day, highest)
    for k, line in enumerate(lines):
        parts += _line(line, last_day, 8 + _WORDS * k, foot)
    return "\n".join([*parts, "</svg>"])


def _x(day: float, last_day: float) -> float:
    share = min(max(day / last_day, 0.0), 1.0)
    return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 2)


def _axis(last_day: float, top: float, foot: float) -> list[str]:
    step = next((s for s in _STEPS if last_day / s <= 16), last_day)
    drawn = []
    for k in range(int(last_day / step) + 1):
        x = _x(k * step, last_day)
        drawn.append(f'<path d="M{x:g} {top:g}V{foot:g}" stroke="{_SOFT}" stroke-width="1"/>')
        drawn.append(f'<text x="{x:g}" y="{foot + 16:g}" text-anchor="middle">{k * step:g}</text>')
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    words = "days from the infusion"
    drawn.append(f'<text x="{middle:g}" y="{foot + 36:g}" text-anchor="middle">{words}</text>')
    return drawn


def _lane(lane: Lane, top: float, height: float, last_day: float, highest: int) -> list[str]:
    middle, right = top + height / 2, _WIDTH - _RIGHT
    weight = ' font-weight="700"' if lane.strong else ""
    drawn = [
        f'<path d="M{_LEFT} {top + height:g}H{right}" stroke="{_SOFT}" stroke-width="1"/>',
        f'<text x="{_LEFT - 8}" y="{middle + 4:g}" text-anchor="end"{weight}>'
        f"{escape(lane.label)}</text>",
        f'<text x="{right + 8}" y="{middle + 4:g}">{escape(lane.note)}</text>',
    ]
    for bar in lane.bars:
        if bar.start <= last_day:
            start, end = _x(bar.start, last_day), _x(bar.end, last_day)
            size, colour = (0.62 * height, _MET) if bar.met else (3.0, _LINE)
            drawn.append(
                f'<rect x="{start:g}" y="{middle - size / 2:g}" width="{max(end - start, 2):g}" '
                f'height="{size:g}" fill="{colour}"/>'
            )
    shown = sorted(day for day in lane.marks if day <= last_day)
    if shown:
        foot, room = top + height - 2, height - 16
        rise, path = room / highest, f"M{_x(0, last_day):g} {foot - 11:g}"
        for count, day in enumerate(shown, 1):
            path += f"H{_x(day, last_day):g}V{round(foot - 11 - count * rise, 2):g}"
        path += f"H{right}"
        strokes = "".join(f"M{_x(day, last_day):g} {foot:g}v-9" for day in shown)
        drawn.append(f'<path d="{strokes}" stroke="{_MET}" stroke-width="1.4" fill="none"/>')
        drawn.append(f'<path d="{path}" stroke="{_LINE}" stroke-width="1.8" fill="none"/>')
    return drawn


def _line(line: Line, last_day: float, top: float, foot: float) -> list[str]:
    if line.day > last_day:
        return []
    x, dash = _x(line.day, last_day), ' stroke-dasharray="5 4"' if line.dashed else ""
    return [
        f'<path d="M{x:g} {top + 8:g}V{foot:g}" stroke="{_QUIET}" stroke-width="1.4"{dash}/>',
        f'<text x="{x:g}" y="{top + 4:g}" text-anchor="middle" fill="{_QUIET}" '
        'stroke="#ffffff" stroke-width="4" paint-order="stroke">'
        f"{escape(line.words)}</text>",
    ]
