"""Score every patient of a cohort: each one leaves with a row, a status and a reason."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel import RESEARCH_USE
from riskmodel.cohort import AUTOIMMUNE, Cohort
from riskmodel.criteria import adjudicated, evaluate_signs, load_definition
from riskmodel.errors import SchemaError
from riskmodel.features import Catalogue, Records, matrix, parse_catalogue, prediction_hours
from riskmodel.models import RiskModel, predict_frame

SCORE_COLUMNS: Sequence[str] = (
    "patient_id",
    "prediction_time_hours",
    "stage",
    "status",
    "reason",
    "risk",
    "risk_low",
    "risk_high",
    "risk_group",
    "n_missing",
    "missing_features",
    "model_name",
    "model_version",
    "definition",
    "horizon_days",
)
AUTOIMMUNE_REASON = (
    "autoimmune_indication: no case among 47 published patients, exact 95% upper bound 7.5%"
)
_ENDS = ("death", "transplant", "new_cell_therapy")
_GROUPS = ("low", "intermediate", "high")


def note_of(model: RiskModel) -> str:
    """What is said beside every score of this model."""
    source = "simulated patients" if model.card.get("simulated") else "its training cohort"
    return f"{RESEARCH_USE} Trained on {source}."


def model_catalogue(model: RiskModel) -> Catalogue:
    """The model's own copy of its catalogue."""
    text = model.catalogue.get("text")
    if not isinstance(text, str):
        raise SchemaError(
            f"Model '{model.name}' holds no copy of its feature catalogue. Train it again."
        )
    return parse_catalogue(text).select(model.features)


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


def known_onset(cohort: Cohort, model: RiskModel) -> npt.NDArray[np.float64]:
    """Onset of each patient by the model's own label source, NaN where there is none."""
    if model.labels == "adjudicated":
        return adjudicated(cohort)["onset_hours"].to_numpy(np.float64)
    rule = model.cytopenia_rule
    return evaluate_signs(cohort, load_definition(model.definition), rule).onset_hours


def _out_of_scope(cohort: Cohort, model: RiskModel, hours: float) -> npt.NDArray[np.object_]:
    """Reason why each patient is not at risk at the prediction time, by records up to it."""
    reason = np.full(len(cohort), "", dtype=object)
    known = cohort.until(hours)
    if hours > 0:
        reason[known_onset(known, model) <= hours] = "onset_known"
    names = known.events["event"].to_numpy(dtype=object)
    for name in reversed(_ENDS):
        rows = known.events[names == name]
        after = rows["hours"] >= 0 if name != "death" else rows["hours"] > -np.inf
        reason[rows.loc[after, "patient"].to_numpy()] = "dead" if name == "death" else name
    autoimmune = cohort.patients["disease"].isin(AUTOIMMUNE).to_numpy()
    reason[autoimmune] = AUTOIMMUNE_REASON
    return reason


def _joined(names: npt.NDArray[np.str_], mask: npt.NDArray[np.bool_]) -> list[str]:
    return [", ".join(names[row]) for row in mask]


def _flags(
    X: pd.DataFrame, cohort: Cohort, model: RiskModel, catalogue: Catalogue
) -> tuple[npt.NDArray[np.bool_], list[str]]:
    """Which inputs are missing, and each row's reason text."""
    names = np.array(model.features)
    values = X[model.features].to_numpy(np.float64)
    missing = np.isnan(values)
    limits = np.array([model.ranges.get(n, (-np.inf, np.inf)) for n in names], dtype=np.float64)
    binary = np.array([f.minimum == 0 and f.maximum == 1 for f in catalogue])
    outside = ((values < limits[:, 0]) | (values > limits[:, 1])) & ~binary
    parts: list[list[str]] = [[] for _ in range(len(X))]
    for text, mask in (("missing", missing), ("outside the training range", outside)):
        for row, listed in zip(parts, _joined(names, mask), strict=True):
            if listed:
                row.append(f"{text}: {listed}")
    for column, trained in model.trained_on.items():
        if column in cohort.patients:
            stated = cohort.patients[column]
            new = (stated.notna() & ~stated.isin(list(trained))).to_numpy()
            for k in np.flatnonzero(new):
                parts[k].append(f"not trained on: {column} {stated.iloc[k]}")
    return missing, ["; ".join(row) for row in parts]


def risk_groups(risk: npt.NDArray[np.float64], model: RiskModel) -> npt.NDArray[np.object_]:
    """Low, intermediate or high by the thresholds of the model's design."""
    edges: list[float] = list(model.card.get("design", {}).get("risk_groups", (0.05, 0.15)))
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
    hours = check_stage(model, at)
    catalogue = model_catalogue(model)
    records = Records(cohort.until(hours), _signs_of(model), model.cytopenia_rule)
    X = matrix(records, catalogue, hours)
    reason = _out_of_scope(cohort, model, hours)
    in_scope = reason == ""
    missing, flags = _flags(X, cohort, model, catalogue)
    predicted = predict_frame(model, X)
    predicted = predicted.where(pd.Series(in_scope), np.nan)
    flagged = np.array(flags, dtype=object)
    table: dict[str, Any] = {
        "patient_id": cohort.patients["patient_id"].to_numpy(dtype=object),
        "status": np.where(~in_scope, "out_of_scope", np.where(flagged != "", "partial", "scored")),
        "reason": np.where(in_scope, flagged, reason),
        "risk": predicted["risk"].to_numpy(),
        "risk_low": predicted["risk_low"].to_numpy(),
        "risk_high": predicted["risk_high"].to_numpy(),
        "risk_group": risk_groups(predicted["risk"].to_numpy(), model),
        "n_missing": missing.sum(axis=1),
        "missing_features": _joined(np.array(model.features), missing),
    }
    scored = pd.concat([pd.DataFrame(table), _rejected_rows(cohort)], ignore_index=True)
    scored["n_missing"] = scored["n_missing"].astype("Int64")
    scored = scored.assign(
        prediction_time_hours=hours,
        stage=model.stage,
        model_name=model.name,
        model_version=model.version,
        definition=model.definition,
        horizon_days=model.horizon_days,
    )[list(SCORE_COLUMNS)]
    if explain:
        parts = predicted.filter(like="contribution_").reindex(range(len(scored)))
        scored = pd.concat([scored, parts], axis=1)
    return scored.assign(note=note_of(model))


def _signs_of(model: RiskModel) -> str:
    """Definition whose signs the features read: the design's, also under human labels."""
    return str(model.card.get("design", {}).get("definition", "astct-2024"))


def _rejected_rows(cohort: Cohort) -> pd.DataFrame:
    """A row per patient that could not enter."""
    rejected = cohort.rejected
    whole = rejected[
        (rejected["table"] == "patients") & rejected["column"].isin(("patient_id", ""))
    ]
    nameless = (whole["patient_id"] == "").to_numpy(dtype=bool)
    # A named patient leaves once; rows without a name are told apart by their place in the file.
    whole = whole[nameless | ~whole.duplicated(["patient_id", "reason"]).to_numpy()]
    nameless = (whole["patient_id"] == "").to_numpy(dtype=bool)
    placed = whole["reason"] + " (row " + whole["row"].astype("str") + ")"
    reason = whole["reason"].where(~nameless, placed)
    return pd.DataFrame(
        {
            "patient_id": whole["patient_id"].to_numpy(dtype=object),
            "status": "rejected",
            "reason": reason.to_numpy(dtype=object),
            "risk_group": "",
            "missing_features": "",
        }
    )
