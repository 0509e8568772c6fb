"""Several models and prediction times in one call, and each patient's own latest time."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.arrays import Codes
from riskmodel.cohort import Cohort, last_record
from riskmodel.errors import SchemaError
from riskmodel.features import prediction_hours
from riskmodel.models import EARLIER, RiskModel, predict_frame
from riskmodel.scoring.findings import OutOfScope
from riskmodel.scoring.scope import check_stage, known_onset, out_of_scope, scope_finding
from riskmodel.scoring.score import score_rows
from riskmodel.scoring.score_table import joined, rejected_rows, rows_of

TODAY = "today"
_ENDS = ("death", "last_follow_up")
NO_MODEL = "no_model_of_stage"
BEYOND = "after_last_landmark"


def fitting(models: Sequence[RiskModel], at: str) -> list[RiskModel]:
    """The models that can score at a time; all of them at `today`, which is a time per patient.

    Raises
    ------
    SchemaError
        When none can.
    """
    if at == TODAY:
        return list(models)
    found = [model for model in models if _fits(model, prediction_hours(at))]
    if not found:
        if len(models) == 1:
            check_stage(models[0], at)
        shown = ", ".join(f"'{m.name}' ({m.stage}, horizon day {m.horizon_days:g})" for m in models)
        raise SchemaError(
            f"No model given can score at '{at}'. Given: {shown or 'none'}. Add --model with one "
            f"of stage '{'pre_infusion' if at == 'pre-infusion' else 'early'}' whose horizon lies "
            "after it."
        )
    return found


def _fits(model: RiskModel, hours: float) -> bool:
    stage = "pre_infusion" if hours == 0 else "early"
    return bool(model.stage == stage and hours < 24 * model.horizon_days)


def score_times(
    cohort: Cohort, models: Sequence[RiskModel], times: Sequence[str], *, explain: bool = False
) -> pd.DataFrame:
    """Rows of every patient, model and prediction time that go together.

    At ``today`` the time is that of the patient's last result or clinical event, a death and the
    end of follow-up not among them: the last whole day after the infusion that it reached, or
    pre-infusion before the end of day 1. Which time that is rests on
    the last record; how the patient is scored at it rests on the records up to it alone.

    Parameters
    ----------
    cohort : Cohort
    models : sequence of RiskModel
        Matched to the times by their stage.
    times : sequence of str
        ``pre-infusion``, ``day-K`` or ``today``.
    explain : bool

    Returns
    -------
    DataFrame
        As of `score`: patients in the order of the cohort, of each the times in the order asked
        for, a patient's rows of one time and model once; rejected ones at the end. The index is
        the patient code, and of rejected rows the number of their row, from 1.

    Raises
    ------
    SchemaError
        When no model fits a time.
    """
    pairs = [(at, fitting(models, at)) for at in dict.fromkeys(times)]
    rows = _indexed([rows_of({}, 0, None, None), *_asked(cohort, models, pairs, explain)])
    rows = rows.sort_index(kind="stable")
    key = rows[["prediction_time_hours", "stage", "model_name", "model_version"]]
    rows = rows[~key.assign(code=rows.index).duplicated().to_numpy()]
    refused = [
        rejected_rows(cohort, model, None if at == TODAY else prediction_hours(at))
        for at, fit in pairs
        for model in ([None] if at == TODAY else fit)
    ]
    whole = _indexed([rows, _indexed(refused).sort_index(kind="stable")])
    return whole[output_columns(models, explain)]


def output_columns(models: Sequence[RiskModel], explain: bool) -> list[str]:
    """Columns of `score_times`: they depend on the models alone, not on who is scored."""
    empty = [predict_frame(m, pd.DataFrame(columns=m.features)) for m in models]
    if not explain:
        empty = [part.filter(like=EARLIER) for part in empty]
    nobody = [rows_of({}, 0, model, None) for model in (None, *models)]
    return [str(name) for name in joined([*nobody, *empty]).columns]


def _indexed(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Parts one after the other with their own index."""
    index = np.concatenate([part.index.to_numpy(np.int64) for part in parts])
    return joined(parts).set_axis(pd.Index(index), axis="index")


def _asked(
    cohort: Cohort,
    models: Sequence[RiskModel],
    pairs: Sequence[tuple[str, Sequence[RiskModel]]],
    explain: bool,
) -> Iterator[pd.DataFrame]:
    """Rows of each time and model, indexed by patient code, with every contribution column."""
    columns = output_columns(models, explain)
    for at, fit in pairs:
        if at == TODAY:
            parts = _at_today(cohort, models, explain)
        else:
            hours = prediction_hours(at)
            parts = [score_rows(cohort, model, hours, explain=explain) for model in fit]
        yield from (part.reindex(columns=columns) for part in parts)


def landmark_days(cohort: Cohort) -> Codes:
    """Whole days that each patient's records reach after the infusion, 0 before the first.

    A death and the end of follow-up are no records of the patient's state and move no day.
    """
    ends = cohort.events["event"].isin(_ENDS).to_numpy(dtype=bool)
    last = last_record(replace(cohort, events=cohort.events[~ends]))
    return np.floor(np.maximum(last, 0.0) / 24).astype(np.int64)


def _at_today(cohort: Cohort, models: Sequence[RiskModel], explain: bool) -> list[pd.DataFrame]:
    """Rows at each patient's own time, indexed by patient code."""
    days = landmark_days(cohort)
    parts = []
    for stage, mine in (("pre_infusion", days == 0), ("early", days > 0)):
        of_stage = [model for model in models if model.stage == stage]
        if not of_stage and mine.any():
            codes = np.flatnonzero(mine)
            parts.append(_without_model(cohort.patient_id[codes], stage, days[codes], codes))
        for model in of_stage:
            last = model.last_day
            for day in np.unique(days[mine & (days <= last)]).tolist():
                codes = np.flatnonzero(days == day)
                rows = score_rows(cohort.take(codes), model, 24.0 * day, explain=explain)
                parts.append(rows.set_axis(codes, axis="index"))
            late = np.flatnonzero(mine & (days > last))
            if len(late):
                parts.append(_beyond(cohort.take(late), model, last, days[late], late))
    return parts


def _without_model(
    patient_id: npt.NDArray[np.object_], stage: str, days: Codes, codes: Codes
) -> pd.DataFrame:
    """Rows of patients of a stage for which no model was given."""
    table = {
        "patient_id": patient_id,
        "prediction_time_hours": 24.0 * days,
        "stage": stage,
        "status": "out_of_scope",
        "reason": str(OutOfScope(NO_MODEL, stage)),
        "findings": NO_MODEL,
    }
    return rows_of(table, len(codes), None, None).set_axis(codes, axis="index")


def _beyond(group: Cohort, model: RiskModel, last: int, days: Codes, codes: Codes) -> pd.DataFrame:
    """Rows of patients whose last record lies after the last time that a model scores at."""
    beyond = OutOfScope(BEYOND, f"records reach past day {last}")
    codes_of = out_of_scope(group, known_onset(group, model), np.inf)
    found = [scope_finding(code) if code else beyond for code in codes_of]
    table = {
        "patient_id": group.patient_id,
        "prediction_time_hours": 24.0 * days,
        "status": "out_of_scope",
        "reason": [str(finding) for finding in found],
        "findings": [finding.code for finding in found],
    }
    return rows_of(table, len(group), model, None).set_axis(codes, axis="index")
