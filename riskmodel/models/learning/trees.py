"""Shallow, strongly regularised boosting, on the log-odds scale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xgboost as xgb

from riskmodel.arrays import Floats, logit


@dataclass(frozen=True)
class TreeSettings:
    """Hyperparameters of one booster, in XGBoost's words."""

    max_depth: int
    n_rounds: int
    learning_rate: float
    reg_lambda: float
    min_child_weight: float
    subsample: float
    colsample: float


def grow(
    X: Floats,
    y: Floats,
    weight: Floats,
    directions: Sequence[int] | None,
    settings: TreeSettings,
    seed: int,
    offset: Floats | None = None,
) -> xgb.Booster:
    """One booster whose margin is in log-odds relative to `offset`, by default the base rate.

    Parameters
    ----------
    X : float64[n, p]
        NaN is missing and is handled by the trees.
    y, weight : float64[n]
        Rows of weight 0 are left out.
    directions : sequence of -1, 0, +1, optional
        Monotone constraint of each column; none by default.
    settings : TreeSettings
    seed : int
        For the draws of rows and columns inside the booster.
    offset : float64[n], optional
        Log-odds to start from.
    """
    used = weight > 0
    if offset is None:
        rate = float(weight @ y) / float(weight.sum())
        offset = np.full(len(y), float(logit(rate)))
    matrix = xgb.DMatrix(X[used], label=y[used], weight=weight[used], nthread=1)
    matrix.set_base_margin(offset[used])
    parameters = {
        "objective": "binary:logistic",
        "base_score": 0.5,  # a margin of zero without an offset
        "tree_method": "hist",
        "max_bin": 64,
        "max_depth": settings.max_depth,
        "eta": settings.learning_rate,
        "reg_lambda": settings.reg_lambda,
        "min_child_weight": settings.min_child_weight,
        "subsample": settings.subsample,
        "colsample_bynode": settings.colsample,
        "nthread": 1,
        "seed": seed,
    }
    if directions is not None and any(directions):
        parameters["monotone_constraints"] = tuple(int(d) for d in directions)
    return xgb.train(parameters, matrix, num_boost_round=settings.n_rounds)


def tree_margin(booster: xgb.Booster, X: Floats) -> Floats:
    """Log-odds of each row relative to the offset of the fit, float64[n] of float32 sums."""
    # A new matrix each time: a matrix used before answers from its cache.
    matrix = xgb.DMatrix(X, nthread=1)
    return np.asarray(booster.predict(matrix, output_margin=True), dtype=np.float64)


def tree_contributions(booster: xgb.Booster, X: Floats) -> Floats:
    """XGBoost's own Shapley contributions, then the expected margin: float64[n, p + 1].

    They are sums in float32; the margin is taken to be the sum of a row.
    """
    matrix = xgb.DMatrix(X, nthread=1)
    return np.asarray(booster.predict(matrix, pred_contribs=True), dtype=np.float64)


def directions_of(names: Sequence[str], directions: Mapping[str, int]) -> list[int]:
    """Monotone direction of each column, 0 where none is given."""
    return [int(directions.get(name, 0)) for name in names]
