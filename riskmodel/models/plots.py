"""Pictures of contributions: one patient's waterfall, what changed, all patients, one feature.

Imports shap, and only when a picture is drawn.
"""

import hashlib
import io
import math
import re
import threading
import warnings
from collections.abc import Callable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from riskmodel.arrays import Floats
from riskmodel.errors import SchemaError
from riskmodel.models.wording import describe, odds, percent, risk_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_DRAWING = threading.Lock()  # pyplot, through which SHAP draws, knows one current figure

AXIS = (
    "Risk of IEC-HS. Each bar multiplies the odds by the figure on it:\n"
    "x2.0 doubles the odds, x0.5 halves them (log-odds scale)"
)

VISIBLE = 0.005
"""Contributions smaller than this, in log-odds, get no bar of their own: 0.5% of the odds."""

_NOTHING = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="560pt" height="48pt" viewBox="0 0 560 48">'
    '<text x="8" y="30" font-family="sans-serif" font-size="14" fill="#222222">'
    "{said}</text></svg>"
)

_TICKS = (0.0001, 0.001, 0.003, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)

_FACTORS = (0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)
"""Factors of the odds that an axis of contributions may show."""

_POINTS = 5000
"""Patients drawn at most in one picture: every k-th of more."""


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


def beeswarm_svg(
    contributions: pd.DataFrame,
    X: pd.DataFrame,
    labels: Mapping[str, str] | None = None,
    *,
    title: str = "How features move the risk of these patients",
    max_display: int = 12,
) -> str:
    """Draw the contributions of many patients, a point a patient and feature, coloured by value.

    Parameters
    ----------
    contributions : DataFrame of shape (n, p or p + 1)
        As `RiskClassifier.contributions` gives them; a column ``base`` is left out.
    X : DataFrame of shape (n, at least these p)
        The values; missing ones are grey.
    labels : mapping of str to str, optional
        Plain name of a feature.
    title : str
    max_display : int
        Rows, the features that move the risk most; the others share the last one.

    Returns
    -------
    str
        One ``<svg>`` element, the same for the same input.

    Raises
    ------
    SchemaError
        When there is no patient, or a contribution is not finite.
    """
    parts, values, names = _table(contributions, X, labels)
    size = np.abs(parts).mean(axis=0)
    ranked = [names[j] for j in np.argsort(-size, kind="stable")[:max_display] if size[j] > 0]
    said = f"{len(contributions)} patients. Largest effects: {', '.join(ranked[:5]) or 'none'}."

    def draw(shap: Any, plt: Any) -> None:
        explanation = shap.Explanation(values=parts, data=values, feature_names=names)
        shap.plots.beeswarm(
            explanation, max_display=max_display, show=False,
            color_bar_label="value of the feature",
        )  # fmt: skip
        axis = plt.gcf().axes[0]
        for points in axis.collections:
            points.set_rasterized(True)
        for tick in axis.get_yticklabels():
            tick.set_fontsize(11)
        _factor_ticks(axis.set_xticks, axis.get_xlim())
        axis.set_xlabel("factor of the odds of IEC-HS (log-odds scale)", fontsize=11)

    return _picture(draw, title, said, repr((parts.tolist(), values.tolist(), names, max_display)))


def dependence_svg(
    contributions: pd.DataFrame,
    X: pd.DataFrame,
    feature: str,
    by: str | None = None,
    labels: Mapping[str, str] | None = None,
    *,
    title: str | None = None,
) -> str:
    """Draw one feature's contribution against its value, a point a patient.

    Parameters
    ----------
    contributions, X, labels
        As in `beeswarm_svg`.
    feature : str
        The feature.
    by : str, optional
        Another feature, which colours the points: where trees make the two act together, points
        of one value lie apart by colour.
    title : str, optional
        For screen readers.

    Returns
    -------
    str
        One ``<svg>`` element, the same for the same input. Patients without the value are left
        out, and counted in its description.

    Raises
    ------
    SchemaError
        When a feature is not among the contributions, or nobody has a value.
    """
    for name in (feature, by):
        if name is not None and name not in contributions.columns:
            raise SchemaError(
                f"Feature '{name}' has no contributions. Known: "
                f"{', '.join(map(str, contributions.columns))}."
            )
    wanted = [feature] if by is None else [feature, by]
    have = X[feature].notna().to_numpy()
    parts, values, names = _table(contributions.loc[have, wanted], X.loc[have], labels)
    said = f"{int(have.sum())} patients; {int((~have).sum())} without the value are left out."

    def draw(shap: Any, plt: Any) -> None:
        explanation = shap.Explanation(values=parts, data=values, feature_names=names)
        colour = explanation[:, 1] if by is not None else "#1f6fb4"
        figure, axis = plt.subplots(figsize=(6.0, 4.2))
        shap.plots.scatter(explanation[:, 0], color=colour, ax=axis, show=False, x_jitter=0)
        for points in axis.collections:
            points.set_rasterized(True)
        _factor_ticks(axis.set_yticks, axis.get_ylim())
        axis.set_ylabel("factor of the odds of IEC-HS", fontsize=11)
        axis.set_xlabel(names[0], fontsize=11)
        figure.axes[-1].set_ylabel(names[-1] if by is not None else "", fontsize=11)

    drawn = repr((parts.tolist(), values.tolist(), names))
    return _picture(draw, title or f"{names[0]} and the risk", said, drawn)


def _table(
    contributions: pd.DataFrame, X: pd.DataFrame, labels: Mapping[str, str] | None
) -> tuple[Floats, Floats, list[str]]:
    """Contributions and values of at most `_POINTS` patients, and plain names."""
    columns = [name for name in contributions.columns if name != "base"]
    parts = contributions[columns].to_numpy(np.float64)
    if not parts.size or not np.isfinite(parts).all():
        raise SchemaError(
            "A picture of contributions needs one or more patients and finite contributions."
        )
    step = -(-len(parts) // _POINTS)
    values = X[columns].to_numpy(np.float64)
    return parts[::step], values[::step], [(labels or {}).get(str(c), str(c)) for c in columns]


def _factor_ticks(set_ticks: Callable[..., object], limits: tuple[float, float]) -> None:
    inside = [f for f in _FACTORS if limits[0] <= math.log(f) <= limits[1]]
    if len(inside) < 3:
        inside = [math.exp(limits[0] + (limits[1] - limits[0]) * part) for part in (0.1, 0.5, 0.9)]
    set_ticks([math.log(f) for f in inside], [f"×{f:.3g}" for f in inside], fontsize=11)


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
        mark = hashlib.sha256(about.encode()).hexdigest()[:10]
        words = escape(nothing.format(risk=percent(risk_of(base))), quote=False)
        return _accessible(_NOTHING.format(said=words), mark, title, said)
    # What is too small for a bar shares the last row.
    rows = min(max_display, int((np.abs(amounts) >= VISIBLE).sum()) + 1, len(amounts))

    def draw(shap: Any, plt: Any) -> None:
        explanation = shap.Explanation(values=amounts, base_values=base, feature_names=names)
        plt.figure()
        shap.plots.waterfall(explanation, max_display=rows, show=False)
        _relabel(plt.gcf(), amounts, base, names, rows, drawn)

    return _picture(draw, title, said, about)


def _picture(draw: Callable[[Any, Any], None], title: str, said: str, about: str) -> str:
    """SVG of what `draw` draws with SHAP, the same for the same `about`; leaves no trace."""
    mark = hashlib.sha256((title + said + about).encode()).hexdigest()[:10]
    import matplotlib as mpl

    if mpl.get_backend(auto_select=False) is None:
        mpl.use("agg")
    import matplotlib.pyplot as plt

    with warnings.catch_warnings():
        # shap 0.51 sets colour maps in a way that matplotlib 3.11 is going to drop.
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        import shap

    with _DRAWING, plt.ioff(), mpl.rc_context():
        mpl.rcParams["svg.hashsalt"] = mark
        mpl.rcParams["svg.fonttype"] = "path"
        mpl.rcParams["font.family"] = "DejaVu Sans"
        before = plt.get_fignums()
        current = plt.gcf().number if before else None
        # SHAP shuffles points by NumPy's global generator and takes no other.
        state = np.random.get_state()  # noqa: NPY002
        np.random.seed(0)  # noqa: NPY002
        try:
            plt.figure()
            draw(shap, plt)
            out = io.StringIO()
            plt.gcf().savefig(
                out, format="svg", bbox_inches="tight", dpi=120,
                metadata={"Date": None, "Creator": None},
            )  # fmt: skip
        finally:
            np.random.set_state(state)  # noqa: NPY002
            for number in set(plt.get_fignums()) - set(before):
                plt.close(number)
            if current is not None:
                plt.figure(current)
    return _accessible(out.getvalue(), mark, title, said)


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
    main.set_yticks(range(shown), rows[::-1], fontsize=12, color="#222222")
    for text in main.texts:
        length = lengths[shown - 1 - round(text.get_position()[1])]
        small = abs(length) < VISIBLE
        text.set_text("no change" if small else f"x{odds(float(length))}")
    total = base + float(amounts.sum())
    _repoint(main, lengths, total)
    _risk_ticks(main)
    main.set_xlabel(AXIS, fontsize=11, color="#444444", labelpad=42)
    for axis, at, words in (
        (low, base, f"\n\n{ends[0]}: {percent(risk_of(base))}"),
        (high, total, f"{ends[1]}: {percent(risk_of(total))}"),
    ):
        left, right = axis.get_xlim()
        axis.set_xticks([at], [words], fontsize=12, color="#222222")
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
    inside = [p for p in _TICKS if left <= math.log(p / (1 - p)) <= right]
    if len(inside) < 2:
        inside = [risk_of(left + (right - left) * part) for part in (0.1, 0.5, 0.9)]
    axis.set_xticks(
        [math.log(p / (1 - p)) for p in inside], [percent(p) for p in inside], fontsize=11
    )


def _accessible(markup: str, mark: str, title: str, described: str) -> str:
    """Markup from ``<svg`` on, with a title, a description and identifiers that clash with none."""
    body = markup[markup.index("<svg") :]
    body = re.sub(r'\bid="([^"]+)"', rf'id="w{mark}-\1"', body)
    body = re.sub(r'(href="|url\()#', rf"\1#w{mark}-", body)
    head = f'<svg role="img" aria-labelledby="w{mark}-title w{mark}-desc"'
    names = (
        f'<title id="w{mark}-title">{escape(title)}</title>'
        f'<desc id="w{mark}-desc">{escape(described)}</desc>'
    )
    opening = body.index(">") + 1
    return head + body[len("<svg") : opening] + names + body[opening:]
