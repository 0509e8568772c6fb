"""Training rows: who is at risk at each prediction time, what happened, and each row's weight."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.cohort import AUTOIMMUNE, Cohort
from riskmodel.criteria import adjudicated, label
from riskmodel.errors import SchemaError
from riskmodel.evaluation.censoring import censoring_weights
from riskmodel.features import Catalogue, Records, Stage, matrices

LabelSource = Literal["rules", "adjudicated"]
OUTCOMES = ("event", "no_event", "competing", "lost", "not_assessed")


@dataclass(frozen=True)
class Examples:
    """Rows of patients at risk, one per patient and prediction time.

    Attributes
    ----------
    X : DataFrame of shape (n, features)
    y : int8 array of shape (n,)
        Onset between the prediction time and the horizon.
    weight : float64 array of shape (n,)
        Censoring weight, shared over a patient's rows; 0 where the outcome is not known.
    patient : int64 array of shape (n,)
        Patient code in the cohort.
    hours : float64 array of shape (n,)
        Prediction time.
    lead : float64 array of shape (n,)
        Hours from the prediction time to the onset, NaN without one.
    outcome : object array of shape (n,)
        One of `OUTCOMES`.
    end : float64 array of shape (n,)
        Hours from the infusion at which the outcome came, NaN for `not_assessed`.
    counts : mapping of str to int
        Patients by outcome, and those left out, by reason.
    """

    X: pd.DataFrame
    y: npt.NDArray[np.int8]
    weight: npt.NDArray[np.float64]
    patient: npt.NDArray[np.int64]
    hours: npt.NDArray[np.float64]
    lead: npt.NDArray[np.float64]
    outcome: npt.NDArray[np.object_]
    end: npt.NDArray[np.float64]
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
            self.outcome[rows],
            self.end[rows],
            self.counts,
        )

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Rows whose outcome is known: those that a fit and a figure count."""
        return np.asarray(self.weight > 0)

    def relabelled(self, labels: pd.DataFrame) -> tuple["Examples", npt.NDArray[np.int64]]:
        """The same rows under other labels, without those not at risk by them.

        Parameters
        ----------
        labels : DataFrame
            Of `outcome_table`, one row per patient of the cohort.

        Returns
        -------
        (Examples, int64 array)
            The rows that remain, and which of these they are.
        """
        rows = np.flatnonzero(_at_risk(labels, self.patient, self.hours))
        return _labelled(self.X.iloc[rows], labels, self.patient[rows], self.hours[rows]), rows


def outcome_table(
    cohort: Cohort, source: LabelSource, definition: str, cytopenia_rule: str, horizon_days: float
) -> pd.DataFrame:
    """Labels of a cohort by rules, or by the humans' adjudicated onsets."""
    if source == "adjudicated":
        return adjudicated(cohort, horizon_days=horizon_days)
    return label(cohort, definition, cytopenia_rule=cytopenia_rule, horizon_days=horizon_days)


def _at_risk(
    labels: pd.DataFrame, patient: npt.NDArray[np.int64], hours: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Which rows are of patients without onset, end of observation or competing outcome so far."""
    outcome = labels["outcome"].to_numpy()[patient]
    onset = labels["onset_hours"].to_numpy(np.float64)[patient]
    end = labels["outcome_hours"].to_numpy(np.float64)[patient]
    ended = np.isin(outcome, ("competing", "lost")) & (end <= hours)
    return np.asarray((hours == 0) | (~(onset <= hours) & ~ended))


def _labelled(
    X: pd.DataFrame,
    labels: pd.DataFrame,
    patient: npt.NDArray[np.int64],
    hours: npt.NDArray[np.float64],
) -> Examples:
    """Rows with what the labels say of them; weights of each prediction time by themselves."""
    outcome = labels["outcome"].to_numpy(dtype=object)[patient]
    end = labels["outcome_hours"].to_numpy(np.float64)[patient]
    onset = labels["onset_hours"].to_numpy(np.float64)[patient]
    assessed, lost = outcome != "not_assessed", outcome == "lost"
    weight = np.zeros(len(patient))
    for time in np.unique(hours):
        here = np.flatnonzero(assessed & (hours == time))
        if len(here):
            weight[here] = censoring_weights(end[here], lost[here], time, ~lost[here])
    share = np.bincount(patient, minlength=len(labels)).astype(np.float64)
    y = (outcome == "event").astype(np.int8)
    counts = {name: int((labels["outcome"] == name).sum()) for name in OUTCOMES}
    return Examples(
        X,
        y,
        weight / np.maximum(share[patient], 1),
        patient,
        hours,
        np.where(y == 1, onset - hours, np.nan),
        outcome,
        end,
        counts,
    )


def at_risk_rows(
    cohort: Cohort,
    catalogue: Catalogue,
    labels: pd.DataFrame,
    times: Sequence[float],
    signs: tuple[str, str],
) -> Examples:
    """Rows of every patient at risk at each prediction time, whatever became of it.

    Patients with an autoimmune indication are left out and counted.

    Parameters
    ----------
    cohort : Cohort
    catalogue : Catalogue
    labels : DataFrame
        Of `outcome_table`.
    times : sequence of float
        Prediction times in hours, 0 for pre-infusion.
    signs : (str, str)
        Definition and cytopenia rule whose signs the features read.
    """
    autoimmune = cohort.patients["disease"].isin(AUTOIMMUNE).to_numpy()
    everyone = np.flatnonzero(~autoimmune)
    records = Records(cohort, *signs)
    frames, patients, moments = [], [], []
    for time, frame in zip(times, matrices(records, catalogue, list(times)), strict=True):
        hours = np.full(len(everyone), float(time))
        kept = everyone[_at_risk(labels, everyone, hours)]
        frames.append(frame.iloc[kept])
        patients.append(kept)
        moments.append(np.full(len(kept), float(time)))
    X = pd.concat(frames, ignore_index=True)
    X = X.drop(columns=["patient_id", "prediction_time_hours"])
    rows = _labelled(X, labels, np.concatenate(patients), np.concatenate(moments))
    return replace(rows, counts={**rows.counts, "autoimmune_left_out": int(autoimmune.sum())})


def prediction_times(stage: Stage, landmark_days: Sequence[int]) -> list[float]:
    """Hours of a stage's prediction times."""
    return [0.0] if stage == "pre_infusion" else [24.0 * day for day in landmark_days]


def counted(
    rows: Examples, cohort: Cohort, stage: str, source: LabelSource, purpose: str
) -> Examples:
    """The rows with their patients, events and rows counted.

    Raises
    ------
    SchemaError
        When nobody's outcome is known, or all have the same.
    """
    if rows.counts["autoimmune_left_out"] == len(cohort):
        raise SchemaError(
            f"All {len(cohort)} patients of cohort '{cohort.name}' have an autoimmune indication, "
            "which is out of scope: no case among 47 published patients (upper bound 7.5%). "
            "Use other indications."
        )
    known, y, patient = rows.known, rows.y, rows.patient
    about = f"{stage} (outcomes by {source}: {_shown(rows.counts)})"
    if not known.any():
        raise SchemaError(
            f"Cohort '{cohort.name}' has no patient whose outcome is known {about}. "
            "Check the labels with 'riskmodel label'."
        )
    if not (y[known] == 1).any():
        raise SchemaError(
            f"Cohort '{cohort.name}' has no event to {purpose} {about}. "
            "Add patients with the event, or use other labels."
        )
    if not (y[known] == 0).any():
        raise SchemaError(
            f"Cohort '{cohort.name}' has no patient without the event to {purpose} {about}. "
            "Add patients."
        )
    counts = {
        **rows.counts,
        "rows": int(known.sum()),
        "patients": len(np.unique(patient[known])),
        "events": len(np.unique(patient[known & (y == 1)])),
    }
    return replace(rows, counts=counts)


def _shown(counts: Mapping[str, int]) -> str:
    left_out = counts["autoimmune_left_out"]
    more = [f"of these autoimmune and left out {left_out}"] if left_out else []
    return ", ".join([*(f"{name} {counts[name]}" for name in OUTCOMES), *more])
