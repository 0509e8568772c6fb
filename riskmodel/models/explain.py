"""Explanations for a clinician: one patient's waterfall by clinical factor, and words.

The only module that imports shap, and only when a picture is drawn.
"""

import hashlib
import io
import math
import re
import threading
import warnings
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from riskmodel.errors import SchemaError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DRAWING = threading.Lock()  # pyplot, through which SHAP draws, knows one current figure

HARDLY = 0.05
"""Contributions smaller than this, in log-odds, are said to hardly change the risk."""

AXIS = (
    "Risk of IEC-HS. Each bar multiplies the odds by the figure on it:\n"
    "x2.0 doubles the odds, x0.5 halves them (log-odds scale)"
)

VISIBLE = 0.005
"""Bars shorter than this, in log-odds, would be drawn at no meaningful scale."""

_NOTHING = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="560pt" height="48pt" viewBox="0 0 560 48">'
    '<text x="8" y="30" font-family="sans-serif" font-size="14" fill="#222222">'
    "No factor moves this patient's risk from the reference of {risk}.</text></svg>"
)

_TICKS = (0.0001, 0.001, 0.003, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)


def in_words(label: str, value: str, contribution: float) -> str:
    """One sentence part: what the factor does to the risk.

    Parameters
    ----------
    label : str
        Plain name of the clinical factor.
    value : str
        What this patient shows, or empty when it is unknown.
    contribution : float
        Log-odds.

    Examples
    --------
    >>> in_words("Ferritin", "doubled since the infusion", 0.588)
    'Ferritin doubled since the infusion: raises the risk, x1.8 odds'
    >>> in_words("NK cells", "", -0.3)
    'NK cells (not known): lowers the risk, x0.74 odds'
    >>> in_words("Age", "54 years", 0.01)
    'Age 54 years: hardly changes the risk'
    """
    subject = f"{label} {value}" if value else f"{label} (not known)"
    if abs(contribution) < HARDLY:
        return f"{subject}: hardly changes the risk"
    verb = "raises" if contribution > 0 else "lowers"
    return f"{subject}: {verb} the risk, x{_odds(contribution)} odds"


def _odds(contribution: float) -> str:
    factor = math.exp(contribution)
    if factor >= 9.95:
        return f"{factor:.0f}"
    if factor >= 0.95:
        return f"{factor:.1f}"
    return f"{factor:.2f}" if factor >= 0.095 else f"{factor:.1g}"


def _percent(risk: float) -> str:
    return f"{100 * risk:.2g}%" if risk < 0.995 else "> 99%"


def _risk(log_odds: float) -> float:
    return 0.5 * (1.0 + math.tanh(0.5 * log_odds))


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
        Rows; the smallest contributions share the last one.

    Returns
    -------
    str
        One ``<svg>`` element, the same for the same input, with identifiers of its own.

    Raises
    ------
    SchemaError
        When there is no contribution or one is not finite.
    """
    amounts = np.array(list(contributions.values()), dtype=np.float64)
    if not len(amounts) or not np.isfinite([*amounts, base]).all():
        raise SchemaError("A waterfall needs one or more finite contributions and a finite base.")
    labels, values = labels or {}, values or {}
    names = []
    for key in contributions:
        shown = values.get(key, "")
        names.append(labels.get(key, key) + (f" ({shown})" if shown else ""))
    described = describe(contributions, base, labels, values)
    mark = hashlib.sha256(f"{title}{described}{amounts.tolist()}{base}".encode()).hexdigest()[:10]
    if np.abs(amounts).max() < VISIBLE:
        markup = _NOTHING.format(risk=_percent(_risk(base)))
    else:
        with _DRAWING:
            markup = _draw(amounts, base, names, max_display, mark)
    return _accessible(markup, mark, title, described)


def describe(
    contributions: Mapping[str, float],
    base: float,
    labels: Mapping[str, str],
    values: Mapping[str, str],
) -> str:
    """Give the picture in words, the largest contributions first."""
    total = base + sum(contributions.values())
    ranked = sorted(contributions, key=lambda key: -abs(contributions[key]))
    parts = [
        in_words(labels.get(key, key), values.get(key, ""), contributions[key])
        if key in values
        else in_words(labels.get(key, key), " ", contributions[key]).replace("  ", " ")
        for key in ranked
        if abs(contributions[key]) >= HARDLY
    ]
    start = f"From the reference patient's risk of {_percent(_risk(base))}"
    end = f" to this patient's {_percent(_risk(total))}."
    return f"{start}{end} {'; '.join(parts)}{'.' if parts else ''}".replace(" :", ":").strip()


def _draw(
    amounts: np.ndarray[Any, np.dtype[np.float64]],
    base: float,
    names: list[str],
    max_display: int,
    mark: str,
) -> str:
    import matplotlib as mpl

    if mpl.get_backend(auto_select=False) is None:
        mpl.use("agg")
    import matplotlib.pyplot as plt

    with warnings.catch_warnings():
        # shap 0.51 sets colour maps in a way that matplotlib 3.11 is going to drop.
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        import shap

    explanation = shap.Explanation(values=amounts, base_values=base, feature_names=names)
    before = plt.gcf().number if plt.get_fignums() else None
    with plt.ioff(), mpl.rc_context():
        mpl.rcParams["svg.hashsalt"] = mark
        mpl.rcParams["svg.fonttype"] = "path"
        mpl.rcParams["font.family"] = "DejaVu Sans"
        figure = plt.figure()
        try:
            shap.plots.waterfall(explanation, max_display=max_display, show=False)
            _relabel(figure, amounts, base, names, max_display)
            out = io.StringIO()
            figure.savefig(
                out, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None}
            )
        finally:
            plt.close(figure)
            if before is not None:
                plt.figure(before)
    return out.getvalue()


def _relabel(
    figure: "Figure",
    amounts: np.ndarray[Any, np.dtype[np.float64]],
    base: float,
    names: list[str],
    max_display: int,
) -> None:
    """Clinical words in place of SHAP's: odds factors on the bars, risks on the axes."""
    main, low, high = figure.axes[0], figure.axes[1], figure.axes[2]
    shown = min(max_display, len(amounts))
    order = np.argsort(-np.abs(amounts))
    rows = [names[j] for j in order[:shown]]
    if shown < len(amounts):
        rows[-1] = f"{len(amounts) - shown + 1} other factors"
    main.set_yticks(range(shown), rows[::-1], fontsize=12, color="#222222")
    for text in main.texts:
        drawn = text.get_text().replace("\N{MINUS SIGN}", "-")
        if re.fullmatch(r"[+-]?\d+(\.\d+)?", drawn):
            text.set_text(f"x{_odds(float(drawn))}")
    _risk_ticks(main)
    main.set_xlabel(AXIS, fontsize=11, color="#444444", labelpad=42)
    total = base + float(amounts.sum())
    for axis, at, words in (
        (low, base, f"\n\nreference patient: {_percent(_risk(base))}"),
        (high, total, f"this patient: {_percent(_risk(total))}"),
    ):
        left, right = axis.get_xlim()
        axis.set_xticks([at], [words], fontsize=12, color="#222222")
        place = (at - left) / (right - left)
        side: Literal["left", "center", "right"] = "center"
        if not 0.35 <= place <= 0.65:
            side = "left" if place < 0.5 else "right"
        axis.xaxis.get_majorticklabels()[0].set_horizontalalignment(side)


def _risk_ticks(axis: "Axes") -> None:
    left, right = axis.get_xlim()
    inside = [p for p in _TICKS if left <= math.log(p / (1 - p)) <= right]
    if len(inside) < 2:
        inside = [_risk(left + (right - left) * part) for part in (0.1, 0.5, 0.9)]
    axis.set_xticks(
        [math.log(p / (1 - p)) for p in inside], [_percent(p) for p in inside], fontsize=11
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
