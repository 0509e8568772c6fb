"""Pictures of contributions: all patients, one feature; what SHAP draws, as SVG.

Imports shap, and only when a picture is drawn.
"""

import math
import threading
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from riskmodel.arrays import Floats
from riskmodel.errors import SchemaError
from riskmodel.pictures import LINE, figure_svg, mark_of

_DRAWING = threading.Lock()  # pyplot, through which SHAP draws, knows one current figure

_FACTORS = (0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)
"""Factors of the odds that an axis of contributions may show."""

_POINTS = 5000
"""Patients drawn at most in one picture: every k-th of more."""


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

    return drawn_svg(draw, title, said, repr((parts.tolist(), values.tolist(), names, max_display)))


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
        colour = explanation[:, 1] if by is not None else LINE
        _, axis = plt.subplots(figsize=(6.0, 4.2))
        shap.plots.scatter(explanation[:, 0], color=colour, ax=axis, show=False, x_jitter=0)
        for points in axis.collections:
            points.set_rasterized(True)
        _factor_ticks(axis.set_yticks, axis.get_ylim())
        axis.set_ylabel("factor of the odds of IEC-HS", fontsize=11)
        axis.set_xlabel(names[0], fontsize=11)

    drawn = repr((parts.tolist(), values.tolist(), names))
    return drawn_svg(draw, title or f"{names[0]} and the risk", said, drawn)


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
    apart = (limits[1] - limits[0]) / 10  # nearer figures would stand on each other
    inside: list[float] = []
    for factor in sorted(_FACTORS, key=lambda f: abs(math.log(f))):
        at = math.log(factor)
        if limits[0] <= at <= limits[1] and all(abs(at - math.log(f)) >= apart for f in inside):
            inside.append(factor)
    if len(inside) < 3:
        inside = [math.exp(limits[0] + (limits[1] - limits[0]) * part) for part in (0.1, 0.5, 0.9)]
    set_ticks([math.log(f) for f in inside], [f"×{f:.3g}" for f in inside], fontsize=11)


def drawn_svg(draw: Callable[[Any, Any], None], title: str, said: str, about: str) -> str:
    """SVG of what `draw` draws with SHAP, the same for the same `about`; leaves no trace."""
    import matplotlib as mpl

    if mpl.get_backend(auto_select=False) is None:
        mpl.use("agg")
    import matplotlib.pyplot as plt

    with warnings.catch_warnings():
        # shap 0.51 sets colour maps in a way that matplotlib 3.11 is going to drop.
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        import shap

    with _DRAWING, plt.ioff(), mpl.rc_context():
        mpl.rcParams["font.family"] = "DejaVu Sans"
        before = plt.get_fignums()
        current = plt.gcf().number if before else None
        # SHAP shuffles points by NumPy's global generator and takes no other.
        state = np.random.get_state()  # noqa: NPY002
        np.random.seed(0)  # noqa: NPY002
        try:
            plt.figure()
            draw(shap, plt)
            saving: dict[str, Any] = {"bbox_inches": "tight", "dpi": 120}
            mark = mark_of(f"{title}{said}{about}")
            return figure_svg(plt.gcf(), mark, title=title, described=said, **saving)
        finally:
            np.random.set_state(state)  # noqa: NPY002
            for number in set(plt.get_fignums()) - set(before):
                plt.close(number)
            if current is not None:
                plt.figure(current)
