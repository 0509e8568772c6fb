"""Lab curves of one patient as inline SVG: results, bounds, limits, and events under them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from riskmodel import pictures as draw
from riskmodel.arrays import Floats, States
from riskmodel.cohort import EXACT
from riskmodel.patient.wording import number
from riskmodel.pictures import BEYOND, INK, LIMIT, LINE, QUIET, SOFT, Scale

FIRST_DAY = -7.0
LOG_SCALE = frozenset(("ferritin", "ldh", "ast", "alt", "crp", "il6"))

_WIDTH, _HEIGHT = 340.0, 150.0
_LEFT, _RIGHT, _TOP, _FOOT = 44.0, 12.0, 14.0, 26.0
ROW = 15.0
"""Height of a row of events."""


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
    analyte, label : str
    days, value : float64 arrays of shape (k,)
        Time order; values in the unit of the analyte.
    comparator : int8 array of shape (k,)
        Of `riskmodel.cohort.schema`: below 0 an upper bound, above 0 a lower bound.
    limits : tuple of Limit
    last_day : float
        The prediction time, the right end of the panel.
    described : str
        The panel in words.
    first_day : float
        The left end.
    """

    analyte: str
    label: str
    days: Floats
    value: Floats
    comparator: States
    limits: tuple[Limit, ...]
    last_day: float
    described: str
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

    @property
    def x(self) -> Scale:
        """Place of a day."""
        last = max(self.last_day, self.first_day + 0.5)
        return Scale(self.first_day, last, self.left, self.right, slack=np.inf)

    @property
    def across(self) -> str:
        """The end of a path from left to right."""
        return f"H{self.right:g}"


def curve_svg(curve: Curve) -> str:
    """Draw a panel as one ``<svg>`` element, the same for the same input, ids of its own.

    Bounded results are open markers with an arrow towards where the value lies. Nothing
    beyond `last_day` is drawn.
    """
    foot = _HEIGHT - _FOOT
    last = max(curve.last_day, 0.0)
    frame = Frame(_LEFT, _WIDTH - _RIGHT, _TOP, foot, curve.first_day, last)
    return draw.svg(
        [*_values(curve, frame), *days_axis(frame, _HEIGHT - 7, foot)],
        _WIDTH,
        _HEIGHT,
        title=f"{curve.label} over time",
        described=curve.described,
        name=f"curve-{curve.analyte}",
        font_size=10.5,
    )


def _values(curve: Curve, frame: Frame) -> list[str]:
    known = curve.value[curve.value > 0]
    log = curve.analyte in LOG_SCALE and bool(len(known))
    value = np.maximum(curve.value, float(known.min()) / 2) if log else curve.value
    low, high = _range([*value.tolist(), *(limit.value for limit in curve.limits)], log)
    ends = np.log10([low, high]) if log else np.array([low, high])
    scale = Scale(float(ends[0]), float(ends[1]), frame.foot, frame.top, slack=0.02)

    def y(of: float) -> float:
        return scale(float(np.log10(max(of, 1e-12)) if log else of))

    limits = [y(limit.value) for limit in curve.limits]
    drawn = [ground for limit, at in zip(curve.limits, limits, strict=True)
             for ground in _ground(limit, frame, at)]  # fmt: skip
    for tick in draw.log_ticks(low, high) if log else draw.linear_ticks(low, high):
        at = y(tick)
        drawn.append(draw.stroke(f"M{frame.left:g} {at:g}{frame.across}", SOFT))
        drawn.append(draw.text(frame.left - 5, at + 3.5, number(tick), anchor="end", fill=QUIET))
    drawn += _limit_lines(curve.limits, frame, limits)
    places = [(frame.x(day), y(of)) for day, of in zip(curve.days, value, strict=True)]
    if len(places) > 1:
        drawn.append(draw.curve(places, 1.8))
    for (x, at), sign in zip(places, curve.comparator, strict=True):
        drawn += _mark(x, at, int(sign))
    return drawn


def _range(shown: Sequence[float], log: bool) -> tuple[float, float]:
    low, high = min(shown), max(shown)
    if log:
        return low / 1.6, high * 1.9
    return min(0.0, low), max(high * 1.18, 1e-9)


def _ground(limit: Limit, frame: Frame, at: float) -> list[str]:
    """The side of a criterion on which it is met."""
    top, foot = (frame.top, at) if limit.side > 0 else (at, frame.foot)
    if not limit.criterion or not limit.side or foot <= top:
        return []
    width = frame.right - frame.left
    return [draw.tag("rect", x=frame.left, y=top, width=width, height=foot - top, fill=BEYOND)]


def _limit_lines(limits: Sequence[Limit], frame: Frame, at: Sequence[float]) -> list[str]:
    drawn = []
    for limit, y, words_y in zip(limits, at, draw.spread([a - 3 for a in at], 11), strict=True):
        colour, dash = (LIMIT, "5 3") if limit.criterion else (QUIET, "1.5 3")
        drawn.append(draw.stroke(f"M{frame.left:g} {y:g}{frame.across}", colour, 1.2,
                                 stroke_dasharray=dash))  # fmt: skip
        drawn.append(
            draw.text(frame.left + 4, max(words_y, 9.0), limit.words, fill=colour, font_size=9.5,
                      class_="limit-words", **draw.HALO)
        )  # fmt: skip
    return drawn


def _mark(x: float, at: float, sign: int) -> list[str]:
    if sign == EXACT:
        return [draw.tag("circle", cx=x, cy=at, r=2.9, fill=LINE)]
    step = -11 if sign > EXACT else 11
    tip = 4 if sign > EXACT else -4
    return [
        draw.stroke(f"M{x:g} {at:g}v{step}m-3 {tip}l3 {-tip}l3 {tip}", LINE, 1.4),
        draw.tag("circle", cx=x, cy=at, r=3.2, fill="#fff", stroke=LINE, stroke_width=1.4),
    ]


def event_rows(rows: Sequence[EventRow], frame: Frame, top: float) -> list[str]:
    """Events as rows under a panel: a stroke, or the grade, at each day."""
    drawn = []
    for k, row in enumerate(rows):
        middle = top + ROW * (k + 0.5)
        drawn.append(draw.stroke(f"M{frame.left:g} {middle + 7.5:g}{frame.across}", SOFT))
        drawn.append(draw.text(frame.left - 6, middle + 3.5, row.label, anchor="end"))
        for day, words in zip(row.days, row.texts, strict=True):
            x = frame.x(day)
            drawn.append(
                draw.text(x, middle + 3.8, words, anchor="middle", font_weight=700)
                if words
                else draw.stroke(f"M{x:g} {middle - 5:g}v10", INK, 1.8)
            )
    return drawn


def days_axis(frame: Frame, words_at: float, foot: float) -> list[str]:
    """Day numbers, and a line at the infusion."""
    drawn = []
    if frame.first_day <= 0 <= frame.last_day:
        drawn.append(draw.stroke(f"M{frame.x(0):g} {frame.top:g}V{foot:g}", QUIET))
    for day in draw.day_ticks(frame.first_day, frame.last_day):
        # On paper, where the picture is small, the class leaves room for its neighbours.
        word = draw.tag("tspan", "day ", class_="word") if day == 0 else ""
        shown = word + f"{day}".replace("-", "\N{MINUS SIGN}")
        drawn.append(
            draw.tag("text", shown, x=frame.x(day), y=words_at, text_anchor="middle", fill=QUIET)
        )
    return drawn
