"""The waterfall of one patient, and what changed between two times, with SHAP's own plot."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from riskmodel import pictures
from riskmodel.arrays import Floats, logit
from riskmodel.errors import SchemaError
from riskmodel.models.plots import drawn_svg
from riskmodel.models.wording import describe, odds, percent, risk_of
from riskmodel.pictures import INK, QUIET

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

AXIS = (
    "Risk of IEC-HS. Each bar multiplies the odds by the figure on it:\n"
    "x2.0 doubles the odds, x0.5 halves them (log-odds scale)"
)

VISIBLE = 0.005
"""Contributions smaller than this, in log-odds, get no bar of their own: 0.5% of the odds."""

_TICKS = (0.0001, 0.001, 0.003, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)


def waterfall_svg(
    contributions: Mapping[str, float],
    base: float,
    labels: Mapping[str, str] | None = None,
    values: Mapping[str, str] | None = None,
    *,
    title: str = "What drives this risk",
    max_display: int = 10,
) -> str:
    """Draw one patient's contributions by clinical factor as SVG markup, for use inside a page.

    Parameters
    ----------
    contributions : mapping of str to float
        Clinical factor to log-odds, without the base.
    base : float
        Log-odds of the reference patient; with the contributions it sums to logit(risk).
    labels : mapping of str to str, optional
        Plain name of a factor; its key by default.
    values : mapping of str to str, optional
        What the patient shows, written after the name.
    title : str
        For screen readers; the picture itself has no heading.
    max_display : int
        Rows; the smallest contributions share the last one, as do those too small for a bar.

    Returns
    -------
    str
        One ``<svg>`` element, the same for the same input, with identifiers of its own.

    Raises
    ------
    SchemaError
        When there is no contribution or one is not finite.
    """
    described = ("the reference patient's risk of", "this patient's")
    drawn = ("reference patient", "this patient")
    nothing = "No factor moves this patient's risk from the reference of {risk}."
    return _waterfall(
        contributions, base, labels, values, title, max_display, described, drawn, nothing
    )


def change_svg(
    changes: Mapping[str, float],
    before: float,
    labels: Mapping[str, str] | None = None,
    values: Mapping[str, str] | None = None,
    *,
    times: tuple[str, str] = ("yesterday", "today"),
    title: str = "What changed",
    max_display: int = 10,
) -> str:
    """Draw what moved one patient's risk between two prediction times, by clinical factor.

    Parameters
    ----------
    changes : mapping of str to float
        Clinical factor to the later minus the earlier contribution; see `change_by_factor`.
    before : float
        Log-odds of the earlier risk; with the changes it sums to logit of the later one.
    labels, values, title, max_display
        As in `waterfall_svg`.
    times : (str, str)
        Words for the two prediction times.

    Returns
    -------
    str
        One ``<svg>`` element.

    Raises
    ------
    SchemaError
        When there is no change to draw or one is not finite.
    """
    described = (f"the risk {times[0]},", f"the risk {times[1]},")
    nothing = f"No factor moved the risk from {times[0]} to {times[1]}: it stays at {{risk}}."
    return _waterfall(
        changes, before, labels, values, title, max_display, described, times, nothing
    )


def _waterfall(
    contributions: Mapping[str, float],
    base: float,
    labels: Mapping[str, str] | None,
    values: Mapping[str, str] | None,
    title: str,
    max_display: int,
    described: tuple[str, str],
    drawn: tuple[str, str],
    nothing: str,
) -> str:
    amounts = np.array(list(contributions.values()), dtype=np.float64)
    if not len(amounts) or not np.isfinite([*amounts, base]).all():
        raise SchemaError("A waterfall needs one or more finite contributions and a finite base.")
    labels, values = labels or {}, values or {}
    names = []
    for key in contributions:
        shown = values.get(key, "")
        names.append(labels.get(key, key) + (f" ({shown})" if shown else ""))
    said = describe(contributions, base, labels, values, described)
    about = f"{title}{said}{amounts.tolist()}{base}"
    if np.abs(amounts).max() < VISIBLE:
        words = pictures.text(8, 30, nothing.format(risk=percent(risk_of(base))), font_size=14)
        name = pictures.mark_of(about)
        return pictures.svg([words], 560, 48, title=title, described=said, name=name)
    # What is too small for a bar shares the last row.
    rows = min(max_display, int((np.abs(amounts) >= VISIBLE).sum()) + 1, len(amounts))

    def draw(shap: Any, plt: Any) -> None:
        explanation = shap.Explanation(values=amounts, base_values=base, feature_names=names)
        plt.figure()
        shap.plots.waterfall(explanation, max_display=rows, show=False)
        _relabel(plt.gcf(), amounts, base, names, rows, drawn)

    return drawn_svg(draw, title, said, about)


def _relabel(
    figure: "Figure",
    amounts: Floats,
    base: float,
    names: list[str],
    shown: int,
    ends: tuple[str, str],
) -> None:
    """Clinical words in place of SHAP's: odds factors on the bars, risks on the axes."""
    main, low, high = figure.axes[0], figure.axes[1], figure.axes[2]
    order = np.argsort(-np.abs(amounts))
    rows = [names[j] for j in order[:shown]]
    lengths = amounts[order[:shown]]
    if shown < len(amounts):
        rows[-1] = f"{len(amounts) - shown + 1} other factors"
        lengths[-1] = amounts[order[shown - 1 :]].sum()
    main.set_yticks(range(shown), rows[::-1], fontsize=12, color=INK)
    for text in main.texts:
        length = lengths[shown - 1 - round(text.get_position()[1])]
        small = abs(length) < VISIBLE
        text.set_text("no change" if small else f"x{odds(float(length))}")
    total = base + float(amounts.sum())
    _repoint(main, lengths, total)
    _risk_ticks(main)
    main.set_xlabel(AXIS, fontsize=11, color=QUIET, labelpad=42)
    for axis, at, words in (
        (low, base, f"\n\n{ends[0]}: {percent(risk_of(base))}"),
        (high, total, f"{ends[1]}: {percent(risk_of(total))}"),
    ):
        left, right = axis.get_xlim()
        axis.set_xticks([at], [words], fontsize=12, color=INK)
        place = (at - left) / (right - left)
        side: Literal["left", "center", "right"] = "center"
        if not 0.35 <= place <= 0.65:
            side = "left" if place < 0.5 else "right"
        axis.xaxis.get_majorticklabels()[0].set_horizontalalignment(side)


def _repoint(axis: "Axes", lengths: Floats, total: float) -> None:
    """Bars shorter than an arrow's head as triangles: SHAP draws them beyond their ends."""
    from matplotlib.patches import FancyArrow

    end = total - np.concatenate([[0.0], np.cumsum(lengths)[:-1]])
    start = end - lengths
    for arrow in axis.patches:
        if not isinstance(arrow, FancyArrow):
            continue
        corners = arrow.get_xy()
        low, high = float(corners[:, 1].min()), float(corners[:, 1].max())
        row = len(lengths) - 1 - round((low + high) / 2)
        left, right = sorted((start[row], end[row]))
        reach = corners[:, 0].min(), corners[:, 0].max()
        slack = 1e-9 + 1e-6 * (right - left)
        if reach[0] < left - slack or reach[1] > right + slack:
            tip = [end[row], (low + high) / 2]
            arrow.set_xy(np.array([[start[row], low], tip, [start[row], high], [start[row], low]]))


def _risk_ticks(axis: "Axes") -> None:
    left, right = axis.get_xlim()
    inside = [p for p in _TICKS if left <= logit(p) <= right]
    if len(inside) < 2:
        inside = [risk_of(left + (right - left) * part) for part in (0.1, 0.5, 0.9)]
    axis.set_xticks([logit(p) for p in inside], [percent(p) for p in inside], fontsize=11)
