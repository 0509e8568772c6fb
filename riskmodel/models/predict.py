"""Predictions of a stored model on feature rows: the one path that every door uses."""

import numpy as np
import pandas as pd

from riskmodel.arrays import expit, row_sums
from riskmodel.errors import SchemaError
from riskmodel.models.learning.factors import factor_columns, factors_of
from riskmodel.models.risk_model import RiskModel, numeric_features


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
        ``risk, risk_low, risk_high, contribution_<factor>``, ``contribution_base``.
    """
    named = {**factor_columns(_factors(model)), "base": "contribution_base"}
    if len(X) == 0:
        columns = ["risk", "risk_low", "risk_high", *named.values()]
        return pd.DataFrame(columns=columns, index=X.index, dtype=np.float64)
    rows = numeric_features(model, X)
    parts, low, high = model.classifier.explain(rows)
    total = row_sums(parts.to_numpy())
    found = {"risk": expit(total), "risk_low": low, "risk_high": high}
    found |= {column: parts[factor].to_numpy() for factor, column in named.items()}
    return pd.DataFrame(found, index=X.index)


def change_by_factor(model: RiskModel, X_before: pd.DataFrame, X_now: pd.DataFrame) -> pd.DataFrame:
    """What moved each patient's risk between two prediction times, by clinical factor.

    Parameters
    ----------
    model : RiskModel
    X_before, X_now : DataFrames of shape (n, any)
        Feature columns of the same patients, in the same order, at the two times.

    Returns
    -------
    DataFrame of shape (n, 2 + factors), indexed as X_now
        ``log_odds_before, log_odds_now``, then per clinical factor its later minus its earlier
        contribution; the changes of a row sum to the difference of the two log-odds.

    Raises
    ------
    SchemaError
        When the two hold different numbers of rows.
    """
    if len(X_before) != len(X_now):
        raise SchemaError(
            f"The earlier time has {len(X_before)} rows and the later one {len(X_now)}. Give the "
            "same patients at both, in the same order."
        )
    before, now = (
        model.classifier.factor_contributions(numeric_features(model, X)).set_axis(X_now.index)
        if len(X)
        else None
        for X in (X_before, X_now)
    )
    if before is None or now is None:
        empty = ["log_odds_before", "log_odds_now", *_factors(model)]
        return pd.DataFrame(columns=empty, index=X_now.index, dtype=np.float64)
    changes = (now - before).drop(columns="base")
    changes.insert(0, "log_odds_before", row_sums(before.to_numpy()))
    changes.insert(1, "log_odds_now", row_sums(now.to_numpy()))
    return changes


def _factors(model: RiskModel) -> list[str]:
    return list(dict.fromkeys(factors_of(model.features, model.classifier.groups)))
