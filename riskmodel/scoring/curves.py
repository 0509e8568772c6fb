"""Lab curves of one patient as inline SVG: results, bounds, limits, and events under them."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from riskmodel.cohort.schema import EXACT
from riskmodel.scoring.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]

FIRST_DAY = -7.0
LOG_SCALE = frozenset(("ferritin", "ldh", "ast", "alt", "crp", "il6"))
_INK, _LINE, _LIMIT, _QUIET = "#1b2733", "#0b5394", "#a3131f", "#59636e"
_TEXT = 8.0


@dataclass(frozen=True)
class Limit:
    """A horizontal line: a criterion (dashed), or an upper limit of normal (dotted)."""

    value: float
    words: str
    criterion: bool = True


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


def curve_svg(curve: Curve) -> str:
    """Draw a panel as one ``<svg>`` element, the same for the same input, ids of its own.

    Bounded results are open markers with an arrow towards where the value lies. Nothing
    beyond `last_day` is drawn.
    """
    from matplotlib.figure import Figure

    rows = len(curve.events)
    tall = bool(rows)
    height = 2.35 + (0.5 + 0.2 * rows if tall else 0.0)
    figure = Figure(figsize=(4.3 if tall else 3.3, height), layout="constrained")
    if tall:
        main, strip = figure.subplots(
            2, 1, sharex=True, gridspec_kw={"height_ratios": [2.1, 0.2 * rows + 0.1]}
        )
        _draw_events(strip, curve)
        bottom = strip
    else:
        main = bottom = figure.subplots()
    _draw_results(main, curve)
    _draw_days(main, bottom, curve.last_day)
    return _markup(figure, curve)


def _draw_results(axes: "Axes", curve: Curve) -> None:
    log = curve.analyte in LOG_SCALE
    known = curve.value[curve.value > 0]
    floor = float(known.min()) / 2 if log and len(known) else -np.inf
    value = np.maximum(curve.value, floor)
    if log:
        axes.set_yscale("log")
    _set_range(axes, value, [limit.value for limit in curve.limits], log)
    axes.plot(curve.days, value, color=_LINE, linewidth=1.1, zorder=2)
    exact = curve.comparator == EXACT
    axes.plot(curve.days[exact], value[exact], "o", color=_LINE, markersize=4, zorder=3)
    for day, at, sign in zip(
        curve.days[~exact], value[~exact], curve.comparator[~exact], strict=True
    ):
        axes.plot(
            [day], [at], "o", markersize=5, markerfacecolor="white", markeredgecolor=_LINE, zorder=4
        )
        axes.annotate(
            "",
            xy=(day, at),
            xytext=(0, 13 if sign > EXACT else -13),
            textcoords="offset points",
            arrowprops={"arrowstyle": "<|-", "color": _LINE, "shrinkB": 3, "lw": 1.0},
            annotation_clip=False,
        )
    for limit in curve.limits:
        colour, style = (_LIMIT, "--") if limit.criterion else (_QUIET, ":")
        axes.axhline(limit.value, color=colour, linestyle=style, linewidth=1.1, zorder=1)
        axes.annotate(
            limit.words,
            xy=(0.012, limit.value),
            xycoords=("axes fraction", "data"),
            xytext=(0, 2),
            textcoords="offset points",
            color=colour,
            fontsize=_TEXT - 1,
            va="bottom",
        )
    axes.set_ylabel(curve.unit, fontsize=_TEXT, color=_INK)


def _set_range(axes: "Axes", value: Floats, limits: Sequence[float], log: bool) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

    shown = np.array([*value, *limits], dtype=np.float64)
    low, high = float(shown.min()), float(shown.max())
    if log:
        low, high = low / 1.7, high * 2.4
        axes.set_ylim(low, high)
        axes.yaxis.set_major_locator(FixedLocator(_log_ticks(low, high)))
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        top = max(high * 1.25, 1e-9)
        axes.set_ylim(-0.04 * top, top)
        axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: number(y)))


def _log_ticks(low: float, high: float) -> list[float]:
    """The roundest numbers of which at least three lie in the range."""
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    ticks: list[float] = []
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
        ticks = [step * 10.0**k for k in decades for step in steps]
        ticks = [t for t in ticks if low <= t <= high]
        if len(ticks) >= 3:
            break
    return ticks


def _draw_events(strip: "Axes", curve: Curve) -> None:
    rows = len(curve.events)
    strip.set_ylim(rows - 0.4, -0.6)
    strip.set_yticks(range(rows), [row.label for row in curve.events])
    for y, row in enumerate(curve.events):
        plain = [day for day, text in zip(row.days, row.texts, strict=True) if not text]
        strip.plot(plain, [y] * len(plain), "|", color=_INK, markersize=7, markeredgewidth=1.6)
        for day, text in zip(row.days, row.texts, strict=True):
            strip.text(day, y, text, ha="center", va="center", fontsize=_TEXT, color=_INK)
    strip.tick_params(axis="y", length=0)
    strip.grid(axis="y", color="#e3e7ea", linewidth=0.6)


def _draw_days(main: "Axes", bottom: "Axes", last_day: float) -> None:
    ticks = [d for d in (-7, -5, -3, -1, 0, 2, 4, 6, 8, 10, 12, 14) if d <= last_day]
    if last_day > 15:
        ticks = list(range(-7, int(last_day) + 1, 7 if last_day <= 60 else 28))
    elif last_day > 0:
        ticks = [d for d in ticks if d not in (-5, -3, -1)]
    for axes in dict.fromkeys((main, bottom)):
        axes.axvline(0, color=_QUIET, linewidth=0.8, zorder=0)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        axes.tick_params(labelsize=_TEXT, colors=_INK, which="major")
        axes.set_xlim(FIRST_DAY - 0.3, last_day + 0.04 * (last_day - FIRST_DAY))
    bottom.set_xticks(ticks, [str(d).replace("-", "\N{MINUS SIGN}") for d in ticks])
    bottom.set_xlabel("days from the infusion", fontsize=_TEXT, color=_INK)


def _markup(figure: "Figure", curve: Curve) -> str:
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    markup = tidy_svg(out.getvalue())
    prefix = f"curve-{curve.analyte}"
    names = dict.fromkeys(re.findall(r'\bid="([^"]+)"', markup))
    short = {name: f"{prefix}-{k}" for k, name in enumerate(names)}
    markup = re.sub(r'\bid="([^"]+)"', lambda m: f'id="{short[m[1]]}"', markup)
    markup = re.sub(r'(href="|url\()#([^")]+)', lambda m: f"{m[1]}#{short.get(m[2], m[2])}", markup)
    opening = markup.index(">") + 1
    head = re.sub(r' (width|height)="[^"]*"', "", markup[:opening])
    title = f"{curve.label} over time"
    return (
        f'{head[:-1]} role="img" aria-labelledby="{prefix}-title {prefix}-desc">'
        f'<title id="{prefix}-title">{escape(title)}</title>'
        f'<desc id="{prefix}-desc">{escape(curve.described)}</desc>{markup[opening:]}'
    )


def tidy_svg(markup: str) -> str:
    """Markup from ``<svg`` on, without comments and metadata, which a page does not need."""
    body = markup[markup.index("<svg") :].strip()
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    return re.sub(r"\n\s*", "\n", body)
