"""Training rows: who is at risk at each prediction time, what happened, and each row's weight."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.cohort import AUTOIMMUNE, Cohort
from riskmodel.criteria import adjudicated, label
from riskmodel.errors import SchemaError
from riskmodel.features import Catalogue, Records, Stage, matrices
from riskmodel.training.censoring import censoring_weights
from riskmodel.training.design import Design

LabelSource = Literal["rules", "adjudicated"]
OUTCOMES = ("event", "no_event", "competing", "lost", "not_assessed")


@dataclass(frozen=True)
class Examples:
    """Rows of a training set.

    Attributes
    ----------
    X : DataFrame of shape (n, features)
    y : int8 array of shape (n,)
        Onset between the prediction time and the horizon.
    weight : float64 array of shape (n,)
        Censoring weight, shared over a patient's rows.
    patient : int64 array of shape (n,)
        Patient code in the cohort.
    hours : float64 array of shape (n,)
        Prediction time.
    lead : float64 array of shape (n,)
        Hours from the prediction time to the onset, NaN without one.
    counts : mapping of str to int
        Patients by outcome, and those left out, by reason.
    """

    X: pd.DataFrame
    y: npt.NDArray[np.int8]
    weight: npt.NDArray[np.float64]
    patient: npt.NDArray[np.int64]
    hours: npt.NDArray[np.float64]
    lead: npt.NDArray[np.float64]
    counts: Mapping[str, int]

    def take(self, rows: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> "Examples":
        """Some of the rows."""
        return Examples(
            self.X.loc[rows] if rows.dtype == bool else self.X.iloc[rows],
            self.y[rows],
            self.weight[rows],
            self.patient[rows],
            self.hours[rows],
            self.lead[rows],
            self.counts,
        )


def outcome_table(
    cohort: Cohort, source: LabelSource, definition: str, cytopenia_rule: str, horizon_days: float
) -> pd.DataFrame:
    """Labels of a cohort by rules, or by the humans' adjudicated onsets."""
    if source == "adjudicated":
        return adjudicated(cohort, horizon_days=horizon_days)
    return label(cohort, definition, cytopenia_rule=cytopenia_rule, horizon_days=horizon_days)


def _at_risk(labels: pd.DataFrame, hours: float) -> npt.NDArray[np.bool_]:
    outcome = labels["outcome"].to_numpy()
    onset = labels["onset_hours"].to_numpy(np.float64)
    end = labels["outcome_hours"].to_numpy(np.float64)
    if hours == 0:
        return np.ones(len(labels), dtype=bool)
    ended = np.isin(outcome, ("competing", "lost")) & (end <= hours)
    return ~(onset <= hours) & ~ended


def training_examples(
    cohort: Cohort, catalogue: Catalogue, stage: Stage, source: LabelSource, design: Design
) -> Examples:
    """Rows of a stage: one per patient before infusion, one per patient and landmark early.

    Patients whose outcome is `not_assessed`, and those with an autoimmune indication, are left
    out and counted; `lost` patients carry their weight over to the others.

    Raises
    ------
    SchemaError
        When nobody is left, or nobody with the event.
    """
    labels = outcome_table(
        cohort, source, design.definition, design.cytopenia_rule, design.horizon_days
    )
    outcome = labels["outcome"].to_numpy()
    autoimmune = cohort.patients["disease"].isin(AUTOIMMUNE).to_numpy()
    counts = {name: int((outcome == name).sum()) for name in OUTCOMES}
    counts["autoimmune_left_out"] = int(autoimmune.sum())
    assessed = (outcome != "not_assessed") & ~autoimmune
    times = [0.0] if stage == "pre_infusion" else [24.0 * day for day in design.landmark_days]
    records = Records(cohort, design.definition, design.cytopenia_rule)
    pieces = []
    for hours, frame in zip(times, matrices(records, catalogue, times), strict=True):
        kept = np.flatnonzero(assessed & _at_risk(labels, hours))
        pieces.append(_rows(frame, labels, kept, hours))
    joined = [np.concatenate(parts) for parts in zip(*(p[1:] for p in pieces), strict=True)]
    y, weight, patient, hours_of_row, lead = joined
    share = np.bincount(patient, minlength=len(cohort)).astype(np.float64)
    weight = weight / np.maximum(share[patient], 1)
    known = weight > 0
    if autoimmune.all():
        raise SchemaError(
            f"All {len(cohort)} patients of cohort '{cohort.name}' have an autoimmune indication, "
            "which is out of scope: no case among 47 published patients (upper bound 7.5%). "
            "Train on other indications."
        )
    if not known.any():
        raise SchemaError(
            f"Cohort '{cohort.name}' has no patient whose outcome is known for the {stage} stage "
            f"(outcomes: {_shown(counts)}). Check the labels with 'riskmodel label'."
        )
    if not (y[known] == 1).any():
        raise SchemaError(
            f"Cohort '{cohort.name}' has no event to train on for the {stage} stage "
            f"(outcomes by {source}: {_shown(counts)}). Add patients with the event, or use other "
            "labels."
        )
    if not (y[known] == 0).any():
        raise SchemaError(
            f"Cohort '{cohort.name}' has no patient without the event to train on for the {stage} "
            f"stage (outcomes by {source}: {_shown(counts)}). Add patients."
        )
    X = pd.concat([p[0] for p in pieces], ignore_index=True)
    counts["rows"] = int(known.sum())
    counts["patients"] = len(np.unique(patient[known]))
    counts["events"] = len(np.unique(patient[known & (y == 1)]))
    return Examples(X, y, weight, patient, hours_of_row, lead, counts).take(known)


def _rows(
    frame: pd.DataFrame,
    labels: pd.DataFrame,
    kept: npt.NDArray[np.int64],
    hours: float,
) -> tuple[Any, ...]:
    outcome = labels["outcome"].to_numpy()[kept]
    end = labels["outcome_hours"].to_numpy(np.float64)[kept]
    onset = labels["onset_hours"].to_numpy(np.float64)[kept]
    lost = outcome == "lost"
    weight = (
        censoring_weights(end, lost, hours, ~lost) if len(kept) else np.empty(0, dtype=np.float64)
    )
    X = frame.iloc[kept].drop(columns=["patient_id", "prediction_time_hours"])
    X = X.reset_index(drop=True)
    y = (outcome == "event").astype(np.int8)
    lead = np.where(y == 1, onset - hours, np.nan)
    return X, y, weight, kept, np.full(len(kept), hours), lead


def _shown(counts: Mapping[str, int]) -> str:
    left_out = counts["autoimmune_left_out"]
    more = [f"of these autoimmune and left out {left_out}"] if left_out else []
    return ", ".join([*(f"{name} {counts[name]}" for name in OUTCOMES), *more])
