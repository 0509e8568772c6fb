"""What is missing of one patient: how far it could move the risk, and the test to ask for now."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from riskmodel.cohort import analytes
from riskmodel.features import Feature
from riskmodel.models import RiskModel, missing_range, percent
from riskmodel.patient.wording import COLUMN_LABELS


@dataclass(frozen=True)
class MissingRange:
    """How far what is missing could move a risk.

    Attributes
    ----------
    low, high : str
        The risk over plausible values of what is missing.
    test : str
        The test that would narrow this most; empty where none would.
    narrowing : str
        By how much.
    """

    low: str
    high: str
    test: str
    narrowing: str


_ONE_RESULT = (
    "last_lab", "highest", "lowest", "fold_change", "last_above_limit", "last_below_limit",
    "event_seen", "highest_grade",
)  # fmt: skip
"""Builders whose feature one more result fills: trends and rises need a second."""


def askable(features: Sequence[Feature], X: pd.Series, stage: str) -> frozenset[str]:
    """Features that a test done now would fill.

    Before the infusion every test can still be done. After it, one whose window ended with the
    infusion changes nothing any more (an NK count of day 7), and a trend needs a second result. A
    fold change is filled where the analyte has no result that counts.
    """
    if stage == "pre_infusion":
        return frozenset(feature.name for feature in features)
    open_now = [f for f in features if f.window.end[0] == "prediction" and f.builder in _ONE_RESULT]
    measured = {f.of for f in open_now if f.builder == "last_lab" and pd.notna(X[f.name])}
    return frozenset(f.name for f in open_now if f.of not in measured)


def range_of(model: RiskModel, X: pd.DataFrame, features: Sequence[Feature]) -> MissingRange | None:
    """The range of one feature row; None where nothing is missing.

    Parameters
    ----------
    model : RiskModel
    X : DataFrame of one row
        Feature columns.
    features : sequence of Feature
        The model's own catalogue.
    """
    row = missing_range(model, X, askable(features, X.iloc[0], model.stage)).iloc[0]
    if not row["n_missing"]:
        return None
    share = float(row["narrowing"])
    test = _label(str(row["most_useful_test"]), features) if share >= 0.01 else ""
    return MissingRange(
        percent(float(row["risk_if_low"])),
        percent(float(row["risk_if_high"])),
        test,
        f"{100 * share:.0f}%",
    )


def _label(test: str, features: Sequence[Feature]) -> str:
    """Plain name of an analyte or column, else of the first feature that the test fills."""
    if test in analytes():
        return analytes()[test].label
    if test in COLUMN_LABELS:
        return COLUMN_LABELS[test].capitalize()
    label = next(f.label for f in features if test in (f.of, f.name))
    return label[0].upper() + label[1:]
