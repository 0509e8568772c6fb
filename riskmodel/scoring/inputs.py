"""What there is to say of each patient's inputs: unusable, stale, unlike the training."""

import numpy as np
import pandas as pd

from riskmodel.cohort import Cohort, last_record, product_name
from riskmodel.models import RiskModel, outside_range
from riskmodel.scoring.findings import (
    Finding,
    NotTrainedOn,
    OutsideRange,
    Stale,
    UnusableCells,
)

NO_RECORD_HOURS = 24.0
"""At a landmark, a patient without any record in this many hours up to it is stale: a landmark
stands for one day, and nothing is known of that day."""


def input_findings(
    X: pd.DataFrame, cohort: Cohort, model: RiskModel, hours: float
) -> list[list[Finding]]:
    """Findings of each patient by records up to `hours`, in the order in which they are told."""
    found: list[list[Finding]] = [[] for _ in range(len(X))]
    for k, cells in _emptied(cohort).items():
        found[k].append(UnusableCells(tuple(cells)))
    for k, since in _stale(cohort, hours):
        found[k].append(Stale(since))
    for k, features in enumerate(outside_range(model, X)):
        if features:
            found[k].append(OutsideRange(features))
    for k, finding in _unlike_training(cohort.patients, model):
        found[k].append(finding)
    return found


def _unlike_training(patients: pd.DataFrame, model: RiskModel) -> list[tuple[int, NotTrainedOn]]:
    """Products, targets, domains and diseases that the training cohort did not hold.

    By column, then by patient. A product counts under any of its names; of a column that the
    training cohort left empty nothing can be told.
    """
    found = []
    for column, trained in model.trained_on.items():
        if not trained:
            continue
        stated = patients[column]
        meant = stated.map(product_name, na_action="ignore") if column == "product" else stated
        new = (stated.notna() & ~meant.isin(list(trained))).to_numpy(bool)
        found += [
            (k, NotTrainedOn(column, str(stated.iloc[k]))) for k in np.flatnonzero(new).tolist()
        ]
    return found


def _emptied(cohort: Cohort) -> dict[int, list[tuple[str, str]]]:
    """Cells of the patients table that could not be read, by patient code."""
    cells = cohort.rejected
    cells = cells[(cells["table"] == "patients") & ~cells["column"].isin(("patient_id", ""))]
    code = pd.Index(cohort.patients["patient_id"]).get_indexer(cells["patient_id"])
    shown: dict[int, list[tuple[str, str]]] = {}
    for k, column, reason in zip(code.tolist(), cells["column"], cells["reason"], strict=True):
        if k >= 0:
            shown.setdefault(k, []).append((str(column), str(reason)))
    return shown


def _stale(cohort: Cohort, hours: float) -> list[tuple[int, float | None]]:
    """Patients of whom nothing is known of the day that ends at a landmark."""
    if hours <= 0:
        return []
    last = last_record(cohort, hours)
    return [
        (int(k), float(hours - last[k]) if np.isfinite(last[k]) else None)
        for k in np.flatnonzero(last <= hours - NO_RECORD_HOURS)
    ]
