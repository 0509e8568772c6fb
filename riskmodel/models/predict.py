"""Predictions of a stored model on feature rows: the one path that every door uses."""

import re

import numpy as np
import pandas as pd

from riskmodel.models.persistence import RiskModel
from riskmodel.models.shrinkage import expit, row_sums


def predict_frame(model: RiskModel, X: pd.DataFrame) -> pd.DataFrame:
    """Risk, interval and contributions of feature rows.

    Parameters
    ----------
    model : RiskModel
    X : DataFrame of shape (n, any)
        Feature columns; absent ones count as unknown, integers and nulls are accepted.

    Returns
    -------
    DataFrame of shape (n, 4 + factors)
        ``risk, risk_low, risk_high, contribution_base, contribution_<factor>``.
    """
    if len(X) == 0:
        nobody = pd.DataFrame(np.nan, index=[0], columns=model.features)
        return predict_frame(model, nobody).iloc[:0]
    rows = X.reindex(columns=model.features).apply(pd.to_numeric, errors="coerce")
    rows = rows.astype(np.float64)
    parts, low, high = model.classifier.explain(rows)
    total = row_sums(parts.to_numpy())
    named = {f"contribution_{factor_key(c)}": parts[c].to_numpy() for c in parts.columns}
    return pd.DataFrame(
        {"risk": expit(total), "risk_low": low, "risk_high": high, **named},
        index=X.index,
    )


def factor_key(factor: str) -> str:
    """Column part of a clinical factor's name.

    Examples
    --------
    >>> factor_key("Blood counts before infusion")
    'blood_counts_before_infusion'
    """
    return re.sub(r"[^a-z0-9]+", "_", factor.casefold()).strip("_")
