"""CDS Hooks 2.0: discovery, two services, their cards, and feedback."""

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from riskmodel import RESEARCH_USE
from riskmodel.cohort import Cohort, analytes
from riskmodel.errors import SchemaError
from riskmodel.models import HARDLY, RiskModel, percent
from riskmodel.patient import (
    Assessment,
    assess_patient,
    frequency,
    range_of,
    statement_of,
)
from riskmodel.scoring import model_catalogue
from riskmodel.web.api.fhir import assessments
from riskmodel.web.api.routes import ERRORS
from riskmodel.web.cds.bodies import FeedbackRequest, HookRequest
from riskmodel.web.cds.records import gaps, ordered_product, records_of
from riskmodel.web.engine import Engine
from riskmodel.web.problems import ProblemError
from riskmodel.web.security.audit import AuditLog
from riskmodel.web.settings import Settings

LONGEST_SUMMARY = 139
EXTENSION = "io.github.riskmodel.risk-assessment"
_REASONS = {
    "not-applicable": "Does not apply to this patient",
    "incomplete": "The data are incomplete or wrong",
    "known": "Already known",
}
_REASON_SYSTEM = "urn:riskmodel:override-reasons"
_SHOWN_FACTORS = 4

Clock = Callable[[], datetime]


def now() -> datetime:
    """The present."""
    return datetime.now(UTC)


def _prefetch() -> dict[str, str]:
    """What the services read, and nothing more: results by their LOINC codes."""
    codes = ",".join(f"http://loinc.org|{code}" for a in analytes().values() for code in a.loinc)
    who = "patient={{context.patientId}}"
    return {
        "patient": "Patient/{{context.patientId}}",
        "results": f"Observation?{who}&code={codes}&_count=2000",
        "procedures": f"Procedure?{who}&_count=500",
        "given": f"MedicationAdministration?{who}&_count=1000",
        "conditions": f"Condition?{who}&_count=200",
    }


SERVICES: dict[str, dict[str, Any]] = {
    "iec-hs-patient-view": {
        "hook": "patient-view",
        "title": "Risk of IEC-HS after CAR-T",
        "description": (
            "Shows the risk of IEC-HS before the model's horizon, day 14 for the shipped ones, "
            "for a patient with a CAR-T infusion in the days before; for others no card. "
            f"{RESEARCH_USE}"
        ),
    },
    "iec-hs-order-select": {
        "hook": "order-select",
        "title": "Risk of IEC-HS before CAR-T",
        "description": (
            "Shows the risk of IEC-HS before the model's horizon, day 14 for the shipped ones, "
            "when a CAR-T product is selected in an order; for other orders no card. "
            f"{RESEARCH_USE}"
        ),
    },
}


def cds_router(engine: Engine, audit: AuditLog, settings: Settings, clock: Clock) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["CDS Hooks"])

    @router.get("/cds-services", summary="CDS Hooks: the services on offer")
    def get_services() -> dict[str, Any]:
        """Discovery, with the prefetch templates."""
        return {
            "services": [
                {"id": name, **service, "prefetch": _prefetch()}
                for name, service in SERVICES.items()
            ]
        }

    @router.post(
        "/cds-services/{service}",
        summary="CDS Hooks: call a service",
        responses={
            **ERRORS,
            404: {"description": "No such service", **_PROBLEM},
            412: {"description": "The patient was not prefetched", **_PROBLEM},
            200: {"description": "Cards", "content": {"application/json": {"schema": _CARDS}}},
        },
        response_class=JSONResponse,
    )
    def post_service(service: str, body: HookRequest, request: Request) -> Response:
        """Zero or one card; its extension holds the FHIR RiskAssessment."""
        hook = _service(service)["hook"]
        if body.hook != hook:
            said = f"This service answers the hook '{hook}'."
            raise ProblemError(422, said, errors=[{"field": "hook", "detail": said}])
        prefetch = body.prefetch or {}
        given = prefetch.get("patient")
        if not isinstance(given, dict) or given.get("resourceType") != "Patient":
            raise ProblemError(
                412, "The prefetch 'patient' is missing; no FHIR server is called for it."
            )
        cards = _cards(hook, body, prefetch, _address(request))
        return JSONResponse({"cards": cards})

    def _cards(
        hook: str, body: HookRequest, prefetch: dict[str, Any], address: str
    ) -> list[dict[str, Any]]:
        moment = clock()
        ordered = None
        if hook == "order-select":
            product = ordered_product(body.context.draftOrders, body.context.selections)
            if product is None:
                return []
            ordered = (product, moment)
        try:
            cohort = records_of(prefetch, body.context.patientId, settings.limits.rows, ordered)
        except SchemaError:
            # Nobody here had an infusion: nothing to say, and no card to dismiss.
            return []
        at = _time(cohort, moment, engine.last_day(), planned=ordered is not None)
        model = engine.of_stage("pre_infusion" if at == "pre-infusion" else "early")
        if len(cohort) == 0 or at is None or model is None:
            return []
        audit.note(hook, cohort.patient_id, at=at, model=model.name, version=model.version)
        found = card_of(cohort, model, at, address, gaps(prefetch))
        for card in found:
            _not_later(card.get("extension", {}).get(EXTENSION, {}), moment)
        return found

    @router.post(
        "/cds-services/{service}/feedback",
        summary="CDS Hooks: what became of a card",
        responses={**ERRORS, 404: {"description": "No such service", **_PROBLEM}},
    )
    def post_feedback(service: str, body: FeedbackRequest) -> dict[str, Any]:
        """Noted in the audit log where there is one; comments are not kept."""
        _service(service)
        for told in body.feedback:
            reason = told.overrideReason.reason if told.overrideReason else None
            code = reason.code if reason and reason.code in _REASONS else None
            audit.note("feedback", service=service, outcome=told.outcome, reason=code)
        return {}

    def _address(request: Request) -> str:
        # The guard has checked the Host.
        scheme = "https" if settings.behind_proxy else request.url.scheme
        return f"{scheme}://{request.headers['host']}"

    return router


_PROBLEM = {
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
}
_CARDS = {
    "type": "object",
    "required": ["cards"],
    "properties": {"cards": {"type": "array", "items": {"type": "object"}}},
}


def _service(name: str) -> dict[str, Any]:
    if name not in SERVICES:
        raise ProblemError(404, f"No such service. There are: {', '.join(SERVICES)}.")
    return SERVICES[name]


def _time(cohort: Cohort, moment: datetime, last_day: int, *, planned: bool) -> str | None:
    """The prediction time, None where the infusion is too long ago."""
    if planned:
        return "pre-infusion"
    if len(cohort) == 0 or pd.isna(cohort.patients["infusion_time"].iloc[0]):
        return None
    start = pd.Timestamp(cohort.patients["infusion_time"].iloc[0])
    present = pd.Timestamp(moment)
    if start.tzinfo is None:
        present = present.tz_convert("UTC").tz_localize(None)
    days = (present - start) / pd.Timedelta(days=1)
    if days <= 0:
        return "pre-infusion"
    return f"day-{int(np.ceil(days))}" if days <= last_day else None


def _not_later(assessment: dict[str, Any], moment: datetime) -> None:
    """An assessment of a day that is not over yet was made at the moment of the call."""
    told = assessment.get("occurrenceDateTime")
    if told is not None and datetime.fromisoformat(told) > moment:
        assessment["occurrenceDateTime"] = moment.isoformat()


def card_of(
    cohort: Cohort, model: RiskModel, at: str, address: str, absent: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """The card of a patient who is scored; none for one who is not, but the autoimmune bound.

    Parameters
    ----------
    cohort : Cohort
        One patient.
    model : RiskModel
    at : str
    address : str
        Of this server, for the links.
    absent : sequence of str
        What was not sent, in sentences.
    """
    assessed = assess_patient(cohort, model, at)
    hours, row = assessed.hours, assessed.row
    page = "before" if hours == 0 else "after"
    card: dict[str, Any] = {
        "uuid": str(uuid.uuid4()),
        "indicator": "info",
        "source": {
            "label": f"riskmodel: {model.name}, version {model.version}",
            "url": f"{address}/model",
        },
        "links": [
            {"label": "Enter and question it", "url": f"{address}/{page}", "type": "absolute"}
        ],
        "overrideReasons": [
            {"code": code, "system": _REASON_SYSTEM, "display": said}
            for code, said in _REASONS.items()
        ],
    }
    when = "before the infusion" if hours == 0 else f"day {hours / 24:g}"
    statement = statement_of(assessed)
    if statement is not None and statement.urgent:
        card["indicator"] = "critical"
    if pd.isna(row["risk"]):
        if statement is not None and statement.urgent:
            card["summary"] = _shortened(statement.large, when)
            more = f"**{statement.large}** {statement.more}"
            card["detail"] = f"{more}\n\n*{RESEARCH_USE}{_simulated(model)}*"
            return [card]
        if assessed.not_at_risk is None or not assessed.not_at_risk.autoimmune:
            return []
        card["summary"] = "IEC-HS after CAR-T for autoimmune disease: no risk is given"
        card["detail"] = f"In print: {assessed.not_at_risk.said}.\n\n{RESEARCH_USE}"
        return [card]
    interval = f"{percent(row['risk_low'])} to {percent(row['risk_high'])}"
    group = row["risk_group"] or "group cannot be told"
    what = f"{model.predicts} before day {model.horizon_days:g}"
    said = f"{what}: {percent(row['risk'])} ({interval}), {group}"
    if statement is not None:
        said = f"{statement.large.rstrip('.')}. {percent(row['risk'])} ({interval})"
    card["summary"] = _shortened(said, when)
    if row["risk_group"] == "high" and card["indicator"] == "info":
        card["indicator"] = "warning"
    card["detail"] = _detail(assessed, interval, absent)
    card["extension"] = {EXTENSION: assessments(assessed.days[-1].rows, cohort)[0]}
    return [card]


def _detail(assessed: Assessment, interval: str, absent: Sequence[str]) -> str:
    """The card's text in Markdown."""
    known, model, row = assessed.patient, assessed.model, assessed.row
    factors = sorted(assessed.factors, key=lambda f: -abs(f.contribution))
    moved = range_of(model, assessed.features, list(model_catalogue(model)))
    statement = statement_of(assessed)
    lines = [] if statement is None else [f"**{statement.large}** {statement.more}", ""]
    lines += [
        f"**{frequency(float(row['risk']))} patients like this** are expected to develop "
        f"{model.predicts} before day {model.horizon_days:g} (90% interval {interval}).",
        "",
        *(
            f"- {f.label}: {f.effect}"
            for f in factors[:_SHOWN_FACTORS]
            if abs(f.contribution) >= HARDLY
        ),
    ]
    unusable = int((known.rejected["table"] == "labs").sum())
    if unusable:
        were = "results were" if unusable > 1 else "result was"
        absent = [*absent, f"{unusable} {were} sent that could not be used."]
    if absent:
        lines += ["", " ".join(absent)]
    if moved is not None:
        lines += [
            "",
            f"{row['n_missing']} of {len(model.features)} inputs are missing; over their plausible "
            f"values the risk would lie between {moved.low} and {moved.high}."
            + (f" Most useful: {moved.test}." if moved.test else ""),
        ]
    return "\n".join([*lines, "", f"*{RESEARCH_USE}{_simulated(model)}*"])


def _simulated(model: RiskModel) -> str:
    return " Trained on simulated patients." if model.card.simulated else ""


def _shortened(said: str, when: str) -> str:
    """A summary within the length that the specification allows, which still says what it is."""
    tail = f", {when}. Research use only"
    return f"{said.rstrip('.')[: LONGEST_SUMMARY - len(tail)]}{tail}"
