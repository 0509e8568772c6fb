"""What a training run leaves beside its figures: calibration, figures by fold, contributions."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from riskmodel.arrays import Floats
from riskmodel.evaluation import (
    MODEL,
    Contender,
    Evaluation,
    Examples,
    Split,
    figures,
    patients_by_class,
)
from riskmodel.models import RiskClassifier

_DIGITS = 5


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
            risk = Contender.of_logit(MODEL, log_odds[test], "held out").risk
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


def stored_calibration(evaluation: Evaluation) -> list[dict[str, Any]]:
    """The held-out calibration that a model keeps, so that whoever shows it can draw it.

    Returns
    -------
    list of dict
        The whole first, then each landmark: ``subset, patients, events``, ``curve`` (every other
        point of the smoothed one) of ``predicted, observed, low, high``, and ``groups`` of
        ``rows, predicted, observed, low, high``. JSON types only, NaN as None; no row is a
        patient.
    """
    tables = evaluation.tables
    if tables["calibration"].empty:
        return []
    whole = evaluation.figures.query("kind == 'all'").iloc[0]
    about = {"subset": "all", "patients": int(whole["patients"]), "events": int(whole["events"])}
    found = [_stored(about, tables["calibration"], tables["calibration_groups"])]
    days, groups = tables["calibration_landmarks"], tables["calibration_landmark_groups"]
    for name, curve in days.groupby("subset", sort=False) if len(days) else ():
        first = curve.iloc[0]
        about = {
            "subset": str(name),
            "patients": int(first["patients"]),
            "events": int(first["events"]),
        }
        found.append(_stored(about, curve, groups[groups["subset"] == name]))
    return found


def _stored(about: dict[str, Any], curve: pd.DataFrame, groups: pd.DataFrame) -> dict[str, Any]:
    return {
        **about,
        "curve": _points(curve.iloc[::2], ["predicted", "observed", "low", "high"]),
        "groups": _points(groups, ["rows", "predicted", "observed", "low", "high"]),
    }


def _points(table: pd.DataFrame, columns: list[str]) -> list[dict[str, Any]]:
    return [
        {
            str(name): value
            if isinstance(value, int)
            else None
            if np.isnan(value)
            else round(float(value), _DIGITS)
            for name, value in row.items()
        }
        for row in table[columns].to_dict(orient="records")
    ]


def fingerprint(examples: Examples) -> str:
    """SHA-256 of the training rows: tells two runs apart, tells nothing of a patient."""
    digest = hashlib.sha256()
    digest.update("\n".join(examples.X.columns).encode())
    for part in (examples.X.to_numpy(np.float64), examples.y, examples.weight, examples.hours):
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()
