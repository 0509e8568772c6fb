"""What a training run leaves for MLflow beside its model: figures by fold, contributions."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.models import RiskClassifier
from riskmodel.training.evaluation.figures import figures, patients_by_class
from riskmodel.training.examples import Examples
from riskmodel.training.validation import Split

Floats = npt.NDArray[np.float64]


def fold_figures(
    examples: Examples, log_odds: Floats, splits: Sequence[Sequence[Split]]
) -> pd.DataFrame:
    """Figures of the held-out risks in each fold of each round.

    Parameters
    ----------
    examples : Examples
    log_odds : float64 array of shape (n,)
        Held out, averaged over the rounds.
    splits : sequence of rounds of Split

    Returns
    -------
    DataFrame
        ``round, fold, patients, events, metric, value``; NaN where a fold has one class only.
    """
    rows = []
    for turn, folds in enumerate(splits, 1):
        for number, split in enumerate(folds, 1):
            test = np.unique(split.test)
            test = test[examples.known[test] & ~np.isnan(log_odds[test])]
            y, patient = examples.y[test], examples.patient[test]
            events, others = patients_by_class(y, patient)
            risk = 1.0 / (1.0 + np.exp(-log_odds[test]))
            found = figures(y, risk, examples.weight[test], patient, draws=0)
            rows += [
                (turn, number, events + others, events, metric, estimate.value)
                for metric, estimate in found.items()
            ]
    columns = ["round", "fold", "patients", "events", "metric", "value"]
    return pd.DataFrame(rows, columns=columns)


def mean_contributions(classifier: RiskClassifier, X: pd.DataFrame) -> pd.DataFrame:
    """Mean absolute contribution of each clinical factor, in log-odds, the largest first.

    Returns
    -------
    DataFrame
        ``factor, mean_absolute_contribution``.
    """
    parts = classifier.factor_contributions(X).drop(columns="base").abs().mean()
    ordered = parts.sort_values(ascending=False, kind="stable")
    return pd.DataFrame(
        {"factor": ordered.index.astype("str"), "mean_absolute_contribution": ordered.to_numpy()}
    )
