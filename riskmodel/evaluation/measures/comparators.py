"""What is evaluated side by side: the model, and the scores that it must beat."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from riskmodel.arrays import Floats
from riskmodel.evaluation.measures.estimates import FEWEST, patients_by_class
from riskmodel.evaluation.measures.metrics import risk_of
from riskmodel.evaluation.rows import Examples
from riskmodel.evaluation.splits import Maker, by_group, grouped_folds, out_of_fold
from riskmodel.features import Catalogue
from riskmodel.models import RidgeLogistic, SingleScore

MODEL = "riskmodel"
RIDGE = "ridge logistic"
SCORES: Mapping[str, tuple[str, ...]] = {
    "ferritin alone": ("ferritin_last_log10", "ferritin_baseline_log10"),
    "signs met": ("signs_met",),
    "EASIX": ("easix_log2_now", "easix_log2"),
    "s-EASIX": ("s_easix_log2_now", "s_easix_log2"),
    "m-EASIX": ("m_easix_log2_now", "m_easix_log2"),
    "CAR-HEMATOTOX": ("car_hematotox",),
    "HScore": ("hscore",),
}
"""Published scores and simple rules: the first of these columns that the stage has. A higher value
is a higher risk in all of them."""
_SIGNS = ("macrophage_signs_met", "cytopenia_signs_met")
COMPARATORS = (RIDGE, *SCORES)
_FOLDS, _SEED = 5, 20


@dataclass(frozen=True)
class Contender:
    """Risks of one model or score on the rows of an evaluation.

    Attributes
    ----------
    name : str
    risk : array of shape (n,)
        Probabilities, NaN where it has none.
    rank : array of shape (n,)
        What its areas rank by, NaN where it has none.
    how : str
        Where the risks come from, in a sentence.
    """

    name: str
    risk: Floats
    rank: Floats
    how: str

    @classmethod
    def of_logit(cls, name: str, logit: Floats, how: str) -> "Contender":
        """A contender whose areas rank by its risk."""
        return cls(name, risk_of(logit), logit, how)


def score_columns(features: Catalogue, wanted: Sequence[str] = COMPARATORS) -> dict[str, str]:
    """The column of each wanted comparator that a catalogue holds."""
    names = set(features.names)
    found = {}
    for score in wanted:
        columns = [c for c in SCORES.get(score, ()) if c in names]
        if columns:
            found[score] = columns[0]
        elif score == "signs met" and set(_SIGNS) <= names:
            found[score] = "+".join(_SIGNS)
    return found


def with_scores(X: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """The matrix with the sum of two sign columns where that is the score."""
    sums = {c: X[c.split("+")].sum(axis=1, min_count=1) for c in columns.values() if "+" in c}
    return X.assign(**sums) if sums else X


def makers(
    X: pd.DataFrame,
    columns: Mapping[str, str],
    features: Sequence[str],
    wanted: Sequence[str] = COMPARATORS,
) -> dict[str, Maker]:
    """Unfitted comparators: the ridge logistic, and each score that some row has."""
    found: dict[str, Maker] = {RIDGE: Maker(RidgeLogistic, features)} if RIDGE in wanted else {}
    for name, column in columns.items():
        if X[column].notna().any():
            found[name] = Maker(partial(SingleScore, column=column), [column])
    return found


def cross_validated(examples: Examples, maker: Maker) -> Floats:
    """Log-odds from models fitted to the other folds of the same rows; NaN with too few events."""
    known = np.flatnonzero(examples.known)
    events, others = patients_by_class(examples.y[known], examples.patient[known])
    if min(events, others) < FEWEST:
        return np.full(len(examples.y), np.nan)
    event = examples.y * examples.known
    splits = by_group(grouped_folds(examples.patient, event, _FOLDS, _SEED))
    return out_of_fold(examples, {"one": maker}, [splits])["one"]


def outside(
    examples: Examples, columns: Mapping[str, str], features: Sequence[str], wanted: Sequence[str]
) -> list[Contender]:
    """Comparators on a cohort that none of them was fitted to.

    A score ranks by its own value, missing at the median; its probability is a logistic of that
    value, fitted to the other folds of this very cohort, which flatters it. The ridge logistic is
    fitted to the other folds too.

    Parameters
    ----------
    examples : Examples
        Whose matrix holds the columns.
    columns : mapping of str to str
        Of `score_columns`.
    features : sequence of str
        What the ridge logistic sees.
    wanted : sequence of str
        Names of comparators.
    """
    found = []
    for name, maker in makers(examples.X, columns, features, wanted).items():
        logit = cross_validated(examples, maker)
        if name == RIDGE:
            if not np.isnan(logit).all():
                how = "fitted to the other folds of this cohort, on the features of the model"
                found.append(Contender.of_logit(name, logit, how))
            continue
        value = examples.X[columns[name]].to_numpy(np.float64)
        rank = np.where(np.isnan(value), np.nanmedian(value), value)
        how = "ranked by its own value; as a probability, recalibrated in this cohort's other folds"
        found.append(Contender(name, risk_of(logit), rank, how))
    return found
