"""Pictures of every room: one palette, round ticks, and what an SVG element is made of."""

import hashlib
import io
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from riskmodel.arrays import logit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, LINE, LIMIT, QUIET, SOFT = "#15202b", "#0b4f8a", "#9b1420", "#4d5761", "#dfe4e8"
"""Text; what was measured; a limit, or what is met; what is said in passing; grids."""
FAINT = "#8a949e"
"""The edge of what stays empty."""
GROUNDS = {"low": "#eef3f1", "intermediate": "#fbf3df", "high": "#fbe9e9"}
"""Grounds of the three groups of risk; each also carries its name."""
BEYOND = "#fbeeee"
"""Ground of the side of a criterion on which it is met."""
SERIES = (LINE, "#b45f06", "#38761d", "#741b47", "#7f6000", "#45818e", LIMIT, QUIET)
"""Lines of one picture, in this order."""
PAGES = {
    "ink": INK, "quiet": QUIET, "line": "#d5dbe0", "soft": "#f4f6f8", "faint": FAINT,
    "up": LIMIT, "down": LINE, "beyond": BEYOND, "field": "#76818c", "focus": "#0b6bcb",
    "warn": "#8a5a00", "warm": "#fff8e6", "warm-edge": "#c79a2e", "warm-ink": "#4a3200",
}  # fmt: skip
"""Colours of pages, by the name of their variable in style sheets."""
FONT = "-apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
HALO = {"stroke": "#fff", "stroke_width": 3, "paint_order": "stroke"}
"""White around text that stands on lines."""

_RISKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99)


def css_palette() -> str:
    """The rule that gives a page its colours; style sheets name them and hold none.

    Examples
    --------
    >>> css_palette()[:24]
    ':root { --ink: #15202b; '
    """
    return f":root {{ {' '.join(f'--{name}: {colour};' for name, colour in PAGES.items())} }}\n"


def tag(name: str, content: str = "", **attributes: Any) -> str:
    """An element; attributes that are None are left out, numbers get two decimals at most.

    Examples
    --------
    >>> tag("circle", cx=1.0, cy=2.125, stroke_width=1.4, fill=None)
    '<circle cx="1" cy="2.12" stroke-width="1.4"/>'
    """
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_written(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{said}>{content}</{name}>" if content else f"<{name}{said}/>"


def _written(value: object) -> str:
    return f"{round(value, 2):g}" if isinstance(value, float) else escape(str(value))


def text(x: float, y: float, words: str, **style: Any) -> str:
    """Words at a place; ``anchor`` is ``start``, ``middle`` or ``end``."""
    anchor = style.pop("anchor", None)
    return tag("text", escape(words, quote=False), x=x, y=y, text_anchor=anchor, **style)


def stroke(d: str, colour: str, width: float | None = None, **style: Any) -> str:
    """A line along a path."""
    return tag("path", d=d, fill="none", stroke=colour, stroke_width=width, **style)


def points(places: Iterable[tuple[float, float]]) -> str:
    """Places as `polyline` and `polygon` take them."""
    return " ".join(f"{x:g},{y:g}" for x, y in places)


def curve(places: Iterable[tuple[float, float]], width: float = 2.0, **style: Any) -> str:
    """A measured line."""
    return tag("polyline", points=points(places), fill="none", stroke=LINE, stroke_width=width,
               **style)  # fmt: skip


def band(upper: Sequence[tuple[float, float]], lower: Sequence[tuple[float, float]]) -> str:
    """The interval around a measured line."""
    around = points([*upper, *reversed(lower)])
    return tag("polygon", points=around, fill=LINE, fill_opacity=0.16)


def svg(
    parts: Iterable[str],
    width: float,
    height: float,
    *,
    title: str,
    described: str = "",
    name: str = "",
    **style: Any,
) -> str:
    """One ``<svg>`` element that says itself.

    Parameters
    ----------
    parts : iterable of str
        Elements.
    width, height : float
        Of the box in which they stand.
    title, described : str
        The picture in words.
    name : str
        Prefix of the ids of both, unique on a page; without it the title alone is its label.
    **style
        Further attributes.
    """
    said = ""
    label: dict[str, str] = {"aria_label": title}
    if name:
        label = {"aria_labelledby": f"{name}-title {name}-desc"}
        said = tag("title", escape(title), id=f"{name}-title")
        said += tag("desc", escape(described), id=f"{name}-desc")
    box = f"0 0 {width:g} {height:g}"
    given = {"font_family": FONT, "font_size": 11, "fill": INK, **style}
    return tag(
        "svg", said + "".join(parts), xmlns="http://www.w3.org/2000/svg", viewBox=box, role="img",
        **label, **given,
    )  # fmt: skip


@dataclass(frozen=True)
class Scale:
    """From values to places: `low` stands at `start`, `high` at `end`, what is beyond at the end.

    `slack` is the share of the length by which a place may lie outside.

    Examples
    --------
    >>> Scale(0, 10, 100, 200)(5), Scale(0, 10, 100, 200)(11)
    (150.0, 200.0)
    """

    low: float
    high: float
    start: float
    end: float
    slack: float = 0.0

    def __call__(self, value: float) -> float:
        """Place of a value."""
        share = (value - self.low) / (self.high - self.low)
        kept = min(max(share, -self.slack), 1.0 + self.slack)
        return round(self.start + kept * (self.end - self.start), 1)


def log_odds(risk: float) -> float:
    """Log-odds of a risk, within what a picture can show.

    Examples
    --------
    >>> log_odds(0.5), round(log_odds(0.0), 1)
    (0.0, -9.2)
    """
    kept = min(max(risk, 1e-4), 1 - 1e-4)
    return float(logit(kept))


def risk_ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Round risks whose log-odds lie between two log-odds, spread out.

    Examples
    --------
    >>> risk_ticks(log_odds(0.004), log_odds(0.5))
    [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4]
    """
    inside = [risk for risk in _RISKS if low <= log_odds(risk) <= high]
    return inside if len(inside) <= most else inside[:: math.ceil(len(inside) / most)]


def log_ticks(low: float, high: float) -> list[float]:
    """The roundest positive numbers of which at least three lie in a range."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks: list[float] = []
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
        ticks = [step * 10.0**k for k in decades for step in steps]
        ticks = [t for t in ticks if low <= t <= high]
        if len(ticks) >= 3:
            break
    return ticks if len(ticks) <= 5 else ticks[:: math.ceil(len(ticks) / 4)]


def linear_ticks(low: float, high: float) -> list[float]:
    """Three to five round numbers in a range.

    Examples
    --------
    >>> linear_ticks(0, 14.2)
    [0.0, 5.0, 10.0]
    """
    rough = (high - low) / 4
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * m for m in (1, 2, 2.5, 5, 10) if size * m >= rough)
    return [float(step * k) for k in range(math.ceil(low / step), math.floor(high / step) + 1)]


def day_ticks(first: float, last: float) -> list[int]:
    """Whole days worth writing under a picture."""
    step = next((s for s in (1, 2, 7, 14, 28) if (last - first) / s <= 11), 56)
    start = math.ceil(first / step) * step
    return list(range(int(start), math.floor(last) + 1, int(step)))


def spread(places: Sequence[float], gap: float) -> list[float]:
    """Places moved as little as needed to stand at least `gap` apart, in their own order.

    Examples
    --------
    >>> spread([10.0, 11.0, 40.0], 12.0)
    [4.5, 16.5, 40.0]
    """
    order = sorted(range(len(places)), key=lambda k: places[k])
    moved = [float(places[k]) for k in order]
    for _ in range(50):
        tight = [k for k in range(len(moved) - 1) if moved[k + 1] - moved[k] < gap - 1e-9]
        if not tight:
            break
        for k in tight:
            push = (gap - (moved[k + 1] - moved[k])) / 2
            moved[k] -= push
            moved[k + 1] += push
    found = np.empty(len(moved))
    found[order] = moved
    return [float(place) for place in found]


def mark_of(about: str) -> str:
    """Prefix of the ids of a picture, made from what it shows."""
    return f"w{hashlib.sha256(about.encode()).hexdigest()[:10]}"


def figure_svg(
    figure: "Figure",
    name: str,
    *,
    title: str,
    described: str = "",
    fonts: str = "path",
    **saving: Any,
) -> str:
    """A figure of matplotlib as one ``<svg>`` element, the same for the same figure.

    Parameters
    ----------
    figure : Figure
    name : str
        Prefix of every id, unique on a page.
    title, described : str
        The picture in words.
    fonts : {"path", "none"}
        Whether letters are drawn, the same on every machine, or written.
    **saving
        As `Figure.savefig` takes them.
    """
    from matplotlib import rc_context

    out = io.StringIO()
    with rc_context({"svg.fonttype": fonts}):
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None}, **saving)
    return named(out.getvalue(), name, title, described)


def named(markup: str, name: str, title: str, described: str = "") -> str:
    """Drawn markup from ``<svg`` on, with its words and with ids that clash with no other's."""
    body = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", markup[markup.index("<svg") :],
                  flags=re.DOTALL)  # fmt: skip
    own = dict.fromkeys(re.findall(r'\bid="([^"]+)"', body))
    new = {old: f"{name}-{k}" for k, old in enumerate(own)}
    body = re.sub(r'(\bid="|href="#|url\(#)([^")]+)', lambda m: m[1] + new.get(m[2], m[2]), body)
    opening = body.index(">") + 1
    said = tag("title", escape(title), id=f"{name}-title")
    said += tag("desc", escape(described), id=f"{name}-desc") if described else ""
    labels = f"{name}-title {name}-desc" if described else f"{name}-title"
    return f'<svg role="img" aria-labelledby="{labels}"{body[4:opening]}{said}{body[opening:]}'
