"""Published incidence of IEC-HS, by product and target: what print says of a patient's likes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from riskmodel.cohort import AUTOIMMUNE, find_product
from riskmodel.files import read_toml

_PRODUCT, _TARGET, _DISEASE = 4, 2, 1


@dataclass(frozen=True)
class Incidence:
    """One published figure; all count the whole course, not the days before a horizon.

    Attributes
    ----------
    who : str
        Whom it is about, ending in what the report says of itself.
    share : float
        The printed figure, of a series without one its events over its patients, or the middle of
        a printed range on the log scale; NaN, as both bounds, where no series of the product gives
        a denominator.
    low, high : float
        A printed range or interval; of a series the exact 95% interval; else the share twice.
    events, patients : int or None
        Of a series.
    printed_range : bool
        Whether print gives a range and no figure.
    source : str
    unverified : bool
    """

    who: str
    share: float
    low: float
    high: float
    events: int | None
    patients: int | None
    printed_range: bool
    source: str
    unverified: bool


@cache
def _entries() -> tuple[Mapping[str, Any], ...]:
    return tuple(read_toml(Path(__file__).with_suffix(".toml"))["rate"])


def published_incidence(
    product: str | None, target: str | None, disease: str | None
) -> tuple[Incidence, ...]:
    """Figures for a product under any of its names, all reports last.

    Where the product has no series of its own that can stand for it, those of its target follow:
    never one of another single product. For an autoimmune indication its own alone.

    Examples
    --------
    >>> [round(found.share, 3) for found in published_incidence("cilta-cel", "BCMA", "MM")]
    [0.173, 0.067, 0.01, 0.051]
    >>> [found.who for found in published_incidence(None, "CD19", "SLE")]
    ['autoimmune indications']
    """
    if disease in AUTOIMMUNE:
        return tuple(_read(entry) for entry in _entries() if "autoimmune" in entry)
    entries = [entry for _, entry in _fitting(product, target, disease)]
    own = [entry for entry in entries if "product" in entry]
    if not any("base" in entry for entry in own):
        own += [entry for entry in entries if "product" not in entry]
    return tuple(map(_read, (*own, _entries()[-1])))


@cache
def autoimmune_words() -> str:
    """What is printed of autoimmune indications, for which no model gives a risk.

    Examples
    --------
    >>> autoimmune_words()
    'no case among 47 published patients, exact 95% upper bound 7.5%'
    """
    (found,) = published_incidence(None, None, AUTOIMMUNE[0])
    among = f"{found.events or 'no'} case among {found.patients} published patients"
    return f"{among}, exact 95% upper bound {found.high:.1%}"


def base_rate(product: str | None, target: str | None, disease: str | None) -> Incidence:
    """The one figure that stands for a patient of whom nothing else is known.

    Of the product where print has one, else of its target in this disease, else of its target,
    else of all products: a product without a published denominator gets what print has of its
    target in its disease, and `Incidence.who` says whose figure that is.

    Examples
    --------
    >>> base_rate("ide-cel", "BCMA", "MM").share < base_rate("cilta-cel", "BCMA", "MM").share
    True
    >>> base_rate(None, None, None).who
    'all products and reports'
    """
    entries = [(fit, e) for fit, e in _fitting(product, target, disease, True) if e.get("base")]
    best = max((fit for fit, _ in entries), default=0)
    return next((_read(e) for fit, e in entries if fit == best), _read(_entries()[-1]))


def _fitting(
    product: str | None, target: str | None, disease: str | None, borrowed: bool = False
) -> list[tuple[int, Mapping[str, Any]]]:
    """Entries about such a patient, with how closely: not those about everybody.

    Series of one product without a name here are another product's than one that has a name; they
    count where figures may be `borrowed`.
    """
    known = find_product(product) if product else None
    name = known.name if known else ""
    found = []
    for entry in _entries()[:-1]:
        if "autoimmune" in entry or ("one_product" in entry and known and not borrowed):
            continue
        told = "disease" in entry and disease is not None
        if told and disease not in entry["disease"]:
            continue
        if entry.get("product", name) == name and entry.get("target", target) == target:
            kind = _PRODUCT if "product" in entry else _TARGET
            found.append((kind + _DISEASE * told, entry))
    return found


def _read(entry: Mapping[str, Any]) -> Incidence:
    events, patients = entry.get("events"), entry.get("patients")
    printed_range = "low" in entry and "share" not in entry and events is None
    if "unpublished" in entry:
        low = high = share = math.nan
    elif "low" in entry:
        low, high = float(entry["low"]), float(entry["high"])
    elif events is not None:
        from scipy.stats import binomtest

        exact = binomtest(events, patients).proportion_ci(0.95, method="exact")
        low, high = float(exact.low), float(exact.high)
    else:
        low = high = float(entry["share"])
    if printed_range:
        share = (low * high) ** 0.5
    elif "unpublished" not in entry:
        share = entry["share"] if "share" in entry else events / entry["patients"]
    who = (
        entry.get("product", ""),
        f"{entry['target']} target" if "target" in entry else "",
        "/".join(entry.get("disease", [])),
        entry.get("about", ""),
    )
    return Incidence(
        ", ".join(part for part in who if part), float(share), low, high, events, patients,
        printed_range, entry["source"], bool(entry.get("unverified")),
    )  # fmt: skip
