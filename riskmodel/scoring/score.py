"""Score every patient of a cohort: each one leaves with a row, a status and a reason."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.cohort import AUTOIMMUNE, Cohort, product_name
from riskmodel.criteria import adjudicated, evaluate_signs, load_definition
from riskmodel.errors import SchemaError
from riskmodel.features import Catalogue, Records, matrix, prediction_hours
from riskmodel.models import RiskModel, model_catalogue, predict_frame
from riskmodel.scoring.score_table import CONTRIBUTION, joined, note_of, rejected_rows, rows_of

__all__ = ["check_stage", "known_onset", "model_catalogue", "note_of", "out_of_scope", "score"]

AUTOIMMUNE_REASON = (
    "autoimmune_indication: no case among 47 published patients, exact 95% upper bound 7.5%"
)
NO_RECORD_HOURS = 24.0
"""At a landmark, a patient without any record in this many hours up to it is stale: a landmark
stands for one day, and nothing is known of that day."""

RANGE_MARGIN = 0.25
"""Part of a training range, which holds 98 of 100 training rows, by which a value must lie beyond
it to be told: without a margin, four patients in ten had one of eighty inputs outside."""

_ENDS = ("death", "transplant", "new_cell_therapy")
_GROUPS = ("low", "intermediate", "high")


def check_stage(model: RiskModel, at: str) -> float:
    """Hours of the prediction time.

    Raises
    ------
    SchemaError
        When the model is of another stage, or the time is past its horizon.
    """
    hours = prediction_hours(at)
    wanted = "pre_infusion" if hours == 0 else "early"
    if model.stage != wanted:
        use = "--at pre-infusion" if model.stage == "pre_infusion" else "--at day-1 to day-13"
        raise SchemaError(
            f"Model '{model.name}' is of stage '{model.stage}' and cannot score at '{at}'. "
            f"Use {use}, or a model of stage '{wanted}'."
        )
    if hours >= 24 * model.horizon_days:
        raise SchemaError(
            f"Prediction time '{at}' is not before the horizon of model '{model.name}' "
            f"(day {model.horizon_days:g}). Use an earlier day."
        )
    return hours


def known_onset(
    cohort: Cohort, model: RiskModel, records: Records | None = None
) -> npt.NDArray[np.float64]:
    """Onset of each patient by the model's own label source, NaN where there is none.

    `records` of the same cohort spare a second judgement of the signs that its features read.
    """
    if model.labels == "adjudicated":
        return adjudicated(cohort)["onset_hours"].to_numpy(np.float64)
    if records is not None and model.signs[0] == model.definition:
        return records.signs.onset_hours
    rule = model.cytopenia_rule
    return evaluate_signs(cohort, load_definition(model.definition), rule).onset_hours


def out_of_scope(
    cohort: Cohort, model: RiskModel, hours: float, records: Records | None = None
) -> npt.NDArray[np.object_]:
    """Reason why each patient is not at risk at the prediction time, by records up to it."""
    reason = np.full(len(cohort), "", dtype=object)
    known = cohort.until(hours)
    if hours > 0:
        reason[known_onset(known, model, records) <= hours] = "onset_known"
    names = known.events["event"].to_numpy(dtype=object)
    for name in reversed(_ENDS):
        rows = known.events[names == name]
        after = rows["hours"] >= 0 if name != "death" else rows["hours"] > -np.inf
        reason[rows.loc[after, "patient"].to_numpy()] = "dead" if name == "death" else name
    autoimmune = cohort.patients["disease"].isin(AUTOIMMUNE).to_numpy()
    reason[autoimmune] = AUTOIMMUNE_REASON
    return reason


def _listed(names: npt.NDArray[np.str_], mask: npt.NDArray[np.bool_]) -> list[str]:
    return [", ".join(names[row]) for row in mask]


def _flags(
    X: pd.DataFrame, cohort: Cohort, model: RiskModel, catalogue: Catalogue, hours: float
) -> tuple[npt.NDArray[np.bool_], list[str]]:
    """Which inputs are missing, and each row's reason text, by records up to `hours`."""
    names = np.array(model.features)
    values = X[model.features].to_numpy(np.float64)
    missing = np.isnan(values)
    limits = np.array([model.ranges.get(n, (-np.inf, np.inf)) for n in names], dtype=np.float64)
    binary = np.array([f.minimum == 0 and f.maximum == 1 for f in catalogue])
    margin = RANGE_MARGIN * (limits[:, 1] - limits[:, 0])
    outside = ((values < limits[:, 0] - margin) | (values > limits[:, 1] + margin)) & ~binary
    parts: list[list[str]] = [[] for _ in range(len(X))]
    for row, listed in zip(parts, _listed(names, missing), strict=True):
        if listed:
            row.append(f"missing: {listed}")
    for k, text in (*_emptied(cohort), *_stale(cohort, hours)):
        parts[k].append(text)
    for row, listed in zip(parts, _listed(names, outside), strict=True):
        if listed:
            row.append(f"outside the training range: {listed}")
    for k, column, stated in unlike_training(cohort.patients, model):
        parts[k].append(f"not trained on: {column} {stated}")
    return missing, ["; ".join(row) for row in parts]


def unlike_training(patients: pd.DataFrame, model: RiskModel) -> list[tuple[int, str, str]]:
    """Products, targets, domains and diseases that the training cohort did not hold.

    Returns
    -------
    list of (patient code, column, what is stated)
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
        found += [(k, column, str(stated.iloc[k])) for k in np.flatnonzero(new).tolist()]
    return found


def _emptied(cohort: Cohort) -> list[tuple[int, str]]:
    """Cells of the patients table that could not be read, by patient code."""
    cells = cohort.rejected
    cells = cells[(cells["table"] == "patients") & ~cells["column"].isin(("patient_id", ""))]
    code = pd.Index(cohort.patients["patient_id"]).get_indexer(cells["patient_id"])
    shown: dict[int, list[str]] = {}
    for k, column, reason in zip(code.tolist(), cells["column"], cells["reason"], strict=True):
        if k >= 0:
            shown.setdefault(k, []).append(f"{column} ({reason})")
    return [(k, f"unusable: {', '.join(texts)}") for k, texts in shown.items()]


def last_record(cohort: Cohort) -> npt.NDArray[np.float64]:
    """Hours of each patient's last lab result or event, -inf without one."""
    last = np.full(len(cohort), -np.inf)
    for table in (cohort.labs, cohort.events):
        np.maximum.at(last, table["patient"].to_numpy(), table["hours"].to_numpy(np.float64))
    return last


def _stale(cohort: Cohort, hours: float) -> list[tuple[int, str]]:
    """Patients of whom nothing is known of the day that ends at a landmark."""
    if hours <= 0:
        return []
    last = last_record(cohort.until(hours))
    return [
        (
            int(k),
            f"stale: last record {hours - last[k]:g} h before the prediction time"
            if np.isfinite(last[k])
            else "stale: no record by the prediction time",
        )
        for k in np.flatnonzero(last <= hours - NO_RECORD_HOURS)
    ]


def risk_groups(risk: npt.NDArray[np.float64], model: RiskModel) -> npt.NDArray[np.object_]:
    """Low, intermediate or high by the thresholds of the model's design."""
    edges = model.card.design.risk_groups
    found = np.array(_GROUPS, dtype=object)[np.searchsorted(edges, risk, side="right")]
    found[np.isnan(risk)] = ""
    return np.asarray(found)


def score(
    cohort: Cohort, model: RiskModel, at: str = "pre-infusion", *, explain: bool = False
) -> pd.DataFrame:
    """Risk of every patient at a prediction time.

    Parameters
    ----------
    cohort : Cohort
    model : RiskModel
        Of the stage that fits `at`.
    at : str
        ``pre-infusion`` or ``day-K``.
    explain : bool
        Add one ``contribution_<factor>`` column per clinical factor and ``contribution_base``,
        in log-odds; they sum to logit(risk).

    Returns
    -------
    DataFrame
        One row per patient, rejected ones included, with the columns of the cohort contract and
        ``note``, which says research use only. Records after the prediction time change nothing.

    Raises
    ------
    SchemaError
        When the model does not fit the prediction time.
    """
    rows = score_rows(cohort, model, check_stage(model, at), explain=explain)
    if cohort.rejected.empty:
        return rows
    refused = rejected_rows(cohort, model, prediction_hours(at))
    return joined([rows, refused]) if len(refused) else rows


def score_rows(
    cohort: Cohort, model: RiskModel, hours: float, *, explain: bool = False
) -> pd.DataFrame:
    """Rows of `score` for the patients who entered, in the order of the cohort."""
    catalogue = model_catalogue(model)
    known = cohort.until(hours)
    records = Records(known, *model.signs)
    X = matrix(records, catalogue, hours)
    reason = out_of_scope(known, model, hours, records)
    in_scope = reason == ""
    missing, flags = _flags(X, known, model, catalogue, hours)
    predicted = predict_frame(model, X)
    predicted = predicted.where(pd.Series(in_scope), np.nan)
    flagged = np.array(flags, dtype=object)
    risk = predicted["risk"].to_numpy()
    table: dict[str, Any] = {
        "patient_id": cohort.patient_id,
        "status": np.where(~in_scope, "out_of_scope", np.where(flagged != "", "partial", "scored")),
        "reason": np.where(in_scope, flagged, reason),
        "risk": risk,
        "risk_low": predicted["risk_low"].to_numpy(),
        "risk_high": predicted["risk_high"].to_numpy(),
        "risk_group": risk_groups(risk, model),
        "n_missing": missing.sum(axis=1),
        "missing_features": _listed(np.array(model.features), missing),
    }
    scored = rows_of(table, len(cohort), model, hours)
    if not explain:
        return scored
    note = scored.pop("note")
    whole: pd.DataFrame = pd.concat([scored, predicted.filter(like=CONTRIBUTION), note], axis=1)
    return whole
