"""What print says beside a risk: incidence of IEC-HS for a product, and published scores.

None of the scores but one was made for IEC-HS.
"""

import math
from dataclasses import dataclass
from functools import cache

import pandas as pd

from riskmodel.cohort import Cohort, analytes
from riskmodel.criteria import Incidence, label, open_items, published_incidence
from riskmodel.features import Catalogue, Feature, Records, load_catalogue, matrix
from riskmodel.models import percent
from riskmodel.patient.wording import cited, in_sentence, number

_ABOUT = ("product", "target_antigen", "disease")
_HSCORE = "hscore"
_GROUP = "Published scores"
_TELLING = 0.5
"""Widest range of a probability that still tells something."""


@dataclass(frozen=True)
class BaseRate:
    """One published figure.

    Attributes
    ----------
    who, said, source : str
        Whom it is about, the figure in words, and where it stands.
    low, high : float
        Equal where one share was printed; NaN where none was.
    unverified : bool
    """

    who: str
    said: str
    source: str
    low: float
    high: float
    unverified: bool


def base_rates(patient: pd.Series) -> list[BaseRate]:
    """Figures for a patient's product, of its target where it has none; all reports last.

    For an autoimmune indication its own alone: what is known of cancers says nothing of it.

    Parameters
    ----------
    patient : Series
        A row of `Cohort.patients`.
    """
    known = [None if pd.isna(patient[c]) else str(patient[c]) for c in _ABOUT]
    return [_described(found) for found in published_incidence(*known)]


def _described(found: Incidence) -> BaseRate:
    if math.isnan(found.share):
        said = "no published denominator"
        return BaseRate(found.who, said, cited(found.source), found.low, found.high, False)
    said = percent(found.share)
    if found.printed_range or found.patients is None:
        low, high = found.low, found.high
        said = said if low == high else f"{100 * low:g} to {100 * high:g}%"
    if found.events == 0:
        said = f"0 of {found.patients} (exact 95% upper bound {100 * found.high:.1f}%)"
    elif found.patients is not None:
        said += f" of {found.patients:,}"
    return BaseRate(found.who, said, cited(found.source), found.low, found.high, found.unverified)


@dataclass(frozen=True)
class PublishedScore:
    """A score: its name, its value or nothing where an item is missing, and its source."""

    label: str
    value: str
    source: str


def published_scores(patient: Cohort, hours: float) -> list[PublishedScore]:
    """Scores of a cohort of one patient that holds only records at or before `hours`."""
    chosen = _catalogue(early=hours > 0)
    X = matrix(Records(patient), chosen, hours).iloc[0]
    return [*(_shown(feature, float(X[feature.name])) for feature in chosen), _hscore(patient)]


def _shown(feature: Feature, value: float) -> PublishedScore:
    if math.isnan(value):
        said = ""
    elif feature.transform == "log2":
        said = number(2.0**value)
    else:
        said = f"{number(value)} {feature.unit}"
    source = cited(feature.source.partition(": ")[0])
    if feature.unverified:
        source += ", points unverified"
    return PublishedScore(feature.label[0].upper() + feature.label[1:], said, source)


@cache
def _catalogue(*, early: bool) -> Catalogue:
    """Before the infusion the scores of that time; after it those that are read again."""
    catalogue = load_catalogue()
    stages = ("early",) if early else ("pre_infusion",)
    names = [
        f.name
        for f in catalogue
        if f.group == _GROUP and f.builder != "hscore_points" and f.stage in stages
    ]
    return catalogue.select(names)


def _hscore(patient: Cohort) -> PublishedScore:
    row = label(patient, _HSCORE, cytopenia_rule=None).iloc[0]
    low, high = float(row["total_low"]), float(row["total_high"])
    chance = [float(row["probability_low"]), float(row["probability_high"])]
    total = f"{low:.0f}" if low == high else f"{low:.0f} to {high:.0f}"
    missing = ", ".join(map(_item, open_items(row)))
    said = f"{total} points"
    if chance[1] - chance[0] <= _TELLING:
        ends = [f"{c:.0%}" for c in chance]
        said += f", probability of HLH {' to '.join(dict.fromkeys(ends))}"
    if missing:
        said += f"; missing: {missing}"
    return PublishedScore("HScore so far", said, "Fardet 2014")


def _item(name: str) -> str:
    """An item of a score: an analyte by its label, anything else by its name."""
    return in_sentence(analytes()[name].label) if name in analytes() else name.replace("_", " ")
