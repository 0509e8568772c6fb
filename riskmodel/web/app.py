"""The application: every door on one server, behind the guard."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio.to_thread
from fastapi import FastAPI
from starlette.types import ASGIApp

from riskmodel import RESEARCH_USE, __version__
from riskmodel.cohort import Cohort
from riskmodel.web.api.routes import api_router
from riskmodel.web.cds.routes import Clock, cds_router, now
from riskmodel.web.engine import Engine
from riskmodel.web.errors import HANDLERS
from riskmodel.web.pages.entry import page_router
from riskmodel.web.pages.model import model_router
from riskmodel.web.pages.patients import patients_router
from riskmodel.web.pages.static_files import static_router
from riskmodel.web.security.audit import AuditLog
from riskmodel.web.security.guard import Guard
from riskmodel.web.settings import Settings

_SCHEMAS: dict[str, Any] = {
    "Problem": {
        "type": "object",
        "description": "RFC 9457.",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["field", "detail"],
                    "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
                },
            },
        },
    },
    "Scores": {
        "type": "object",
        "required": ["at", "scores", "rejected", "note"],
        "properties": {
            "at": {"type": "string", "description": "The prediction time that was asked for."},
            "scores": {
                "type": "array",
                "description": "One row per patient, with the columns of `riskmodel score`.",
                "items": {"type": "object"},
            },
            "rejected": {"type": "array", "items": {"type": "object"}},
            "notes": {"type": "object"},
            "note": {"type": "string"},
        },
    },
    "Labels": {
        "type": "object",
        "required": ["labels", "rejected", "note"],
        "properties": {
            "labels": {
                "type": "array",
                "description": "One row per patient, with the columns of `riskmodel label`.",
                "items": {"type": "object"},
            },
            "rejected": {"type": "array", "items": {"type": "object"}},
            "notes": {"type": "object"},
            "note": {"type": "string"},
        },
    },
}


def make_app(
    engine: Engine,
    settings: Settings,
    audit: AuditLog,
    cohort: Cohort | None = None,
    *,
    clock: Clock = now,
) -> ASGIApp:
    """The application of a server.

    Parameters
    ----------
    engine : Engine
    settings : Settings
    audit : AuditLog
    cohort : Cohort, optional
        Whose patients the page Patients shows.
    clock : function
        Gives the present, for the day of a patient's record.
    """

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        limiter = anyio.to_thread.current_default_thread_limiter()
        limiter.total_tokens = settings.limits.threads
        yield
        audit.close()

    app = FastAPI(
        title="riskmodel",
        version=__version__,
        description=f"Early prediction of IEC-HS after CAR-T therapy. {RESEARCH_USE}",
        docs_url=None,
        redoc_url=None,
        lifespan=running,
        exception_handlers={**HANDLERS},  # type: ignore[dict-item]
    )
    _describe(app)
    app.include_router(api_router(engine, audit, settings.limits))
    for router in (
        cds_router(engine, audit, settings, clock),
        page_router(engine, audit),
        patients_router(engine, audit, cohort),
        model_router(engine, lambda: app.openapi()),
        static_router(),
    ):
        app.include_router(router)
    return Guard(app, settings)


def _describe(app: FastAPI) -> None:
    """The generated description with the schemas of answers and problems."""
    generate = app.openapi

    def described() -> dict[str, Any]:
        found = generate()
        found.setdefault("components", {}).setdefault("schemas", {}).update(_SCHEMAS)
        return found

    app.openapi = described  # type: ignore[method-assign]
