"""The pages for entering one patient: before the infusion, and after it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import HTMLResponse, Response

from riskmodel.cohort import Cohort, last_record
from riskmodel.errors import SchemaError
from riskmodel.features import prediction_hours
from riskmodel.models import unread_inputs
from riskmodel.patient import patient_content, when
from riskmodel.scoring import score
from riskmodel.web.engine import Engine
from riskmodel.web.forms.fields import Field, event_choices, fields, product_choices, sections
from riskmodel.web.forms.form_rows import EVENT_ROWS, Answers, Entered, Faults, entered
from riskmodel.web.forms.lab_table import MOST_CHARACTERS, Table, decoded, read_table
from riskmodel.web.problems import ProblemError
from riskmodel.web.security.audit import AuditLog
from riskmodel.web.view import view

_STAGES = {"before": "pre_infusion", "after": "early"}
_HERE = Path(__file__).parent
_LONGEST = 200
"""Characters of one typed field."""


@dataclass(frozen=True)
class Sent:
    """What a browser sent: answers, what they are compared with, and the uploaded file."""

    answers: dict[str, str]
    base: dict[str, str]
    upload: bytes


def page_router(engine: Engine, audit: AuditLog) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)

    def blank(page: str, answers: Answers, faults: Faults | None = None) -> Response:
        return HTMLResponse(
            view(
                f"{page}.html.j2",
                engine,
                page=page,
                model=engine.of_stage(_STAGES[page]),
                **_form(page, engine, answers, faults or Faults()),
            ),
            status_code=422 if faults else 200,
        )

    @router.get("/")
    @router.get("/before")
    def get_before(example: bool = False) -> Response:
        return blank("before", _example("before") if example else {})

    @router.get("/after")
    def get_after(example: bool = False) -> Response:
        return blank("after", _example("after") if example else {})

    @router.post("/before")
    async def post_before(request: Request) -> Response:
        return await run_in_threadpool(answer, "before", await _sent(request))

    @router.post("/after")
    async def post_after(request: Request) -> Response:
        return await run_in_threadpool(answer, "after", await _sent(request))

    def answer(page: str, sent: Sent) -> Response:
        model = engine.of_stage(_STAGES[page])
        if model is None:
            raise ProblemError(422, f"No model of stage '{_STAGES[page]}' is loaded.")
        answers = sent.answers
        try:
            if sent.upload:
                answers["table"] = decoded(sent.upload)
            found = _entered(answers, page)
            at = _time(found.cohort, answers, page, engine.last_day())
        except SchemaError as error:
            return blank(page, answers, Faults(whole=[str(error)]))
        if found.faults:
            return blank(page, answers, found.faults)
        base = sent.base or answers
        compared = None
        if sent.base and sent.base != answers:
            try:
                before = _entered(sent.base, page)
                if _time(before.cohort, sent.base, page, engine.last_day()) == at:
                    compared = score(before.cohort, model, at, explain=True).iloc[0]
            except SchemaError:
                base = answers
        other = engine.of_stage("pre_infusion") if page == "after" else None
        content = patient_content(found.cohort, model, at, before=other, compared=compared)
        audit.note(page, found.cohort.patient_id, at=at, model=model.name, version=model.version)
        content.update(_form(page, engine, answers, found.faults, base))
        notes = (*found.notes, *_beyond(found.cohort, at, engine.last_day()))
        content.update(notes=notes, changed=_changed(page, base, answers))
        content.update(base=json.dumps(base), scored=True)
        return HTMLResponse(view(f"{page}.html.j2", engine, page=page, **content))

    return router


def _entered(answers: Answers, page: str) -> Entered:
    table: Table | None = None
    if page == "after":
        if not answers.get("table", "").strip():
            raise SchemaError(
                "No results were given. Paste a table of results into the field, or choose a file."
            )
        table = read_table(answers["table"])
    return entered(answers, page, table)


def _time(cohort: Cohort, answers: Answers, page: str, last_day: int) -> str:
    """The prediction time asked for; else the day of the last record, completed."""
    if page == "before":
        return "pre-infusion"
    asked = answers.get("day", "")
    if asked:
        if asked not in map(str, range(1, last_day + 1)):
            raise SchemaError(f"The day of prediction is one of 1 to {last_day}.")
        return f"day-{asked}"
    last = max(last_record(cohort), default=0.0)
    return f"day-{int(np.clip(np.ceil(last / 24), 1, last_day))}"


def _beyond(cohort: Cohort, at: str, last_day: int) -> list[str]:
    """What of the records does not fit the prediction time."""
    if at == "pre-infusion":
        return []
    end = prediction_hours(at)
    hours = np.array([*cohort.labs["hours"], *cohort.events["hours"]])
    said, later = [], int((hours > end).sum())
    if later:
        rows = f"{later} results or events lie" if later > 1 else "1 result or event lies"
        said.append(
            f"{rows} after {when(end)} and {'were' if later > 1 else 'was'} left aside: nothing "
            f"after the prediction time counts, of which the last is day {last_day}."
        )
    if not (cohort.labs["hours"].between(0, end, inclusive="right")).any():
        said.append(
            "No result from after the infusion was given, so this risk rests on what was known "
            "before it."
        )
    return said


async def _sent(request: Request) -> Sent:
    """Fields of a form, none longer than it may be; the file is never written to disk."""
    # Larger parts than this would be kept in a temporary file.
    if len(await request.body()) > MOST_CHARACTERS:
        raise ProblemError(
            413,
            f"The form and its file have more than {MOST_CHARACTERS:,} bytes. Send fewer days.",
        )
    answers, upload = {}, b""
    async with request.form(max_files=1, max_fields=300) as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                upload = await value.read()
            else:
                answers[name] = value.strip() if name != "table" else value.strip("\r\n")
    action = answers.pop("action", "")
    told = answers.pop("base", "")
    long = [n for n, value in answers.items() if len(value) > _LONGEST and n != "table"]
    if long:
        raise ProblemError(422, f"Field '{long[0][:60]}' has more than {_LONGEST} characters.")
    base: Any = {}
    if told and action != "fresh":
        try:
            base = json.loads(told)
        except ValueError:
            base = {}
    if not isinstance(base, dict) or not all(isinstance(v, str) for v in base.values()):
        base = {}
    return Sent(answers, base, upload)


def _form(
    page: str, engine: Engine, answers: Answers, faults: Faults, base: Answers | None = None
) -> dict[str, Any]:
    """What the form shows."""
    model = engine.of_stage(_STAGES[page])
    unread = unread_inputs(model) if model else frozenset()
    return {
        "unread": unread,
        "unread_events": [said for name, said in event_choices().items() if name in unread],
        "sections": sections(page),
        "products": product_choices(),
        "events_to_choose": event_choices(),
        "event_rows": range(1, EVENT_ROWS + 1),
        "last_day": engine.last_day(),
        "labels": {
            "infusion_time": "Infusion began",
            **{field.name: field.label for field in fields(page)},
        },
        "answers": _Answers(answers),
        "faults": faults,
        "was": _Answers(base if base is not None else answers),
        "comparing": base is not None,
        "scored": False,
        "changed": [],
        "notes": (),
        "base": "",
    }


class _Answers(dict[str, str]):
    """Answers in which an unanswered field is empty."""

    def __missing__(self, name: str) -> str:
        return ""


def _changed(page: str, base: Answers, answers: Answers) -> list[tuple[str, str, str]]:
    """Label, earlier and present answer of each field that was changed."""
    found = []
    for asked in fields(page):
        was, now = _said(asked, base), _said(asked, answers)
        if was != now:
            found.append((asked.label, was, now))
    if page == "after":
        labels = {"table": "Results", "day": "Day of prediction", "infusion_time": "Infusion began"}
        empty = {"day": "last day", "infusion_time": "not given"}
        found += [
            (label, "the earlier ones" if name == "table" else base.get(name) or empty[name],
             "changed" if name == "table" else answers.get(name) or empty[name])
            for name, label in labels.items()
            if base.get(name, "") != answers.get(name, "")
        ]  # fmt: skip
        if _events(base) != _events(answers):
            found.append(("Events", "the earlier ones", "changed"))
    return found


def _events(answers: Answers) -> dict[str, str]:
    return {name: value for name, value in answers.items() if name.startswith("event_") and value}


def _said(asked: Field, answers: Answers) -> str:
    """An answer in words."""
    value = answers.get(asked.name, "")
    if not value:
        return asked.empty
    units = {unit.value: unit.label for unit in asked.units}
    unit = units.get(answers.get(f"{asked.name}_unit", ""), asked.unit)
    shown: Mapping[str, str] = asked.options or {}
    return f"{shown.get(value, value)} {unit}".strip()


def _example(page: str) -> dict[str, str]:
    """An invented patient, so that a page can be tried without one."""
    told: dict[str, dict[str, str]] = json.loads(
        (_HERE / "example.json").read_text(encoding="utf-8")
    )
    answers = {**told["patient"], **told[page]}
    if page == "after":
        answers["table"] = (_HERE / "example_labs.csv").read_text(encoding="utf-8")
    return answers
