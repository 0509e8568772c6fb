"""Whether a model keeps the directions that its catalogue declares, tried on real rows."""

import numpy as np
import pandas as pd

from riskmodel.arrays import Floats
from riskmodel.models.estimator import RiskClassifier

MOST_ROWS = 100
"""Rows that are tried, evenly spread over those given."""

LEVELS = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
"""Quantiles of a feature's values that each row is given in turn."""

TOLERANCE = 1e-6
"""Fall of the log-odds that counts: below it are sums of 32-bit margins."""


def check_directions(model: RiskClassifier, X: pd.DataFrame) -> pd.DataFrame:
    """Features whose rise moves a risk against their declared direction, all else unchanged.

    Each feature with a direction takes, in each row, values over its whole range among the rows;
    the rows need no outcome.

    Parameters
    ----------
    model : RiskClassifier
        Fitted.
    X : DataFrame of shape (n, features)
        Rows as the model reads them; at most `MOST_ROWS` are tried.

    Returns
    -------
    DataFrame
        One row per violation: ``feature, direction, worst, share``. ``worst`` is the greatest
        move against the direction between two neighbouring values, in log-odds; ``share`` the
        part of the rows tried that shows any. Empty where every direction holds.
    """
    values = X[model.names_].to_numpy(np.float64)
    rows = values[np.unique(np.linspace(0, len(values) - 1, MOST_ROWS).astype(int))]
    found = []
    for j, name in enumerate(model.names_):
        direction = (model.directions or {}).get(name, 0)
        seen = values[~np.isnan(values[:, j]), j]
        if direction == 0 or not len(seen):
            continue
        against = -direction * np.diff(_swept(model, rows, j, seen), axis=0)
        worst = float(against.max(initial=0.0))
        if worst > TOLERANCE:
            share = float((against > TOLERANCE).any(axis=0).mean())
            found.append((name, direction, worst, share))
    return pd.DataFrame(found, columns=["feature", "direction", "worst", "share"])


def directions_kept(model: RiskClassifier, X: pd.DataFrame) -> str:
    """What `check_directions` found, in a sentence or two for a card."""
    found = check_directions(model, X)
    declared = sum((model.directions or {}).get(name, 0) != 0 for name in model.names_)
    tried = f"{min(MOST_ROWS, len(X))} rows, each feature over its range"
    if found.empty:
        return f"All {declared} declared directions of risk hold ({tried})."
    why = "The data overruled them. " if model.overruled_ else ""
    broken = ", ".join(
        f"{row.feature} (by up to {row.worst:.2f} in log-odds)" for row in found.itertuples()
    )
    return (
        f"{len(found)} of {declared} declared directions of risk do not hold ({tried}): {broken}. "
        f"{why}Such a model is not shipped; read its contributions with that in mind."
    )


def _swept(model: RiskClassifier, rows: Floats, j: int, seen: Floats) -> Floats:
    """Log-odds of every row at each of the rising values of column `j`: float64[values, rows]."""
    levels = np.unique(np.quantile(seen, LEVELS))
    tried = np.repeat(rows[None, :, :], len(levels), axis=0)
    tried[:, :, j] = levels[:, None]
    flat = pd.DataFrame(tried.reshape(-1, rows.shape[1]), columns=model.names_)
    return model.decision_function(flat).reshape(len(levels), len(rows))
