"""The comparison of definitions as a picture and as a page."""

from pathlib import Path

import numpy as np
import pandas as pd

from riskmodel import RESEARCH_USE
from riskmodel.criteria import ADJUDICATED, Comparison
from riskmodel.files import write_text
from riskmodel.patient.pages.templates import render
from riskmodel.patient.svg.timeline_chart import Lane, Line, lanes_svg

LONGEST_DAY = 42
"""Last day that the picture may show."""

_COLUMNS = {
    "events_in_horizon": "event",
    "no_event": "no event",
    "competing": "competing",
    "lost": "lost",
    "not_assessed": "not assessed",
    "median_onset_day_in_horizon": "median day of the events",
    "events": "onsets at any time",
    "median_onset_day": "median day of all onsets",
}


def write_comparison(comparison: Comparison, cohort: str, beside: Path) -> tuple[Path, Path]:
    """Write the picture and the page beside a table.

    Parameters
    ----------
    comparison : Comparison
    cohort : str
        How the page names the cohort.
    beside : Path
        The table; its ending is replaced.

    Returns
    -------
    tuple of Path
        The ``.svg`` and the ``.html``, each written whole or not at all.
    """
    picture, page = beside.with_suffix(".svg"), beside.with_suffix(".html")
    write_text(picture, comparison_svg(comparison) + "\n")
    write_text(page, comparison_page(comparison, cohort))
    return picture, page


def last_drawn_day(comparison: Comparison) -> int:
    """Last day of the picture: past the horizon and every onset, but not beyond `LONGEST_DAY`."""
    last = comparison.labels["onset_hours"].max() / 24
    needed = max(comparison.horizon_days, 0.0 if np.isnan(last) else last)
    return int(max(min(np.ceil(needed), LONGEST_DAY), np.ceil(comparison.horizon_days))) + 1


def comparison_svg(comparison: Comparison) -> str:
    """One row per definition over the days: every onset a stroke, and their running count."""
    days = {
        str(name): tuple(float(hours) / 24 for hours in rows["onset_hours"].dropna())
        for name, rows in comparison.labels.groupby("name", sort=False)
    }
    summary = comparison.summary.set_index("name")
    lanes = [
        Lane(
            name,
            f"{summary['events_in_horizon'][name]} ({summary['events'][name]})",
            marks=days[name],
        )
        for name in comparison.names
    ]
    said = [_in_words(row, comparison.horizon_words) for _, row in comparison.summary.iterrows()]
    return lanes_svg(
        lanes,
        last_drawn_day(comparison),
        lines=[Line(comparison.horizon_days, f"horizon, day {comparison.horizon_days:g}")],
        title=f"Onsets by definition, {comparison.patients} patients",
        described=f"One row per definition over the days from the infusion. {'; '.join(said)}.",
        name="comparison",
        height=54,
    )


def comparison_page(comparison: Comparison, cohort: str) -> str:
    """The page as text: picture, outcomes, agreement."""
    last = last_drawn_day(comparison)
    names = [f"[{k}] {name}" for k, name in enumerate(comparison.names, 1)]
    table = comparison.table()
    return render(
        "comparison.html.j2",
        heading="Label definitions compared",
        research_use=RESEARCH_USE,
        patients=comparison.patients,
        cohort=cohort,
        horizon=comparison.horizon_words,
        picture=comparison_svg(comparison),
        last_day=last,
        later=int((comparison.labels["onset_hours"] > 24 * last).sum()),
        columns=list(_COLUMNS.values()),
        rows=[
            (name, [_cell(row, column) for column in _COLUMNS])
            for name, (_, row) in zip(comparison.names, table.iterrows(), strict=True)
        ],
        numbers=[f"[{k}]" for k in range(1, len(names) + 1)],
        agreement=[
            (
                name,
                [
                    ("" if other == own else _kappa(row[f"kappa_{other}"]), _count(row, other))
                    for other in comparison.names
                ],
            )
            for name, own, (_, row) in zip(names, comparison.names, table.iterrows(), strict=True)
        ],
        adjudicated=ADJUDICATED in comparison.names,
    )


def _in_words(row: pd.Series, horizon: str) -> str:
    day = row["median_onset_day"]
    median = "" if np.isnan(day) else f", median day {day:.1f}"
    return (
        f"{row['name']}: event {horizon} in {row['events_in_horizon']}, "
        f"onset at any time in {row['events']}{median}"
    )


def _cell(row: pd.Series, column: str) -> str:
    if column.startswith("median"):
        return "–" if pd.isna(row[column]) else f"{row[column]:.1f}"
    return str(row[column])


def _kappa(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2f}"


def _count(row: pd.Series, other: str) -> str:
    n = row[f"n_{other}"]
    return "" if pd.isna(n) else f"{n:.0f}"
