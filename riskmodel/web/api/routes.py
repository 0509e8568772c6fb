"""The interface for programs: score, explain and label what a request holds."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from riskmodel import RESEARCH_USE
from riskmodel.cohort import Cohort
from riskmodel.criteria import label
from riskmodel.scoring import note_of
from riskmodel.web.api.bodies import ExplainRequest, LabelRequest, ScoreRequest
from riskmodel.web.api.explain import explanation
from riskmodel.web.api.fhir import MEDIA_TYPE as FHIR, bundle
from riskmodel.web.api.intake import asked_at, cohort_of_records, rejected
from riskmodel.web.engine import Engine
from riskmodel.web.problems import MEDIA_TYPE as PROBLEM
from riskmodel.web.security.audit import AuditLog
from riskmodel.web.settings import Limits

ERRORS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": said,
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status, said in (
        (400, "Not HTTP as it should be"),
        (401, "A token is needed"),
        (403, "Sent by a page of another site"),
        (408, "The body did not arrive in time"),
        (413, "Too much at once"),
        (415, "Not JSON"),
        (422, "Something in the body cannot be used; `errors` names the fields"),
    )
}


def plain(value: Any) -> Any:
    """A value of a table as JSON has it; unknown is null."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """A table as a list of JSON objects."""
    return [plain(row) for row in table.to_dict(orient="records")]


def _answer(cohort: Cohort, body: Mapping[str, Any]) -> dict[str, Any]:
    """What every answer carries."""
    return {
        **body,
        "rejected": rejected(cohort),
        "notes": {kind: dict(counts) for kind, counts in cohort.notes.items()},
    }


def api_router(engine: Engine, audit: AuditLog, limits: Limits) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["scores"])

    @router.post(
        "/score",
        summary="Risk of each patient at a prediction time",
        responses={
            **ERRORS,
            200: {
                "description": "One row per patient; as FHIR where `Accept` asks for it",
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/Scores"}},
                    FHIR: {"schema": {"type": "object"}},
                },
            },
        },
        response_class=JSONResponse,
    )
    def post_score(body: ScoreRequest, request: Request) -> Response:
        """Every patient that enters leaves with a row: scored, partial, out_of_scope or rejected.

        The columns and numbers are those of `riskmodel score`. With `Accept:
        application/fhir+json` the answer is a Bundle of RiskAssessment.
        """
        cohort = cohort_of_records(body, limits)
        at = asked_at(body.at, cohort)
        model = engine.fitting(at, body.model)
        table = engine.scores(cohort, at, model, explain=body.explain)
        audit.note("score", cohort.patient_id, at=at, model=model.name, version=model.version)
        if FHIR in request.headers.get("accept", ""):
            return JSONResponse(bundle(table, cohort), media_type=FHIR)
        return JSONResponse(
            _answer(cohort, {"at": at, "scores": rows_of(table), "note": note_of(model)})
        )

    @router.post(
        "/explain",
        summary="Why one patient has this risk, and what is missing",
        responses={
            **ERRORS,
            200: {
                "description": "Factors, what is missing, and how the criteria stand",
                "content": {"application/json": {"schema": {"type": "object"}}},
            },
        },
        response_class=JSONResponse,
    )
    def post_explain(body: ExplainRequest) -> Response:
        """Each clinical factor with what the patient shows and its part of the log-odds.

        `base` and the contributions sum to the log-odds of the risk.
        """
        cohort = cohort_of_records(body, limits)
        at = asked_at(body.at, cohort)
        model = engine.fitting(at, body.model)
        told = explanation(cohort, model, at)
        audit.note("explain", cohort.patient_id, at=at, model=model.name, version=model.version)
        return JSONResponse(_answer(cohort, {"at": at, **plain(told), "note": note_of(model)}))

    @router.post(
        "/label",
        summary="Label of each patient by a published definition",
        responses={
            **ERRORS,
            200: {
                "description": "One row per patient",
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/Labels"}}
                },
            },
        },
        response_class=JSONResponse,
    )
    def post_label(body: LabelRequest) -> Response:
        """The columns and values are those of `riskmodel label`."""
        cohort = cohort_of_records(body, limits)
        table = label(
            cohort,
            body.definition,
            cytopenia_rule=body.cytopenia_rule,
            horizon_days=body.horizon_days,
        )
        audit.note("label", cohort.patient_id, definition=body.definition)
        return JSONResponse(_answer(cohort, {"labels": rows_of(table), "note": RESEARCH_USE}))

    return router
