"""Predictions of a stored model on feature rows: the one path that every door uses."""

import numpy as np
import pandas as pd

from riskmodel.arrays import Floats, expit, row_sums
from riskmodel.errors import SchemaError
from riskmodel.models.learning.factors import factor_columns, factors_of
from riskmodel.models.risk_model import RiskModel, model_catalogue, numeric_features


def predict_frame(model: RiskModel, X: pd.DataFrame) -> pd.DataFrame:
    """Risk, interval and contributions of feature rows.

    Parameters
    ----------
    model : RiskModel
    X : DataFrame of shape (n, any)
        Feature columns; absent ones count as unknown, integers and nulls are accepted.

    Returns
    -------
    DataFrame of shape (n, 4 + factors + earlier days)
        ``risk, risk_low, risk_high, contribution_<factor>``, ``contribution_base``; where the model
        answers for earlier days too, ``risk_before_day_<d>``, NaN once that day is over or where
        the day of the row is not known.
    """
    named = {**factor_columns(_factors(model)), "base": "contribution_base"}
    earlier = () if model.earlier is None else model.earlier.columns
    if len(X) == 0:
        columns = ["risk", "risk_low", "risk_high", *named.values(), *earlier]
        return pd.DataFrame(columns=columns, index=X.index, dtype=np.float64)
    rows = numeric_features(model, X)
    parts, low, high = model.classifier.explain(rows)
    total = row_sums(parts.to_numpy())
    found = {"risk": expit(total), "risk_low": low, "risk_high": high}
    found |= {column: parts[factor].to_numpy() for factor, column in named.items()}
    if model.earlier is not None:
        before = model.earlier.risks(found["risk"], _hours(model, rows))
        found |= dict(zip(earlier, before.T, strict=True))
    return pd.DataFrame(found, index=X.index)


def _hours(model: RiskModel, rows: pd.DataFrame) -> Floats:
    """Prediction time of each row, by the model's own feature of it; NaN where it has none."""
    if model.stage == "pre_infusion":
        return np.zeros(len(rows))
    clock = [f.name for f in model_catalogue(model) if f.builder == "prediction_day"]
    return 24 * rows[clock[0]].to_numpy(np.float64) if clock else np.full(len(rows), np.nan)


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
