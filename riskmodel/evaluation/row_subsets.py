"""Which rows a figure is about: all, a landmark, a lead time, a subgroup of patients."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.arrays import Flags, Floats
from riskmodel.cohort import Cohort, find_product
from riskmodel.evaluation.rows import Examples
from riskmodel.features import LAST_LANDMARK_DAY

LEAD_HOURS = (24, 48)
AGES = ((0, 18, "under 18"), (18, 40, "18 to 39"), (40, 65, "40 to 64"), (65, 200, "65 and older"))
FEWEST_IN_LEVEL = 10
"""Patients of the smallest subgroup that is named; smaller ones are pooled."""
POOLED = "pooled small groups"
_COLUMNS = {"sex": "sex", "disease": "disease", "centre": "center_id"}


LANDMARKS = {f"day {day}": day for day in range(LAST_LANDMARK_DAY + 1)}
"""Day of prediction by the name of its subset."""
LEADS = {f"lead >= {hours} h": hours for hours in LEAD_HOURS}
"""Hours before the onset by the name of their subset."""


@dataclass(frozen=True)
class Subset:
    """Rows of a figure.

    Attributes
    ----------
    kind : {"all", "landmark", "lead", "product", "age", "sex", "centre", "disease"}
    name : str
    rows : bool array of shape (n,)
    """

    kind: str
    name: str
    rows: Flags


def next_draw(cohort: Cohort, examples: Examples) -> Floats:
    """Hour of each row's first laboratory sample after the prediction time, infinite without."""
    patient = cohort.labs["patient"].to_numpy(np.int64)
    hours = cohort.labs["hours"].to_numpy(np.float64)
    order = np.lexsort((hours, patient))
    patient, hours = patient[order], hours[order]
    starts = np.searchsorted(patient, np.arange(len(cohort)), side="left")
    ends = np.searchsorted(patient, np.arange(len(cohort)), side="right")
    found = np.full(len(examples.patient), np.inf)
    for row, (who, when) in enumerate(zip(examples.patient, examples.hours, strict=True)):
        own = hours[starts[who] : ends[who]]
        place = np.searchsorted(own, when, side="right")
        if place < len(own):
            found[row] = own[place]
    return found


def _times(cohort: Cohort, examples: Examples) -> list[Subset]:
    found = []
    times = np.unique(examples.hours)
    if len(times) > 1:
        found += [Subset("landmark", f"day {t / 24:g}", examples.hours == t) for t in times]
    for name, lead in LEADS.items():
        found.append(Subset("lead", name, ~(examples.lead < lead)))
    later = ~(examples.hours + examples.lead <= next_draw(cohort, examples))
    found.append(Subset("lead", "onset after the next draw", later))
    # Where no onset is that close, the figures would only repeat those of all rows.
    return [subset for subset in found if not subset.rows.all()]


def age_group(years: Floats) -> npt.NDArray[np.object_]:
    """Name of each age's group, empty where the age is unknown."""
    found = np.full(len(years), "", dtype=object)
    for low, high, name in AGES:
        found[(years >= low) & (years < high)] = name
    return found


def _levels(kind: str, level: npt.NDArray[np.object_], examples: Examples) -> list[Subset]:
    """A subset per named level; levels of few patients are pooled, so that no row points at one."""
    of_row = level[examples.patient]
    first = np.unique(examples.patient, return_index=True)[1]
    names, counts = np.unique(of_row[first].astype(str), return_counts=True)
    if kind == "age":
        names, counts = _by_age(names, counts)
    large = {n for n, c in zip(names, counts, strict=True) if n and c >= FEWEST_IN_LEVEL}
    small = {n for n in names if n and n not in large}
    found = [Subset(kind, f"{kind}: {n}", of_row == n) for n in names if n in large]
    pooled = np.isin(of_row.astype(str), sorted(small))
    if len(np.unique(examples.patient[pooled])) >= FEWEST_IN_LEVEL:
        found.append(Subset(kind, f"{kind}: {POOLED}", pooled))
    unknown = of_row == ""
    if len(np.unique(examples.patient[unknown])) >= FEWEST_IN_LEVEL:
        found.append(Subset(kind, f"{kind}: not stated", unknown))
    return found if len(found) > 1 else []


def _by_age(names: npt.NDArray[Any], counts: npt.NDArray[Any]) -> tuple[Any, Any]:
    """Age groups from young to old."""
    order = [name for _, _, name in AGES]
    place = np.argsort([order.index(n) if n in order else -1 for n in names])
    return names[place], counts[place]


def product_names(cohort: Cohort) -> npt.NDArray[np.object_]:
    """Each patient's product by its generic name; as written where it is not a known one."""
    written = cohort.patients["product"]
    known = {text: find_product(str(text)) for text in written.dropna().unique()}
    named = {text: text if one is None else one.name for text, one in known.items()}
    return np.asarray(written.map(named).astype(object).where(written.notna(), ""), dtype=object)


def subsets(cohort: Cohort, examples: Examples) -> list[Subset]:
    """Every subset of an evaluation, the whole first."""
    found = [Subset("all", "all", np.ones(len(examples.y), dtype=bool))]
    found += _times(cohort, examples)
    ages = age_group(cohort.patients["age_years"].to_numpy(np.float64))
    found += _levels("age", ages, examples)
    found += _levels("product", product_names(cohort), examples)
    for kind, column in _COLUMNS.items():
        level = cohort.patients[column].astype(object)
        found += _levels(kind, level.where(pd.notna(level), "").to_numpy(dtype=object), examples)
    return found
