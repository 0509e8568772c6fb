"""Published incidence of IEC-HS for a product, to stand beside a risk."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from riskmodel.cohort import find_product
from riskmodel.files import read_toml
from riskmodel.patient.wording import cited, percent

_PRODUCT, _GROUP = 2, 1


@dataclass(frozen=True)
class BaseRate:
    """One published figure.

    Attributes
    ----------
    who, said, source : str
        Whom it is about, the figure in words, and where it stands.
    low, high : float
        Equal where one share was printed.
    unverified : bool
    """

    who: str
    said: str
    source: str
    low: float
    high: float
    unverified: bool


@cache
def _rates() -> tuple[Mapping[str, Any], ...]:
    return tuple(read_toml(Path(__file__).with_suffix(".toml"))["rate"])


def base_rates(patient: pd.Series) -> list[BaseRate]:
    """Figures for a patient's product; else for its target; the range of all reports last.

    Parameters
    ----------
    patient : Series
        A row of `Cohort.patients`.
    """
    named = find_product(str(patient["product"])) if pd.notna(patient["product"]) else None
    product = named.name if named else ""
    fitting = [(_fit(rate, patient, product), rate) for rate in _rates()]
    best = max(fit for fit, _ in fitting)
    chosen = [rate for fit, rate in fitting if fit == best > 0]
    return [_described(rate) for rate in (*chosen, _rates()[-1])]


def _fit(rate: Mapping[str, Any], patient: pd.Series, product: str) -> int:
    """How closely a figure is about such a patient; 0 where it is not or about everybody."""
    disease = patient["disease"]
    if "disease" in rate and pd.notna(disease) and disease not in rate["disease"]:
        return 0
    if "product" in rate:
        return _PRODUCT if rate["product"] == product else 0
    return _GROUP if "target" in rate and rate["target"] == patient["target_antigen"] else 0


def _described(rate: Mapping[str, Any]) -> BaseRate:
    low, high = rate.get("low", rate.get("share")), rate.get("high", rate.get("share"))
    said = percent(low) if low == high else f"{100 * low:g} to {100 * high:g}%"
    if "patients" in rate:
        said += f" of {rate['patients']}"
    who = [
        rate.get("product", ""),
        f"{rate['target']} target" if "target" in rate else "",
        "/".join(rate.get("disease", [])),
        rate.get("about", ""),
    ]
    return BaseRate(
        ", ".join(part for part in who if part),
        said,
        cited(rate["source"]),
        float(low),
        float(high),
        bool(rate.get("unverified", False)),
    )
