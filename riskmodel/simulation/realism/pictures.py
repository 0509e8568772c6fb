"""Pictures of the calibration report: simulated curves with the published figures over them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.arrays import Floats
from riskmodel.pictures import INK, LIMIT, LINE, QUIET, SERIES, figure_svg
from riskmodel.simulation.realism.figures import Comparison
from riskmodel.simulation.realism.observed import CASE, CRS_ONLY, NO_CRS, Observed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS: Mapping[str, str] = {NO_CRS: QUIET, CRS_ONLY: LINE, CASE: LIMIT}
_MARKERS: Mapping[str, str] = {NO_CRS: "s", CRS_ONLY: "o", CASE: "D"}
_STYLES: Mapping[str, str] = {NO_CRS: ":", CRS_ONLY: "--", CASE: "-"}
_COURSES: Mapping[str, str] = {
    "ferritin": "Ferritin, ng/mL",
    "crp": "CRP, mg/L",
    "ldh": "LDH, U/L",
}
# Analytes of one patient's row, whether on a log scale, and the limits of `astct-2024`.
_PANELS: Mapping[str, tuple[str, bool, float | None]] = {
    "ferritin": ("Ferritin, ng/mL", True, 10_000),
    "crp": ("CRP, mg/L", True, None),
    "ldh": ("LDH, U/L", True, None),
    "ast": ("AST, U/L", True, 120),
    "fibrinogen": ("Fibrinogen, mg/dL", False, 150),
    "platelets": ("Platelets, 10\u2079/L", True, 50),
    "anc": ("ANC, 10\u2079/L", True, 1),
}
_TEXT = 8.0


def courses(observed: Observed, comparisons: Sequence[Comparison]) -> str:
    """Median and quartiles by day and group, published medians and quartiles as points."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 3.9), layout="constrained")
    panels = figure.subplots(1, len(_COURSES))
    for axes, (analyte, title) in zip(panels, _COURSES.items(), strict=True):
        for group in (NO_CRS, CRS_ONLY, CASE):
            days, quartiles = _by_day(observed, analyte, group)
            colour = _COLOURS[group]
            axes.fill_between(days, quartiles[0], quartiles[2], color=colour, alpha=0.13, lw=0)
            axes.plot(days, quartiles[1], _STYLES[group], color=colour, label=group, lw=1.6)
            for shown in comparisons:
                words = shown.figure.arguments
                if (shown.figure.statistic, words.get("analyte"), words.get("group")) != (
                    "level", analyte, group,
                ):  # fmt: skip
                    continue
                low, high = shown.figure.interval or (shown.figure.published,) * 2
                day = words["day"] + {NO_CRS: -0.35, CRS_ONLY: 0.0, CASE: 0.35}[group]
                axes.plot([day, day], [low, high], color=colour, lw=1.2)
                axes.plot(
                    day, shown.figure.published, _MARKERS[group], color=colour, ms=6,
                    markeredgecolor="white",
                )  # fmt: skip
        _log_scale(axes)
        axes.set_title(title, fontsize=_TEXT + 2, loc="left")
        _dress(axes)
        axes.set_xlabel("days from the infusion", fontsize=_TEXT)
        axes.set_xticks([0, 7, 14, 21, 28])
    panels[0].legend(fontsize=_TEXT, frameon=False)
    return figure_svg(
        figure, "courses", title="Ferritin, CRP and LDH by day and group, CD22 cohort"
    )


def _by_day(observed: Observed, analyte: str, group: str) -> tuple[Floats, Floats]:
    rows = observed.labs[analyte]
    rows = rows[observed.group(group)[rows["patient"]] & rows["day"].between(-1.1, 29)]
    day = np.where(rows["day"] <= 0, 0.0, np.ceil(rows["day"]))
    quartiles = rows["value"].groupby(day).quantile(np.array([0.25, 0.5, 0.75])).unstack()
    days = np.asarray(quartiles.index, dtype=float)
    return days - np.where(days > 0, 0.5, 0.0), quartiles.to_numpy(dtype=float).T


def onsets(days: Mapping[str, Floats], published: Mapping[str, tuple[float, float, float]]) -> str:
    """Histogram of latent onset by product, with the published median and range of each."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 2.9), layout="constrained")
    panels = np.atleast_1d(figure.subplots(1, len(days), sharex=True))
    for axes, (name, values) in zip(panels, days.items(), strict=True):
        axes.hist(values, bins=np.arange(0, 38.5, 1.0), color=LINE, alpha=0.55)
        top = axes.get_ylim()[1]
        median, low, high = published[name]
        axes.plot([low, high], [1.06 * top] * 2, color=LIMIT, lw=1.6, clip_on=False)
        axes.plot(median, 1.06 * top, "D", color=LIMIT, ms=6, clip_on=False)
        axes.axvline(float(np.median(values)), color=LINE, lw=1.4)
        axes.axvline(14, color=QUIET, lw=0.9, ls=":")
        axes.set_ylim(0, 1.15 * top)
        axes.set_title(f"{name}, {len(values)} cases", fontsize=_TEXT + 1, loc="left")
        axes.set_xlabel("day of onset", fontsize=_TEXT)
        _dress(axes)
    return figure_svg(figure, "onsets", title="Day of onset by product")


def incidences(comparisons: Sequence[Comparison]) -> str:
    """Incidence by product: simulated and published, each with its 95% interval."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 2.6), layout="constrained")
    axes = figure.subplots()
    for k, shown in enumerate(comparisons):
        low, high = shown.figure.allowed or (shown.figure.published,) * 2
        for offset, value, ends, colour, mark in (
            (-0.14, shown.figure.published, (low, high), LIMIT, "D"),
            (0.14, shown.found.value, (shown.found.low, shown.found.high), LINE, "o"),
        ):
            axes.plot([100 * e for e in ends], [k + offset] * 2, color=colour, lw=1.6)
            axes.plot(100 * value, k + offset, mark, color=colour, ms=6)
    axes.set_yticks(range(len(comparisons)), [shown.figure.title for shown in comparisons])
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_xlabel(
        "IEC-HS, % (red diamond: published with what is allowed; blue circle: simulated)",
        fontsize=_TEXT,
    )
    _dress(axes)
    return figure_svg(figure, "incidences", title="Incidence by product")


def patients(observed: Observed, chosen: Sequence[tuple[int, str]]) -> str:
    """Curves of single patients, a row each, with CRS, drugs and the latent onset."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15, 1.75 * len(chosen)), layout="constrained")
    grid = figure.subplots(len(chosen), len(_PANELS), sharex=True, squeeze=False)
    crs, toci = observed.first("crs"), observed.first("tocilizumab")
    steroid, anakinra = observed.first("corticosteroid"), observed.first("anakinra")
    for row, (patient, words) in zip(grid, chosen, strict=True):
        for axes, (analyte, (title, log, limit)) in zip(row, _PANELS.items(), strict=True):
            results = observed.labs[analyte]
            results = results[(results["patient"] == patient) & (results["day"] <= 30)]
            axes.plot(results["day"], results["value"], "-o", ms=2.2, lw=0.9, color=INK)
            if limit is not None:
                axes.axhline(limit, color=LIMIT, lw=0.8, ls=":")
            if log:
                _log_scale(axes)
            for day, colour, style in (
                (crs[patient], SERIES[1], "--"),
                (toci[patient], LINE, ":"),
                (np.fmin(steroid[patient], anakinra[patient]), SERIES[2], ":"),
                (observed.onset[patient], LIMIT, "-"),
            ):
                if day <= 30:
                    axes.axvline(day, color=colour, lw=1.1, ls=style)
            axes.set_title(title, fontsize=_TEXT - 1, loc="left", pad=2)
            axes.set_xlim(-7.5, 30)
            _dress(axes, _TEXT - 2)
        row[0].set_ylabel(
            words, fontsize=_TEXT, rotation=0, ha="right", va="center", multialignment="left"
        )
    for axes in grid[-1]:
        axes.set_xlabel("days from the infusion", fontsize=_TEXT - 1)
    return figure_svg(figure, "patients", title="Results of ten simulated patients")


def _log_scale(axes: "Axes") -> None:
    """A log axis with plain numbers, more of them the fewer decades it spans."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_yscale("log")
    low, high = axes.get_ylim()
    steps: tuple[float, ...] = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)
    if high / low > 12:
        steps = (1.0,) if high / low > 300 else (1.0, 3.0)
    axes.yaxis.set_major_locator(LogLocator(subs=steps))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:,.10g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _dress(axes: "Axes", size: float = _TEXT) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelsize=size, which="both")
