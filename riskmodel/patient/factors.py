"""Clinical factors of one patient: what each shows, what is missing, and its part in the risk."""

from collections.abc import Container, Iterable
from dataclasses import dataclass

import pandas as pd

from riskmodel.features import Feature
from riskmodel.models import HARDLY, RiskModel, factor_key
from riskmodel.patient.wording import natural, odds_words
from riskmodel.scoring import model_catalogue

NEAREST = "IEC-HS in the nearest published series"


@dataclass(frozen=True)
class Factor:
    """A clinical factor: what the patient shows, and what it does to the risk.

    Attributes
    ----------
    label : str
    lines : tuple of str
        Everything it reads, a line per thing measured.
    brief : str
        The first known value of each thing measured.
    missing : tuple of str
    contribution : float
        Log-odds.
    """

    label: str
    lines: tuple[str, ...]
    brief: str
    missing: tuple[str, ...]
    contribution: float

    @property
    def column(self) -> str:
        """Its column of a score table."""
        return f"contribution_{factor_key(self.label)}"

    @property
    def effect(self) -> str:
        """The contribution in words."""
        return odds_words(self.contribution)

    @property
    def direction(self) -> str:
        """``raises``, ``lowers`` or ``hardly``."""
        if abs(self.contribution) < HARDLY:
            return "hardly"
        return "raises" if self.contribution > 0 else "lowers"


def factors_of(X: pd.Series, model: RiskModel, row: pd.Series) -> list[Factor]:
    """Every clinical factor of the model, in the catalogue's order.

    Parameters
    ----------
    X : Series
        The features.
    model : RiskModel
    row : Series
        The score row, with contributions.
    """
    groups = model.classifier.groups or {}
    by_factor: dict[str, list[Feature]] = {}
    for feature in model_catalogue(model):
        by_factor.setdefault(groups.get(feature.name, feature.name), []).append(feature)
    return [
        _factor(name, features, X, float(row[f"contribution_{factor_key(name)}"]))
        for name, features in by_factor.items()
    ]


def _factor(name: str, features: list[Feature], X: pd.Series, contribution: float) -> Factor:
    """Values by what is measured: `LDH, last` and `LDH, trend` share the head `LDH`."""
    heads: dict[str, list[tuple[str, str]]] = {}
    unknown: list[str] = []
    for feature in features:
        head, rest = _head(_label(feature))
        if feature.builder == "product_choice" and X[feature.name] == 0:
            continue  # of the products, the one that it is says all
        text = natural(feature, float(X[feature.name]))
        heads.setdefault(head, []).append((rest, text))
        if text == "unknown":
            unknown.append(_label(feature))
    lines = []
    for head, parts in heads.items():
        known = [_shown(rest, text) for rest, text in parts if text != "unknown"]
        rests = [rest for rest, text in parts if text == "unknown"]
        if known and rests:
            known.append(f"{', '.join(rests)} unknown")
        lines.append(f"{head}: {'; '.join(known) or 'unknown'}")
    firsts = [
        (head, next(((rest, text) for rest, text in parts if text != "unknown"), None))
        for head, parts in heads.items()
    ]
    brief = "; ".join(
        f"{head} {_shown(first[0], first[1])}".replace(" last ", " ")
        for head, first in firsts
        if first
    )
    whole = {head for head, parts in heads.items() if all(t == "unknown" for _, t in parts)}
    return Factor(
        name, tuple(lines), brief or "unknown", tuple(grouped(unknown, whole)), contribution
    )


def _label(feature: Feature) -> str:
    """What a feature is called; a series of another product is never called this product's."""
    return NEAREST if feature.builder == "reported_incidence" else feature.label


def _head(label: str) -> tuple[str, str]:
    """What is measured, and what of it: ``LDH, last`` is ``LDH`` and ``last``."""
    head, _, rest = label.partition(", ")
    return head[0].upper() + head[1:], rest


def measured(labels: Iterable[str]) -> list[str]:
    """What is measured by features of some labels, each once."""
    return list(dict.fromkeys(_head(label)[0] for label in labels))


def grouped(labels: Iterable[str], whole: Container[str] = ()) -> list[str]:
    """Labels by what is measured; those of `whole` without their details."""
    heads: dict[str, list[str]] = {}
    for label in labels:
        head, rest = _head(label)
        heads.setdefault(head, []).append(rest)
    return [
        head if head in whole or not any(rests) else f"{head} ({', '.join(rests)})"
        for head, rests in heads.items()
    ]


def _shown(rest: str, text: str) -> str:
    """A value after what it is, without words that the value itself says."""
    if rest.startswith("trend "):
        return f"{rest.removeprefix('trend ')}: {text}"
    return f"{rest.removeprefix('change since the infusion')} {text}".strip()
