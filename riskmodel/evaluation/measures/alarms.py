"""What acting on a risk would mean: alarms, cases found, alarms per case, at each threshold."""

import numpy as np
import pandas as pd

from riskmodel.arrays import Floats
from riskmodel.evaluation.measures.bootstrap import bootstrapped, estimates, with_room
from riskmodel.evaluation.measures.comparators import Contender
from riskmodel.evaluation.rows import Examples

THRESHOLDS = (0.05, 0.10, 0.15, 0.20, 0.30, 0.40, 0.50)
_NAMES = ("patients_alarmed", "sensitivity", "specificity", "positive_predictive_value",
          "negative_predictive_value", "alarms_per_true_case")  # fmt: skip


def alarms(rows: Examples, one: Contender, *, draws: int, seed: int) -> pd.DataFrame:
    """Figures per patient: alarmed when the risk is at or above the threshold at any landmark.

    A patient counts once, with the weight of its first landmark. An alarm is true when the onset
    comes after it, within the horizon; at every landmark counted the patient is still free of it.

    Returns
    -------
    DataFrame
        ``model, threshold, metric, value, low, high``; ``patients_alarmed`` is a share, and
        ``alarms_per_true_case`` is alarmed patients per alarmed patient with an onset.
    """
    kept = rows.known & ~np.isnan(one.risk)
    people, code = np.unique(rows.patient[kept], return_inverse=True)
    if not len(people):
        return pd.DataFrame()
    highest = np.full(len(people), -np.inf)
    np.maximum.at(highest, code, one.risk[kept])
    weight = np.asarray(np.bincount(code, weights=rows.weight[kept]), dtype=np.float64)
    # Of an onset that a gap hides, the share that comes before the horizon.
    y = np.bincount(code, weights=rows.weight[kept] * rows.y[kept]) / weight
    alarmed = (highest[:, None] >= np.array(THRESHOLDS)).astype(np.float64)

    def every(weights: Floats) -> Floats:
        true = weights @ (alarmed * y[:, None])
        false = weights @ (alarmed * (1 - y)[:, None])
        with_event, without = (weights @ y)[:, None], (weights @ (1 - y))[:, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            parts = [
                (true + false) / (with_event + without),
                true / with_event,
                1 - false / without,
                true / (true + false),
                (without - false) / (without - false + with_event - true),
                np.where(true > 0, (true + false) / true, np.nan),
            ]
        return np.concatenate(parts, axis=1)

    values, drawn = bootstrapped(every, weight, people, draws=draws, seed=seed)
    ones, cases = np.ones(len(people)), (y > 0).astype(np.float64)
    among = [ones, cases, 1 - y, alarmed, 1 - alarmed, np.zeros(len(people))]
    of = [np.broadcast_to(part.T, (len(THRESHOLDS), len(people))).sum(axis=1) for part in among]
    labels = [(name, t) for name in _NAMES for t in THRESHOLDS]
    table = [
        (one.name, t, name, e.value, e.low, e.high)
        for (name, t), e in zip(
            labels,
            map(with_room, estimates(values, drawn), np.concatenate(of).astype(int)),
            strict=True,
        )
    ]
    columns = ["model", "threshold", "metric", "value", "low", "high"]
    return pd.DataFrame(table, columns=columns).sort_values(
        ["threshold"], kind="stable", ignore_index=True
    )
