"""Published incidence of IEC-HS for a product, to stand beside a risk."""

from dataclasses import dataclass

import pandas as pd

from riskmodel.cohort import AUTOIMMUNE
from riskmodel.criteria import Incidence, published_incidence
from riskmodel.patient.wording import cited, percent


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


def base_rates(patient: pd.Series) -> list[BaseRate]:
    """Figures for a patient's product; else for its target; the range of all reports last.

    None for an autoimmune indication: what is known of cancers says nothing of it.

    Parameters
    ----------
    patient : Series
        A row of `Cohort.patients`.
    """
    known = [None if pd.isna(patient[c]) else str(patient[c]) for c in _ABOUT]
    if known[-1] in AUTOIMMUNE:
        return []
    return [_described(found) for found in published_incidence(*known)]


_ABOUT = ("product", "target_antigen", "disease")


def _described(found: Incidence) -> BaseRate:
    said = percent(found.share)
    if found.printed_range or found.patients is None:
        low, high = found.low, found.high
        said = said if low == high else f"{100 * low:g} to {100 * high:g}%"
    if found.patients is not None:
        said += f" of {found.patients:,}"
    return BaseRate(found.who, said, cited(found.source), found.low, found.high, found.unverified)
