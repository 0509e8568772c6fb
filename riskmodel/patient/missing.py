"""What is missing of one patient: how far it could move the risk, and the test to ask for."""

from dataclasses import dataclass

import pandas as pd

from riskmodel.cohort import analytes
from riskmodel.features import Feature
from riskmodel.models import RiskModel, missing_range
from riskmodel.patient.wording import COLUMN_LABELS, event_label, percent


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


def range_of(model: RiskModel, X: pd.DataFrame, features: list[Feature]) -> MissingRange | None:
    """The range of one feature row; None where nothing is missing.

    Parameters
    ----------
    model : RiskModel
    X : DataFrame of one row
        Feature columns.
    features : list of Feature
        The model's own catalogue.
    """
    row = missing_range(model, X).iloc[0]
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


def _label(test: str, features: list[Feature]) -> str:
    """Plain name of an analyte, column, event or feature."""
    if test in analytes():
        return analytes()[test].label
    if test in COLUMN_LABELS:
        return COLUMN_LABELS[test].capitalize()
    for feature in features:
        if test in (feature.of, feature.name):
            return feature.label[0].upper() + feature.label[1:]
    return event_label(test)
