"""Score one part of a cohort's charted tables: what a worker of any engine does."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from riskmodel.arrays import Codes
from riskmodel.cohort import (
    PLAIN,
    Cohort,
    Notation,
    Rejections,
    assemble,
    parse_times,
    text_column,
)
from riskmodel.evaluation import labelled, outcomes_after
from riskmodel.models import RiskModel
from riskmodel.scoring.prediction_times import output_columns, score_times
from riskmodel.scoring.score_table import rows_of
from riskmodel.scoring.writers.formats import INFUSION, OUTCOME, PLACE

FAILED = "scoring_failed"
FAULTS = (ArithmeticError, LookupError, TypeError, ValueError, pa.ArrowException)
"""What unforeseen values can raise. A fault of the machine (memory, files) is none of them."""

TOLD = ["table", "column", "reason", "detail", "count", "row", "patient_id"]
"""Columns of what was rejected, counted: `row` and `patient_id` are those of the first one."""

Frames = Mapping[str, pd.DataFrame]
Places = Mapping[str, Codes]


class Part(NamedTuple):
    """Scores of a part.

    Attributes
    ----------
    rows : DataFrame
        Score rows; ``__place`` is -1 for patients who entered, in their order, and the place in
        the patients table for those who could not.
    rejected : DataFrame
        Columns `TOLD`.
    """

    rows: pd.DataFrame
    rejected: pd.DataFrame


def score_part(
    frames: Frames,
    places: Places,
    name: str,
    models: Sequence[RiskModel],
    times: Sequence[str],
    *,
    explain: bool = False,
    outcomes: bool = False,
    notation: Notation = PLAIN,
) -> Part:
    """Read and score the patients of some charted tables.

    A patient whose records raise what nothing foresaw leaves as rejected with the code
    ``scoring_failed``; the others of the part are scored as if it were not there.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        ``patients``, ``labs``, ``events`` as charted; whole patients.
    places : mapping of str to int64 array
        Row of each in the tables of the whole cohort, from 0.
    name : str
        Of the cohort.
    models, times, explain
        See `score_times`.
    outcomes : bool
        Also tell what became of each patient by the model's own label, as ``__outcome``.
    notation : Notation
        How the whole tables write their numbers and dates.
    """
    try:
        return _scored(frames, places, name, models, times, explain, outcomes, notation)
    except FAULTS as error:
        ids = text_column(frames["patients"], "patient_id")
        people = ids.dropna().unique()
        if len(people) <= 1:
            return failed(ids, places["patients"], error, models, explain)
    half = set(people[: len(people) // 2])
    parts = []
    for first in (True, False):
        rows = {
            table: text_column(frame, "patient_id").isin(half).to_numpy(bool) == first
            for table, frame in frames.items()
        }
        chosen = {t: frame[rows[t]].reset_index(drop=True) for t, frame in frames.items()}
        there = {t: places[t][rows[t]] for t in frames}
        parts.append(
            score_part(
                chosen,
                there,
                name,
                models,
                times,
                explain=explain,
                outcomes=outcomes,
                notation=notation,
            )
        )
    return Part(*(pd.concat(pair, ignore_index=True) for pair in zip(*parts, strict=True)))


def _scored(
    frames: Frames,
    places: Places,
    name: str,
    models: Sequence[RiskModel],
    times: Sequence[str],
    explain: bool,
    outcomes: bool,
    notation: Notation,
) -> Part:
    cohort = assemble(frames, Rejections(), name, notation)
    rejected = cohort.rejected
    number = rejected["row"].to_numpy(copy=True)
    for table, place in places.items():
        mine = (rejected["table"] == table).to_numpy(bool)
        number[mine] = place[number[mine].astype(np.int64) - 1] + 1
    rejected = rejected.assign(row=number)
    cohort = Cohort(cohort.patients, cohort.labs, cohort.events, rejected, cohort.notes, name)
    rows = score_times(cohort, models, times, explain=explain)
    refused = (rows["status"] == "rejected").to_numpy()
    extra: dict[str, Any] = {
        INFUSION: _infusions(frames["patients"], rows),
        OUTCOME: _outcomes(cohort, models, rows) if outcomes else "",
        PLACE: np.where(refused, rows.index.to_numpy(np.int64), -1),
    }
    return Part(rows.assign(**extra).reset_index(drop=True), counted(rejected))


def counted(rejected: pd.DataFrame) -> pd.DataFrame:
    """Rejections as one row for each table, column, reason and detail, with the first of them."""
    keys = ["table", "column", "reason", "detail"]
    if rejected.empty:
        return pd.DataFrame({name: pd.Series(dtype="str") for name in TOLD})
    told = rejected if "count" in rejected else rejected.assign(count=1)
    told = told.assign(row=told["row"].astype("int64"), count=told["count"].astype("int64"))
    groups = told.sort_values("row", kind="stable").groupby(keys, sort=False)
    found: pd.DataFrame = groups.agg(
        count=("count", "sum"), row=("row", "first"), patient_id=("patient_id", "first")
    ).reset_index()
    return found[TOLD]


def failed(
    ids: pd.Series,
    places: Codes,
    error: Exception,
    models: Sequence[RiskModel],
    explain: bool,
) -> Part:
    """Rows of patients whose records could not be scored: who, and what kind of error, no value.

    Parameters
    ----------
    ids : Series of shape (n,)
        Text, NaN where a row of the patients table names nobody.
    places : int64 array of shape (n,)
        Of these rows, from 0.
    """
    first = ~ids.duplicated().to_numpy() | ids.isna().to_numpy()
    table = {
        "patient_id": ids[first].fillna("").to_numpy(dtype=object),
        "status": "rejected",
        "reason": f"{FAILED}: {type(error).__name__}",
        "findings": FAILED,
    }
    rows = rows_of(table, int(first.sum()), models[0] if len(models) == 1 else None, None)
    rows = rows.reindex(columns=output_columns(models, explain))
    never = np.datetime64("NaT", "us")
    extra: dict[str, Any] = {INFUSION: never, OUTCOME: "", PLACE: places[first] + 1}
    return Part(rows.assign(**extra), counted(pd.DataFrame()))


def _infusions(patients: pd.DataFrame, rows: pd.DataFrame) -> pd.Series:
    """Time of the infusion of each row's patient, NaT where there is none."""
    if "infusion_time" not in patients:
        return pd.Series(np.datetime64("NaT", "us"), index=rows.index, dtype="datetime64[us]")
    instant, _, _ = parse_times(patients["infusion_time"])
    ids = text_column(patients, "patient_id")
    known = pd.Series(instant, index=ids)[~ids.duplicated().to_numpy() & ids.notna().to_numpy()]
    return rows["patient_id"].map(known).astype("datetime64[us]")


def _outcomes(cohort: Cohort, models: Sequence[RiskModel], rows: pd.DataFrame) -> pd.Series:
    """Outcome of each row's patient after its time, by the label of the row's model."""
    found = pd.Series("", index=rows.index, dtype="str")
    codes = pd.Series(np.arange(len(cohort)), index=cohort.patients["patient_id"])
    patient = rows["patient_id"].map(codes)
    hours = rows["prediction_time_hours"].astype(np.float64)
    timed = patient.notna() & hours.notna()
    for model in models:
        labels = labelled(
            cohort, model.labels, model.definition, model.cytopenia_rule, model.horizon_days,
            model.least_grade,
        )  # fmt: skip
        mine = timed & (
            (rows["model_name"] == model.name)
            & (rows["model_version"] == model.version)
            & (rows["stage"] == model.stage)
        )
        who = patient[mine].to_numpy(np.int64)
        after = np.asarray(hours[mine], dtype=np.float64)
        found[mine] = outcomes_after(labels, who, after).astype(str)
    return found
