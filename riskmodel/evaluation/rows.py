"""Training rows: who is at risk at each prediction time, what happened, and each row's weight."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.arrays import Codes, Flags, Floats, States
from riskmodel.cohort import AUTOIMMUNE, Cohort
from riskmodel.criteria import autoimmune_words
from riskmodel.errors import SchemaError
from riskmodel.evaluation.follow_up.censoring import Weights, censoring_weights, history_weights
from riskmodel.evaluation.follow_up.labelling import Labels
from riskmodel.evaluation.follow_up.unseen import watched
from riskmodel.evaluation.follow_up.watching import followed
from riskmodel.features import Catalogue, Records, Stage, matrices

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
        One of `OUTCOMES`, by what was watched after the prediction time.
    end : float64 array of shape (n,)
        Hours from the infusion at which the outcome came; for `lost` and `not_assessed` the last
        hour up to which an onset can be excluded.
    counts : mapping of str to int
        Patients by outcome, and those left out, by reason.
    part : float64 array of shape (n,)
        Share of a row that has this outcome. Below 1 where an onset was found after the horizon
        and may have come before it: such a row stands twice, once with each outcome.
    watched : mapping of str to float
        How well the cohort was watched; see `riskmodel.evaluation.follow_up.unseen.watched`.
    """

    X: pd.DataFrame
    y: States
    weight: Floats
    patient: Codes
    hours: Floats
    lead: Floats
    outcome: npt.NDArray[np.object_]
    end: Floats
    counts: Mapping[str, int]
    part: Floats = field(default_factory=lambda: np.ones(0))
    watched: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Whole rows, where nothing else is said."""
        if not len(self.part):
            object.__setattr__(self, "part", np.ones(len(self.y)))

    def take(self, rows: Flags | Codes) -> "Examples":
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
            self.part[rows],
            self.watched,
        )

    @property
    def known(self) -> Flags:
        """Rows whose outcome is known: those that a fit and a figure count."""
        return np.asarray(self.weight > 0)

    def relabelled(self, cohort: Cohort, labels: Labels) -> tuple["Examples", Codes]:
        """The same rows under other labels, without those not at risk by them.

        Parameters
        ----------
        cohort : Cohort
        labels : Labels

        Returns
        -------
        (Examples, int64 array)
            The rows that remain, and which of these they are.
        """
        pairs = np.column_stack([self.hours, self.patient])
        rows = np.sort(np.unique(pairs, axis=0, return_index=True)[1])
        rows = rows[_at_risk(labels.table, self.patient[rows], self.hours[rows])]
        found, own = _labelled(
            cohort, self.X.iloc[rows], labels, self.patient[rows], self.hours[rows]
        )
        return found, rows[own]


def _at_risk(labels: pd.DataFrame, patient: Codes, hours: Floats) -> Flags:
    """Which rows are of patients without onset, end of observation or competing outcome so far."""
    outcome = labels["outcome"].to_numpy()[patient]
    onset = labels["onset_hours"].to_numpy(np.float64)[patient]
    end = labels["outcome_hours"].to_numpy(np.float64)[patient]
    ended = np.isin(outcome, ("competing", "lost")) & (end <= hours)
    return np.asarray((hours == 0) | (~(onset <= hours) & ~ended))


def _labelled(
    cohort: Cohort,
    X: pd.DataFrame,
    labels: Labels,
    patient: Codes,
    hours: Floats,
) -> tuple[Examples, Codes]:
    """Rows with what the labels say of them, and which of the given ones each is."""
    outcome, end, part, weights = _outcomes(cohort, labels, patient, hours)
    summary = watched(cohort, labels, hours, outcome, end, weights)
    own = np.arange(len(patient))
    # An onset found after the horizon may have come before it or not: the row stands twice.
    double = np.flatnonzero(part < 1)
    own = np.concatenate([own, double])
    outcome = np.concatenate([outcome, np.full(len(double), "no_event", dtype=object)])
    end = np.concatenate([end, np.full(len(double), labels.horizon)])
    part = np.concatenate([part, 1 - part[double]])
    patient, hours = patient[own], hours[own]
    share = np.bincount(patient, weights=part, minlength=len(labels.table))
    y = (outcome == "event").astype(np.int8)
    weight = weights.row[own] * np.where(y == 1, weights.event[own], 1.0)
    names = labels.table["outcome"]
    found = Examples(
        X.iloc[own] if len(double) else X,
        y,
        weight * part / np.maximum(share[patient], 1),
        patient,
        hours,
        np.where(y == 1, end - hours, np.nan),
        outcome,
        end,
        {name: int((names == name).sum()) for name in OUTCOMES},
        part,
        summary,
    )
    return found, own


def _outcomes(
    cohort: Cohort, labels: Labels, patient: Codes, hours: Floats
) -> tuple[npt.NDArray[np.object_], Floats, Floats, Weights]:
    """Outcome, its hour, the share of it, and the weights of each row."""
    table = labels.table
    if labels.watch is not None:
        after = followed(labels.watch, table, labels.by_humans, patient, hours, labels.horizon)
        weights = history_weights(cohort, labels, labels.watch, (patient, hours), after)
        return after.outcome, after.end, after.part, weights
    outcome = table["outcome"].to_numpy(dtype=object)[patient]
    end = table["outcome_hours"].to_numpy(np.float64)[patient]
    lost = outcome == "lost"
    weight, ones = np.zeros(len(patient)), np.ones(len(patient))
    for time in np.unique(hours):
        here = np.flatnonzero(hours == time)
        weight[here] = censoring_weights(end[here], lost[here], time, ~lost[here])
    return outcome, end, ones, Weights(weight, ones, np.full(len(patient), np.nan))


def at_risk_rows(
    cohort: Cohort,
    catalogue: Catalogue,
    labels: Labels,
    times: Sequence[float],
    signs: tuple[str, str],
) -> Examples:
    """Rows of every patient at risk at each prediction time, whatever became of it.

    Patients with an autoimmune indication are left out and counted.

    Parameters
    ----------
    cohort : Cohort
    catalogue : Catalogue
    labels : Labels
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
        kept = everyone[_at_risk(labels.table, everyone, hours)]
        frames.append(frame.iloc[kept])
        patients.append(kept)
        moments.append(np.full(len(kept), float(time)))
    X = pd.concat(frames, ignore_index=True)
    X = X.drop(columns=["patient_id", "prediction_time_hours"])
    rows = _labelled(cohort, X, labels, np.concatenate(patients), np.concatenate(moments))[0]
    rows = replace(rows, X=rows.X.reset_index(drop=True))
    return replace(rows, counts={**rows.counts, "autoimmune_left_out": int(autoimmune.sum())})


def prediction_times(stage: Stage, landmark_days: Sequence[int]) -> list[float]:
    """Hours of a stage's prediction times."""
    return [0.0] if stage == "pre_infusion" else [24.0 * day for day in landmark_days]


def counted(rows: Examples, cohort: Cohort, stage: str, source: str, purpose: str) -> Examples:
    """The rows with their patients, events and rows counted.

    Raises
    ------
    SchemaError
        When nobody's outcome is known, or all have the same.
    """
    if rows.counts["autoimmune_left_out"] == len(cohort):
        raise SchemaError(
            f"All {len(cohort)} patients of cohort '{cohort.name}' have an autoimmune indication, "
            f"which is out of scope: {autoimmune_words()}. Use other indications."
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
        "censored": int(rows.watched.get("censored", 0)),
        "left_open": int(rows.watched.get("left_open", 0)),
        "patients": len(np.unique(patient[known])),
        "events": len(np.unique(patient[known & (y == 1)])),
    }
    return replace(rows, counts=counts)


def _shown(counts: Mapping[str, int]) -> str:
    left_out = counts["autoimmune_left_out"]
    more = [f"of these autoimmune and left out {left_out}"] if left_out else []
    return ", ".join([*(f"{name} {counts[name]}" for name in OUTCOMES), *more])
