"""The page Patients: a loaded cohort scored, sorted and filtered, each patient to be opened."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

import numpy as np
import pandas as pd
from fastapi import APIRouter, Form, Query
from starlette.responses import HTMLResponse, Response

from riskmodel.cohort import Cohort
from riskmodel.features import prediction_hours
from riskmodel.models import HARDLY, factor_key, odds, percent
from riskmodel.patient import finding_words, measured, patient_content
from riskmodel.scoring import (
    BaseRateOnly,
    CannotBeTold,
    CriteriaMet,
    Findings,
    MayBeMet,
    MissingInputs,
    NearlyMet,
    NoSignal,
    OutsideRange,
    Scored,
    model_catalogue,
    scored,
)
from riskmodel.web.api.bodies import TIMES
from riskmodel.web.engine import Engine
from riskmodel.web.problems import ProblemError
from riskmodel.web.security.audit import AuditLog
from riskmodel.web.view import view

ON_A_PAGE = 200
_ORDERS: Mapping[str, tuple[str, bool, str]] = {
    "risk": ("risk", False, "highest risk first"),
    "risk-up": ("risk", True, "lowest risk first"),
    "patient": ("patient_id", True, "patient"),
    "status": ("status", True, "status"),
    "missing": ("n_missing", False, "most missing first"),
}
_MARKS = {"low": "○ low", "intermediate": "◐ intermediate", "high": "● high"}
_FACTORS_SHOWN = 3
_OUTSIDE_NAMED = 1
_SHORT = {
    MissingInputs.code: "inputs missing",
    CannotBeTold.code: "low or high cannot be told",
    CriteriaMet.code: "criteria met now",
    NearlyMet.code: "criteria all but met",
    MayBeMet.code: "criteria may be met",
    NoSignal.code: "no signal in training: do not use",
    BaseRateOnly.code: "published rate, not this patient's",
}
"""A list has no room for what a patient's own page says in full."""
_ALIKE_FROM = 5  # patients from which a factor can be called the same for all
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Row:
    """One patient of the table, as shown."""

    number: int
    patient: str
    status: str
    risk: str
    interval: str
    group: str
    missing: str
    factors: tuple[tuple[str, str], ...]
    reason: str
    opens: bool


def patients_router(engine: Engine, audit: AuditLog, cohort: Cohort | None) -> APIRouter:
    """The routes; without a cohort the page says how to load one."""
    router = APIRouter(include_in_schema=False)
    times = _times(engine)

    @lru_cache(maxsize=32)
    def scores(at: str) -> Scored:
        """Scores at a time, once computed kept: neither cohort nor model changes."""
        assert cohort is not None
        return scored(cohort, engine.fitting(at), at)

    def chosen(at: str | None) -> str:
        if cohort is None:
            raise ProblemError(404, "No cohort is loaded. Start the server with --cohort FOLDER.")
        time = at or times[0]
        if time not in times:
            raise ProblemError(422, f"No loaded model scores at that time. Use {', '.join(times)}.")
        return time

    @router.get("/patients")
    def get_patients(
        at: Annotated[str | None, Query(max_length=20)] = None,
        order: str = "risk",
        status: str = "",
        group: str = "",
        page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    ) -> Response:
        if cohort is None:
            return HTMLResponse(view("patients.html.j2", engine, page="patients", loaded=False))
        time = chosen(at)
        found = scores(time)
        table = found.rows
        order = order if order in _ORDERS else "risk"
        column, rising, _ = _ORDERS[order]
        kept = table[(table["status"] == status) | (status == "")]
        kept = kept[(kept["risk_group"] == group) | (group == "")]
        kept = kept.sort_values(column, ascending=rising, na_position="last", kind="stable")
        shown = kept.iloc[(page - 1) * ON_A_PAGE : page * ON_A_PAGE]
        model = engine.fitting(time)
        labels = {feature.name: feature.label for feature in model_catalogue(model)}
        groups, alike = _telling(table, dict.fromkeys((model.classifier.groups or {}).values()))
        audit.note("patients", at=time)
        return HTMLResponse(
            view(
                "patients.html.j2",
                engine,
                page="patients",
                loaded=True,
                name=cohort.name,
                model=model,
                times=times,
                at=time,
                order=order,
                orders={name: said for name, (_, _, said) in _ORDERS.items()},
                status=status,
                group=group,
                counts=table["status"].value_counts().to_dict(),
                marks=_MARKS,
                alike=alike,
                rows=[
                    _row(k, table.iloc[k], len(cohort), groups, _said(found.findings[k], labels))
                    for k in shown.index.to_numpy(np.int64).tolist()
                ],
                total=len(kept),
                number=page,
                pages=max(1, -(-len(kept) // ON_A_PAGE)),
            )
        )

    @router.get("/patients/scores.csv")
    def get_scores(at: Annotated[str | None, Query(max_length=20)] = None) -> Response:
        time = chosen(at)
        table = scores(time).rows
        audit.note("download", table["patient_id"].astype("str"), at=time)
        name = f"scores-{time}.csv"
        return Response(
            _csv(table),
            media_type="text/csv; charset=utf-8",
            headers={"content-disposition": f'attachment; filename="{name}"'},
        )

    @router.post("/patients/open")
    def post_open(row: Annotated[int, Form()], at: Annotated[str, Form(max_length=20)]) -> Response:
        time = chosen(at)
        assert cohort is not None
        if not 0 <= row < len(cohort):
            raise ProblemError(422, "No patient stands in that row. Go back to the table.")
        one = cohort.take(np.array([row]))
        model = engine.fitting(time)
        other = engine.of_stage("pre_infusion") if model.stage == "early" else None
        audit.note("open", one.patient_id, at=time, model=model.name, version=model.version)
        content = patient_content(one, model, time, before=other)
        return HTMLResponse(view("patient.html.j2", engine, page="patients", at=time, **content))

    return router


def _times(engine: Engine) -> list[str]:
    """Prediction times that a loaded model fits."""
    stages = {model.stage for model in engine.models}
    return [
        time
        for time in TIMES
        if ("pre_infusion" if prediction_hours(time) == 0 else "early") in stages
    ]


def _row(
    number: Any,
    row: pd.Series,
    patients: int,
    groups: Iterable[str],
    said: str,
) -> Row:
    scored = pd.notna(row["risk"])
    interval = f"{percent(row['risk_low'])} to {percent(row['risk_high'])}" if scored else ""
    missing = "" if pd.isna(row["n_missing"]) else str(row["n_missing"])
    return Row(
        int(number),
        str(row["patient_id"]),
        str(row["status"]).replace("_", " "),
        percent(row["risk"]) if scored else "none",
        interval,
        _MARKS.get(str(row["risk_group"]), ""),
        missing,
        _strongest(row, groups) if scored else (),
        said or str(row["reason"]).replace("_", " "),
        int(number) < patients,
    )


def _telling(table: pd.DataFrame, groups: Iterable[str]) -> tuple[list[str], list[str]]:
    """Clinical factors that tell patients apart, and those that do the same to every risk."""
    scored = table[table["risk"].notna()]
    telling, alike = [], []
    for group in groups:
        parts = scored[f"contribution_{factor_key(group)}"]
        same = len(scored) >= _ALIKE_FROM and parts.max() - parts.min() < HARDLY
        if not same:
            telling.append(group)
        elif parts.abs().max() >= HARDLY:
            alike.append(f"{group} ×{odds(float(parts.median()))}")
    return telling, alike


def _strongest(row: pd.Series, groups: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The clinical factors that move this risk most: label, and the factor of the odds."""
    parts = [(group, float(row[f"contribution_{factor_key(group)}"])) for group in groups]
    ranked = sorted(parts, key=lambda part: -abs(part[1]))[:_FACTORS_SHOWN]
    return tuple(
        (label, f"{'▲' if part > 0 else '▼'}\N{NO-BREAK SPACE}×{odds(part)}")
        for label, part in ranked
        if abs(part) >= HARDLY
    )


def _said(findings: Findings, labels: Mapping[str, str]) -> str:
    """Findings in words; the patient's own page lists all that is missing or out of range."""
    said = []
    for finding in findings:
        if finding.code in _SHORT:
            said.append(_SHORT[finding.code])
        elif isinstance(finding, OutsideRange):
            found = measured(labels.get(name, name) for name in finding.features)
            more = len(found) - _OUTSIDE_NAMED
            named = ", ".join(found[:_OUTSIDE_NAMED])
            extra = f" and {more} more" if more > 0 else ""
            said.append(f"outside the training range: {named}{extra}")
        else:
            said.append(finding_words(finding).replace("_", " "))
    return "; ".join(said)


def _csv(table: pd.DataFrame) -> str:
    """The table as CSV in which no text is a formula to a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.columns)
    for row in table.itertuples(index=False):
        writer.writerow([_plain(value) for value in row])
    return out.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return "" if pd.isna(value) else value
