"""One page about one patient, for a clinician: self-contained HTML without scripts."""

from pathlib import Path
from typing import Any

import numpy as np

from riskmodel.cohort import REASONS, Cohort, last_record
from riskmodel.errors import SchemaError
from riskmodel.features import Records
from riskmodel.files import write_text
from riskmodel.models import RiskModel
from riskmodel.patient import wording as words
from riskmodel.patient.assessment import Assessment, adjudicated_hours, assess_patient
from riskmodel.patient.content import NOBODY, content_of, model_content
from riskmodel.patient.pages.templates import render, style_sheet
from riskmodel.scoring import OutOfScope, check_stage, known_onset, out_of_scope, scope_finding


def report(
    cohort: Cohort, patient_id: str, model: RiskModel, out: Path, *, at: str | None = None
) -> None:
    """Write one self-contained HTML page about one patient.

    Everything on it rests on records at or before the prediction time; only the choice of a
    default time looks at which records there are.

    Parameters
    ----------
    cohort : Cohort
    patient_id : str
    model : RiskModel
    out : Path
        Written whole or not at all.
    at : str, optional
        ``pre-infusion`` or ``day-K``. By default pre-infusion for a model of that stage; for an
        early one the last day that is known (the day of the last record, completed, at most
        13), or the last one before it at which the patient was at risk.

    Raises
    ------
    SchemaError
        When the patient is unknown, or the model does not fit the prediction time.
    """
    html = page(cohort, patient_id, model, at=at)
    write_text(out, html)


def page(cohort: Cohort, patient_id: str, model: RiskModel, *, at: str | None = None) -> str:
    """The page of `report` as text."""
    if at is not None:
        check_stage(model, at)
    found = np.flatnonzero(cohort.patient_id == patient_id)
    if not len(found):
        return _render(_rejected(cohort, patient_id, model))
    patient = cohort.take(found[:1])
    if at is None:
        assessed, time_note = assess_latest(patient, model)
    else:
        assessed, time_note = assess_patient(patient, model, at, course=True), ""
    return _render({**content_of(assessed), "time_note": time_note})


def _render(content: dict[str, Any]) -> str:
    return render("report.html.j2", style=style_sheet(), **content)


def _rejected(cohort: Cohort, patient_id: str, model: RiskModel) -> dict[str, Any]:
    """The page of a patient whose row could not enter.

    Raises
    ------
    SchemaError
        When there is no such patient at all.
    """
    rows = cohort.rejected
    mine = rows[(rows["table"] == "patients") & (rows["patient_id"] == patient_id)]
    if mine.empty:
        raise SchemaError(
            f"Patient '{patient_id}' is not in cohort '{cohort.name}', which has {len(cohort)} "
            f"patient{'' if len(cohort) == 1 else 's'}. Use an identifier of its patients table."
        )
    reasons = [f"the row {REASONS[str(code)]}" for code in mine["reason"].unique()]
    return {
        **model_content(model),
        **NOBODY,
        "patient_id": patient_id,
        "status": "rejected",
        "status_words": f"Not scored: {'; '.join(reasons)}. Correct the input and read it again.",
        "facts": [],
        "when": "none",
        "time_note": "",
    }


def assess_latest(patient: Cohort, model: RiskModel) -> tuple[Assessment, str]:
    """The assessment at the last time that is known, and what to say about its choice.

    Parameters
    ----------
    patient : Cohort
        One patient.
    """
    if model.stage == "pre_infusion":
        return assess_patient(patient, model, "pre-infusion"), ""
    last = float(last_record(patient)[0])
    known = int(np.clip(np.ceil(last / 24), 1, model.last_day))
    if last <= 0:
        found = assess_patient(patient, model, "day-1", course=True)
        return found, "No record since the infusion is known, so this page stands at day 1."
    records = Records(patient.until(24.0 * known), *model.signs)
    ends = _no_longer_at_risk(records, model, known)
    day = next((day for day in range(known, 0, -1) if ends[day - 1] is None), known)
    found = assess_patient(patient, model, f"day-{day}", course=True, records=records)
    end = ends[-1]
    if end is None or day == known:
        return found, ""
    return found, (
        f"This page stands at day {day}, the last whole day on which the patient was still at "
        f"risk. At day {known} no risk can be given: {words.finding_words(end)}. Apart from "
        "this note, nothing recorded after the prediction time is used or shown."
    )


def _no_longer_at_risk(records: Records, model: RiskModel, days: int) -> list[OutOfScope | None]:
    """Why the patient is not at risk on each day, None where it is; a human's label counts."""
    patient, found = records.cohort, []
    onset = known_onset(patient, model, records)
    for day in range(1, days + 1):
        code = str(out_of_scope(patient, onset, 24.0 * day)[0])
        scope = scope_finding(code) if code else None
        if scope is None or scope.autoimmune:
            recorded = adjudicated_hours(patient, 24.0 * day) is not None
            scope = OutOfScope("onset_recorded") if recorded else None
        found.append(scope)
    return found
