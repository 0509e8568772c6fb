"""Nested cross-validation grouped by patient: every choice is made inside the fold."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.models import FerritinAlone, FewEventsWarning, RidgeLogistic
from riskmodel.training.examples import Examples
from riskmodel.training.metrics import estimate

Floats = npt.NDArray[np.float64]
Make = Callable[[], Any]


def grouped_folds(
    patient: npt.NDArray[np.int64], y: npt.NDArray[np.int8], folds: int, seed: int
) -> npt.NDArray[np.int64]:
    """Fold of each row; a patient's rows stay together, events are spread evenly.

    The number of folds falls to the number of patients with the event where that is smaller.
    """
    people, code = np.unique(patient, return_inverse=True)
    affected = np.bincount(code, weights=y, minlength=len(people)) > 0
    folds = max(2, min(folds, int(affected.sum()), int((~affected).sum())))
    rng = np.random.default_rng(seed)
    fold = np.empty(len(people), dtype=np.int64)
    for group in (affected, ~affected):
        members = rng.permutation(np.flatnonzero(group))
        fold[members] = (np.arange(len(members)) + rng.integers(folds)) % folds
    return fold[code]


def out_of_fold(
    examples: Examples, makers: Mapping[str, Make], *, folds: int, repeats: int, seed: int
) -> dict[str, Floats]:
    """Log-odds of every row from models that never saw its patient, averaged over repeats.

    Rows of a fold whose training part holds no event stay NaN.
    """
    totals = {name: np.zeros(len(examples.y)) for name in makers}
    for repeat in range(repeats):
        fold = grouped_folds(examples.patient, examples.y, folds, seed + repeat)
        for k in np.unique(fold):
            inside, outside = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
            train, test = examples.take(inside), examples.take(outside)
            for name, make in makers.items():
                if len(np.unique(train.y)) < 2:
                    totals[name][outside] = np.nan
                    continue
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", FewEventsWarning)
                    fitted = make().fit(
                        train.X, train.y, sample_weight=train.weight, patient=train.patient
                    )
                totals[name][outside] += fitted.decision_function(test.X)
    return {name: total / repeats for name, total in totals.items()}


def comparators(examples: Examples, ferritin: str) -> dict[str, Make]:
    """What every run is reported beside: ridge logistic and, where it is measured, ferritin."""
    makers: dict[str, Make] = {"ridge logistic": RidgeLogistic}
    if ferritin in examples.X and examples.X[ferritin].notna().any():
        makers["ferritin alone"] = lambda: FerritinAlone(column=ferritin, logarithm=False)
    return makers


def performance(
    examples: Examples, predictions: Mapping[str, Floats], *, draws: int, seed: int
) -> pd.DataFrame:
    """Metrics of each model: all rows, each landmark, and by lead time before the onset.

    Returns
    -------
    DataFrame
        ``model, subset, rows, events, metric, value, low, high``.
    """
    subsets: dict[str, npt.NDArray[np.bool_]] = {"all": np.ones(len(examples.y), dtype=bool)}
    times = np.unique(examples.hours)
    if len(times) > 1:
        subsets |= {f"day {t / 24:g}": examples.hours == t for t in times}
        for lead in (24, 48):
            subsets[f"lead >= {lead} h"] = ~(examples.lead < lead)
    rows = []
    for model, logit in predictions.items():
        for subset, kept in subsets.items():
            kept = kept & ~np.isnan(logit)
            part = examples.take(kept)
            figures = estimate(
                part.y,
                logit[kept],
                part.weight,
                part.patient,
                draws=draws if subset == "all" or model == "riskmodel" else 0,
                seed=seed,
            )
            events = len(np.unique(part.patient[part.y == 1]))
            rows += [
                (model, subset, len(part.y), events, name, e.value, e.low, e.high)
                for name, e in figures.items()
            ]
    columns: Sequence[str] = (
        "model", "subset", "rows", "events", "metric", "value", "low", "high",
    )  # fmt: skip
    return pd.DataFrame(rows, columns=list(columns))
