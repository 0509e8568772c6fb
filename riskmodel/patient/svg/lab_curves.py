"""Lab curves of one patient as inline SVG: results, bounds, limits, and events under them."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import numpy.typing as npt

from riskmodel.arrays import Floats
from riskmodel.cohort import EXACT
from riskmodel.patient.svg.axes import day_ticks, linear_ticks, log_ticks, spread
from riskmodel.patient.wording import number

FIRST_DAY = -7.0
LOG_SCALE = frozenset(("ferritin", "ldh", "ast", "alt", "crp", "il6"))
INK, LINE, LIMIT, QUIET, SOFT = "#15202b", "#0b4f8a", "#9b1420", "#4d5761", "#dfe4e8"
BEYOND = "#fbeeee"
"""Ground of the side of a criterion on which it is met."""
FONT = "-apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

_WIDTH, _HEIGHT = 340.0, 150.0
_LEFT, _RIGHT, _TOP, _FOOT = 44.0, 12.0, 14.0, 26.0
_ROW = 15.0
_LABELS = 118.0  # room for the names of event rows


@dataclass(frozen=True)
class Limit:
    """A horizontal line: a criterion (dashed), or an upper limit of normal (dotted).

    `side` is 1 where the criterion is met above, -1 below, 0 where neither.
    """

    value: float
    words: str
    criterion: bool = True
    side: int = 0


@dataclass(frozen=True)
class EventRow:
    """One kind of event under a panel: days, and a short text at each (a grade, or empty)."""

    label: str
    days: tuple[float, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Curve:
    """One panel.

    Attributes
    ----------
    analyte, label, unit : str
    days, value : float64 arrays of shape (k,)
        Time order; values in `unit`.
    comparator : int8 array of shape (k,)
        Of `riskmodel.cohort.schema`: below 0 an upper bound, above 0 a lower bound.
    limits : tuple of Limit
    last_day : float
        The prediction time, the right end of the panel.
    described : str
        The panel in words.
    events : tuple of EventRow
    first_day : float
        The left end.
    """

    analyte: str
    label: str
    unit: str
    days: Floats
    value: Floats
    comparator: npt.NDArray[np.int8]
    limits: tuple[Limit, ...]
    last_day: float
    described: str
    events: tuple[EventRow, ...] = ()
    first_day: float = FIRST_DAY


@dataclass(frozen=True)
class Frame:
    """Where days and values lie on a picture of one panel."""

    left: float
    right: float
    top: float
    foot: float
    first_day: float
    last_day: float

    def x(self, day: float) -> float:
        """Place of a day."""
        span = max(self.last_day - self.first_day, 0.5)
        share = (day - self.first_day) / span
        return round(self.left + share * (self.right - self.left), 1)


def curve_svg(curve: Curve) -> str:
    """Draw a panel as one ``<svg>`` element, the same for the same input, ids of its own.

    Bounded results are open markers with an arrow towards where the value lies. Nothing
    beyond `last_day` is drawn.
    """
    wide = bool(curve.events)
    width = _WIDTH * (2 if wide else 1)
    height = _HEIGHT + _ROW * len(curve.events)
    left = _LABELS if wide else _LEFT
    frame = Frame(
        left, width - _RIGHT, _TOP, _HEIGHT - _FOOT, curve.first_day, max(curve.last_day, 0.0)
    )
    name = f"curve-{curve.analyte}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc" font-family="{FONT}" font-size="10.5" '
        f'fill="{INK}">',
        f'<title id="{name}-title">{escape(curve.label)} over time</title>',
        f'<desc id="{name}-desc">{escape(curve.described)}</desc>',
        *_values(curve, frame),
        *event_rows(curve.events, frame, _HEIGHT - _FOOT + 2),
        *days_axis(frame, height - 7, _HEIGHT - _FOOT + _ROW * len(curve.events)),
        "</svg>",
    ]
    return "".join(parts)


def _values(curve: Curve, frame: Frame) -> list[str]:
    log = curve.analyte in LOG_SCALE
    known = curve.value[curve.value > 0]
    floor = float(known.min()) / 2 if log and len(known) else -np.inf
    value = np.maximum(curve.value, floor if log else -np.inf)
    if log and not len(known):
        log = False
    shown = [*value.tolist(), *(limit.value for limit in curve.limits)]
    low, high = _range(shown, log)

    def y(of: float) -> float:
        bounds = np.log10([low, high, max(of, 1e-12)]) if log else np.array([low, high, of])
        share = float((bounds[2] - bounds[0]) / (bounds[1] - bounds[0]))
        return round(frame.foot - min(max(share, -0.02), 1.02) * (frame.foot - frame.top), 1)

    drawn = []
    for limit in curve.limits:
        drawn += _ground(limit, frame, y(limit.value))
    for tick in log_ticks(low, high) if log else linear_ticks(low, high):
        at = y(tick)
        drawn.append(f'<path d="M{frame.left:g} {at:g}H{frame.right:g}" stroke="{SOFT}"/>')
        drawn.append(
            f'<text x="{frame.left - 5:g}" y="{at + 3.5:g}" text-anchor="end" fill="{QUIET}">'
            f"{number(tick)}</text>"
        )
    drawn += _limit_lines(curve.limits, frame, [y(limit.value) for limit in curve.limits])
    points = [(frame.x(day), y(of)) for day, of in zip(curve.days, value, strict=True)]
    if len(points) > 1:
        path = " ".join(f"{x:g},{at:g}" for x, at in points)
        drawn.append(f'<polyline points="{path}" fill="none" stroke="{LINE}" stroke-width="1.8"/>')
    for (x, at), sign in zip(points, curve.comparator, strict=True):
        drawn += _mark(x, at, int(sign))
    return drawn


def _range(shown: Sequence[float], log: bool) -> tuple[float, float]:
    low, high = min(shown), max(shown)
    if log:
        return low / 1.6, high * 1.9
    top = max(high * 1.18, 1e-9)
    return min(0.0, low), top


def _ground(limit: Limit, frame: Frame, at: float) -> list[str]:
    """The side of a criterion on which it is met."""
    top, foot = (frame.top, at) if limit.side > 0 else (at, frame.foot)
    if not limit.criterion or not limit.side or foot <= top:
        return []
    return [
        f'<rect x="{frame.left:g}" y="{top:g}" width="{frame.right - frame.left:g}" '
        f'height="{foot - top:g}" fill="{BEYOND}"/>'
    ]


def _limit_lines(limits: Sequence[Limit], frame: Frame, at: Sequence[float]) -> list[str]:
    drawn = []
    for limit, y, words_y in zip(limits, at, spread([a - 3 for a in at], 11), strict=True):
        colour, dash = (LIMIT, "5 3") if limit.criterion else (QUIET, "1.5 3")
        drawn.append(
            f'<path d="M{frame.left:g} {y:g}H{frame.right:g}" stroke="{colour}" '
            f'stroke-width="1.2" stroke-dasharray="{dash}"/>'
            f'<text x="{frame.left + 4:g}" y="{max(words_y, 9):g}" fill="{colour}" '
            'class="limit-words" font-size="9.5" stroke="#fff" stroke-width="3" '
            f'paint-order="stroke">'
            f"{escape(limit.words)}</text>"
        )
    return drawn


def _mark(x: float, at: float, sign: int) -> list[str]:
    if sign == EXACT:
        return [f'<circle cx="{x:g}" cy="{at:g}" r="2.9" fill="{LINE}"/>']
    step = -11 if sign > EXACT else 11
    tip = 4 if sign > EXACT else -4
    return [
        f'<path d="M{x:g} {at:g}v{step}m-3 {tip}l3 {-tip}l3 {tip}" fill="none" stroke="{LINE}" '
        'stroke-width="1.4"/>'
        f'<circle cx="{x:g}" cy="{at:g}" r="3.2" fill="#fff" stroke="{LINE}" stroke-width="1.4"/>'
    ]


def event_rows(rows: Sequence[EventRow], frame: Frame, top: float) -> list[str]:
    """Events as rows under a panel: a stroke, or the grade, at each day."""
    drawn = []
    for k, row in enumerate(rows):
        middle = top + _ROW * (k + 0.5)
        drawn.append(
            f'<path d="M{frame.left:g} {middle + 7.5:g}H{frame.right:g}" stroke="{SOFT}"/>'
            f'<text x="{frame.left - 6:g}" y="{middle + 3.5:g}" text-anchor="end">'
            f"{escape(row.label)}</text>"
        )
        for day, text in zip(row.days, row.texts, strict=True):
            x = frame.x(day)
            if text:
                drawn.append(
                    f'<text x="{x:g}" y="{middle + 3.8:g}" text-anchor="middle" '
                    f'font-weight="700">{escape(text)}</text>'
                )
            else:
                drawn.append(
                    f'<path d="M{x:g} {middle - 5:g}v10" stroke="{INK}" stroke-width="1.8"/>'
                )
    return drawn


def days_axis(frame: Frame, words_at: float, foot: float) -> list[str]:
    """Day numbers, and a line at the infusion."""
    drawn = []
    if frame.first_day <= 0 <= frame.last_day:
        x = frame.x(0)
        drawn.append(f'<path d="M{x:g} {frame.top:g}V{foot:g}" stroke="{QUIET}"/>')
    for day in day_ticks(frame.first_day, frame.last_day):
        # On paper, where the picture is small, the class leaves room for its neighbours.
        shown = (
            '<tspan class="word">day </tspan>0'
            if day == 0
            else f"{day}".replace("-", "\N{MINUS SIGN}")
        )
        drawn.append(
            f'<text x="{frame.x(day):g}" y="{words_at:g}" text-anchor="middle" fill="{QUIET}">'
            f"{shown}</text>"
        )
    return drawn
