"""Pictures of an evaluation: drawn from its tables, saved as SVG and PNG."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.evaluation.evaluation import Evaluation
from riskmodel.evaluation.row_subsets import LANDMARKS
from riskmodel.pictures import INK, QUIET, SERIES, figure_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DRAWN = 6
"""Contenders in one picture: the model, then those with the highest AUROC."""
_DRAWN_BY_DAY = 4
_MODEL_WIDTH = 2.4


def _frame(
    columns: int = 1, width: float = 5.6, height: float = 4.6
) -> "tuple[Figure, list[Axes]]":
    """A figure that belongs to no window: pyplot, and its global state, stay out of it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * columns, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = [figure.add_subplot(1, columns, k + 1) for k in range(columns)]
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(alpha=0.25, linewidth=0.6)
    return figure, axes


def _leading(evaluation: Evaluation) -> list[str]:
    whole = evaluation.figures
    auroc = whole[(whole["kind"] == "all") & (whole["metric"] == "auroc")].dropna(subset="value")
    first = [str(m) for m in whole["model"].head(1)]
    rest = auroc[~auroc["model"].isin(first)].sort_values("value", ascending=False)
    return [*first, *rest["model"].astype(str)][:_DRAWN]


def _curves(axis: "Axes", table: pd.DataFrame, models: list[str], x: str, y: str) -> None:
    for number, model in enumerate(models):
        part = table[table["model"] == model]
        if len(part):
            axis.plot(
                part[x],
                part[y],
                color=SERIES[number],
                linewidth=_MODEL_WIDTH if number == 0 else 1.2,
                label=model,
            )


def _roc(evaluation: Evaluation) -> "Figure":
    figure, (axis,) = _frame()
    axis.plot([0, 1], [0, 1], color=QUIET, linestyle=":", linewidth=1)
    _curves(axis, evaluation.tables["roc"], _leading(evaluation),
            "false_positive_rate", "sensitivity")  # fmt: skip
    axis.set(xlabel="1 − specificity", ylabel="sensitivity", xlim=(0, 1), ylim=(0, 1.01))
    axis.legend(loc="lower right", fontsize=8, frameon=False)
    return figure


def _pr(evaluation: Evaluation) -> "Figure":
    figure, (axis,) = _frame()
    _curves(axis, evaluation.tables["pr"], _leading(evaluation), "recall", "precision")
    axis.set(xlabel="sensitivity (recall)", ylabel="positive predictive value (precision)",
             xlim=(0, 1), ylim=(0, 1.01))  # fmt: skip
    axis.legend(loc="upper right", fontsize=8, frameon=False)
    return figure


def _calibration(evaluation: Evaluation) -> "Figure":
    from matplotlib.gridspec import GridSpec

    curve, groups = evaluation.tables["calibration"], evaluation.tables["calibration_groups"]
    figure, (axis,) = _frame(height=5.4)
    grid = GridSpec(2, 1, figure=figure, height_ratios=[4, 1])
    axis.set_subplotspec(grid[0])
    below = figure.add_subplot(grid[1])
    top = float(max(t[c].max() for t in (curve, groups) for c in ("predicted", "observed")))
    limit = min(1.0, 1.08 * top)
    axis.plot([0, 1], [0, 1], color=QUIET, linestyle=":", linewidth=1, label="ideal")
    axis.fill_between(curve["predicted"], curve["low"], curve["high"], color=SERIES[0],
                      alpha=0.18, linewidth=0, label="95% interval")  # fmt: skip
    axis.plot(curve["predicted"], curve["observed"], color=SERIES[0], linewidth=_MODEL_WIDTH,
              label="smoothed")  # fmt: skip
    axis.plot(groups["predicted"], groups["observed"], "o", color=INK, markersize=4,
              label="groups of risk")  # fmt: skip
    axis.set(xlim=(0, limit), ylim=(0, limit), ylabel="observed share with the event")
    axis.legend(loc="upper left", fontsize=8, frameon=False)
    table = evaluation.tables["distribution"]
    middle = (table["lower"] + table["upper"]) / 2
    width = float((table["upper"] - table["lower"]).iloc[0])
    below.bar(middle, table["event"], width=width, color=SERIES[1], label="with the event")
    below.bar(middle, -table["no_event"], width=width, color=SERIES[5], label="without")
    below.axhline(0, color=INK, linewidth=0.6)
    below.set(xlim=(0, limit), xlabel="predicted risk", ylabel="share of rows")
    reach = 1.1 * float(max(table["event"].max(), table["no_event"].max()))
    below.set_ylim(-reach, reach)
    below.yaxis.set_major_formatter(lambda value, _: f"{abs(value):.1f}")
    below.spines[["top", "right"]].set_visible(False)
    below.legend(loc="upper right", fontsize=7, frameon=False, ncols=2)
    return figure


def _decision(evaluation: Evaluation) -> "Figure":
    figure, (axis,) = _frame()
    table = evaluation.tables["decision"]
    models = _leading(evaluation)
    own = table[table["model"] == models[0]]
    axis.fill_between(own["threshold"], own["low"], own["high"], color=SERIES[0], alpha=0.15,
                      linewidth=0)  # fmt: skip
    _curves(axis, table, models, "threshold", "net_benefit")
    everyone = table[table["model"] == "treat all"]
    axis.plot(everyone["threshold"], everyone["net_benefit"], color=INK, linestyle="--",
              linewidth=1, label="treat all")  # fmt: skip
    axis.axhline(0, color=INK, linewidth=1, label="treat none")
    top = float(np.nanmax([table["net_benefit"].max(), own["high"].max()]))
    axis.set(xlim=(0, 0.5), ylim=(-0.35 * top, 1.1 * top), xlabel="threshold probability",
             ylabel="net benefit per prediction")  # fmt: skip
    axis.legend(loc="upper right", fontsize=8, frameon=False)
    return figure


def _by_landmark(evaluation: Evaluation) -> "Figure":
    figure, axes = _frame(columns=2, width=4.8, height=4.2)
    table = evaluation.figures[evaluation.figures["kind"] == "landmark"]
    models = [m for m in _leading(evaluation) if m in set(table["model"])][:_DRAWN_BY_DAY]
    for axis, metric, ideal in zip(axes, ("auroc", "calibration_slope"), (None, 1.0), strict=True):
        shown = models if metric == "auroc" else models[:1]
        for number, model in enumerate(shown):
            part = table[(table["model"] == model) & (table["metric"] == metric)]
            part = part[part["value"].notna()]
            days = part["subset"].map(LANDMARKS).to_numpy(np.float64)
            values = part["value"].to_numpy()
            reach = np.abs(part[["low", "high"]].to_numpy().T - values)
            reach = np.nan_to_num(reach)
            # Side by side, so that the intervals of one day can be told apart.
            place = days + 0.12 * (number - (len(shown) - 1) / 2)
            axis.errorbar(place, values, yerr=reach, color=SERIES[number], marker="o",
                          markersize=4, linewidth=_MODEL_WIDTH if number == 0 else 1.0,
                          elinewidth=0.8, label=model)  # fmt: skip
        if ideal is not None:
            axis.axhline(ideal, color=QUIET, linestyle=":", linewidth=1)
        name = "AUROC" if metric == "auroc" else metric.replace("_", " ")
        axis.set(xlabel="day of prediction", ylabel=name)
    axes[0].legend(loc="best", fontsize=7, frameon=False)
    return figure


def _alarms(evaluation: Evaluation) -> "Figure":
    figure, axes = _frame(columns=2, width=4.8, height=4.2)
    table = evaluation.tables["alarm_policy"]
    key = ["level", "threshold", "rule"]
    shapes = dict(zip(dict.fromkeys(table["rule"]), ("o", "s", "^"), strict=False))
    colours = dict(zip(dict.fromkeys(table["level"]), SERIES, strict=False))
    for place, (named, part) in enumerate(table.groupby(key, sort=False)):
        level, threshold, rule = named
        found = part.set_index("metric")[["value", "low", "high"]]
        x, y, lead = (found.loc[name].to_numpy(np.float64) for name in
                      ("patients_alarmed_per_case", "sensitivity", "lead_hours"))  # fmt: skip
        style = {"color": colours[level], "marker": shapes[rule], "markersize": 6,
                 "elinewidth": 0.8, "linestyle": "none",
                 "label": f"{level} ({threshold:.0%}), {rule}"}  # fmt: skip
        for axis, across, up in ((axes[0], x, y), (axes[1], np.array([place] * 3), lead)):
            reach = [np.nan_to_num(np.abs(v[1:] - v[0]))[:, None] for v in (across, up)]
            axis.errorbar(across[:1], up[:1], xerr=reach[0], yerr=reach[1], **style)
    axes[0].set(xlabel="patients alarmed per case found", ylabel="cases alarmed", ylim=(0, 1.02))
    axes[0].legend(loc="best", fontsize=7, frameon=False)
    axes[1].set(ylabel="first alarm before the onset, hours (median)", xticks=[])
    axes[1].set_ylim(bottom=0)
    return figure


_PICTURES = {
    "roc": ("roc", _roc),
    "precision_recall": ("pr", _pr),
    "calibration": ("calibration", _calibration),
    "decision_curve": ("decision", _decision),
    "alarms": ("alarm_policy", _alarms),
    "by_landmark": ("figures", _by_landmark),
}
TITLES: Mapping[str, str] = {
    "roc": "Discrimination: ROC curves",
    "precision_recall": "Precision and recall",
    "calibration": "Calibration, and the distribution of the risks",
    "decision_curve": "Decision curve: net benefit",
    "alarms": "Alarms by limit and rule",
    "by_landmark": "By day of prediction",
}


def draw(evaluation: Evaluation) -> dict[str, "Figure"]:
    """Every picture whose table has something to show, by name."""
    found = {name: _drawn(evaluation, name) for name in _PICTURES}
    return {name: figure for name, figure in found.items() if figure is not None}


def _drawn(evaluation: Evaluation, name: str) -> "Figure | None":
    table, picture = _PICTURES[name]
    content = evaluation.tables[table]
    if not len(content):
        return None
    if name == "by_landmark" and not (content["kind"] == "landmark").any():
        return None
    figure = picture(evaluation)
    figure.supxlabel(caption(evaluation), fontsize=7, color=QUIET)
    return figure


def caption(evaluation: Evaluation) -> str:
    """On whom the figures stand: it goes with every picture."""
    whole = evaluation.figures.iloc[0]
    return (
        f"{whole['patients']} patients, {whole['events']} with the event, {whole['rows']} "
        f"predictions; {evaluation.about['cohort']}. Research use only."
    )


def save(figures: Mapping[str, "Figure"], folder: Path) -> dict[str, str]:
    """Write each figure as SVG and PNG, and give the SVG; the same figure gives the same bytes."""
    written = {}
    for name, figure in figures.items():
        written[name] = _svg(name, figure)
        (folder / f"{name}.svg").write_text(written[name], encoding="utf-8")
        figure.savefig(folder / f"{name}.png", dpi=150, metadata={"Software": None})
    return written


def calibration_svg(evaluation: Evaluation) -> str | None:
    """The calibration picture as SVG text; None where there is no curve."""
    found = _drawn(evaluation, "calibration")
    return None if found is None else _svg("calibration", found)


def _svg(name: str, figure: "Figure") -> str:
    return figure_svg(figure, name, title=TITLES[name], fonts="none")
