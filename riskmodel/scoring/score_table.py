"""Score rows in the columns and types of the cohort contract."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from riskmodel import RESEARCH_USE
from riskmodel.cohort import Cohort
from riskmodel.models import EARLIER, RiskModel


class _Kind(NamedTuple):
    """Type of a column, and what stands where it does not apply."""

    dtype: str
    empty: Any


_TEXT, _NUMBER, _COUNT = _Kind("str", ""), _Kind("float64", np.nan), _Kind("Int64", pd.NA)
_TYPES: Mapping[str, _Kind] = {
    "patient_id": _TEXT,
    "prediction_time_hours": _NUMBER,
    "stage": _TEXT,
    "status": _TEXT,
    "reason": _TEXT,
    "risk": _NUMBER,
    "risk_low": _NUMBER,
    "risk_high": _NUMBER,
    "risk_group": _TEXT,
    "n_missing": _COUNT,
    "missing_features": _TEXT,
    "model_name": _TEXT,
    "model_version": _TEXT,
    "definition": _TEXT,
    "horizon_days": _NUMBER,
    "findings": _TEXT,
    "note": _TEXT,
}
_LAST = ("findings", "note")
SCORE_COLUMNS: Sequence[str] = tuple(name for name in _TYPES if name not in _LAST)
CONTRIBUTION = "contribution_"
GRADE = "least_grade"
"""Column of the grade that an event has to reach, where a model asks for one."""


def note_of(model: RiskModel) -> str:
    """What is said beside every score of this model."""
    source = "simulated patients" if model.card.simulated else "its training cohort"
    graded = f" The risk is that of {model.predicts}." if model.least_grade > 1 else ""
    return f"{RESEARCH_USE} Trained on {source}.{graded}"


def graded(least_grade: Any) -> str:
    """What texts say of the grade that has to be reached; empty for any onset.

    Examples
    --------
    >>> graded(3), graded(None)
    (', grade >= 3', '')
    """
    return "" if pd.isna(least_grade) else f", grade >= {least_grade:g}"


def rows_of(
    table: Mapping[str, Any], n: int, model: RiskModel | None, hours: float | None
) -> pd.DataFrame:
    """Score rows in the types of the contract; what `table` does not name is empty."""
    about: dict[str, Any] = {} if model is None else {
        "stage": model.stage,
        "model_name": model.name,
        "model_version": model.version,
        "definition": model.definition,
        "horizon_days": float(model.horizon_days),
        "note": note_of(model),
    }  # fmt: skip
    filled = {"prediction_time_hours": hours, "note": RESEARCH_USE, **about, **table}
    columns = {
        name: pd.Series(filled.get(name, kind.empty), index=range(n), dtype=kind.dtype)
        for name, kind in _TYPES.items()
    }
    if model is not None and model.least_grade > 1:
        columns[GRADE] = pd.Series(float(model.least_grade), index=range(n), dtype="float64")
    return pd.DataFrame(columns)


def joined(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Score rows one after the other; contributions that a part does not have are empty."""
    factors = [name for part in parts for name in part if str(name).startswith(CONTRIBUTION)]
    base = [CONTRIBUTION + "base"] if factors else []
    days = dict.fromkeys(n for part in parts for n in part if str(n).startswith(EARLIER))
    inner = (f for f in dict.fromkeys(factors) if f not in base)
    grade = [GRADE] if any(GRADE in part for part in parts) else []
    order = [*SCORE_COLUMNS, *inner, *base, *days, *grade, *_LAST]
    whole = [part.reindex(columns=order) for part in parts]
    together: pd.DataFrame = pd.concat(whole, ignore_index=True)
    return together


def rejected_rows(cohort: Cohort, model: RiskModel | None, hours: float | None) -> pd.DataFrame:
    """A row per patient that could not enter, indexed by its row in the patients table, from 1."""
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
    table = {
        "patient_id": whole["patient_id"].to_numpy(dtype=object),
        "status": "rejected",
        "reason": reason.to_numpy(dtype=object),
        "findings": whole["reason"].to_numpy(dtype=object),
    }
    rows = rows_of(table, len(whole), model, hours)
    return rows.set_axis(pd.Index(whole["row"].to_numpy(dtype=np.int64)), axis="index")
