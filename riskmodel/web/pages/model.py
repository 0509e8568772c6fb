"""The pages Model and API: the card of each loaded model, and the description of the interface."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from riskmodel.criteria import load_definition, part_label, sign_label
from riskmodel.evaluation import LEADS
from riskmodel.models import RiskModel, StoredFigure, unread_inputs
from riskmodel.patient import model_content, part_need
from riskmodel.web.engine import Engine
from riskmodel.web.pages.calibration import calibrations
from riskmodel.web.problems import ProblemError
from riskmodel.web.view import view

_WANTED = (
    "expected_over_observed",
    "calibration_intercept",
    "calibration_slope",
    "auroc",
    "brier",
)


def model_router(engine: Engine, described: Callable[[], dict[str, Any]]) -> APIRouter:
    """The routes; `described` gives the OpenAPI description."""
    router = APIRouter(include_in_schema=False)

    @router.get("/model")
    def get_model() -> Response:
        shown = [_shown(engine, number) for number in range(len(engine.models))]
        return HTMLResponse(view("model.html.j2", engine, page="model", models=shown))

    @router.get("/model/{number}/calibration.svg")
    def get_picture(number: int) -> Response:
        picture = engine.pictures.get(number)
        if picture is None:
            raise ProblemError(404, "The folder of that model holds no picture of its calibration.")
        return Response(picture, media_type="image/svg+xml")

    @router.get("/docs")
    def get_docs() -> Response:
        found = described()
        return HTMLResponse(
            view(
                "docs.html.j2",
                engine,
                page="docs",
                operations=list(_operations(found)),
                schemas=found["components"]["schemas"],
            )
        )

    return router


def _shown(engine: Engine, number: int) -> dict[str, Any]:
    from markdown_it import MarkdownIt

    model = engine.models[number]
    card = model.card.text
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    definition = load_definition(model.signs[0])
    # The page has its own headings of the first and second rank.
    body = card.partition("\n## ")
    text = markdown.render("## " + body[2] if body[1] else card)
    for rank in (3, 2, 1):
        text = text.replace(f"<h{rank}>", f"<h{rank + 2}>").replace(
            f"</h{rank}>", f"</h{rank + 2}>"
        )
    return {
        **model_content(model),
        "card": Markup(text),
        "definition": definition,
        "parts": [
            (part_label(part.name), part_need(part), [sign_label(s) for s in part.signs])
            for part in definition.parts
        ],
        "figures": _figures(model),
        "calibrations": [(shown, Markup(shown.svg)) for shown in calibrations(model)],
        "picture": number if engine.pictures.get(number) else None,
        "created_with": dict(model.created_with),
        "n_features": len(model.features),
        "unread": sorted(name.replace("_", " ") for name in unread_inputs(model)),
    }


def _figures(model: RiskModel) -> list[dict[str, str]]:
    """Figures of the model on everybody and on each subset, as its card holds them."""
    found: dict[str, dict[str, str]] = {}
    for entry in model.card.performance:
        if entry.model != "riskmodel" or entry.metric not in _WANTED:
            continue
        row = found.setdefault(entry.subset, {"subset": _subset(entry.subset)})
        row[entry.metric] = _figure(entry)
        for name, count in (("patients", entry.patients), ("events", entry.events)):
            row.setdefault(name, "" if count is None else str(count))
    return list(found.values())


def _subset(name: str) -> str:
    """The rows of a figure, in words.

    Examples
    --------
    >>> _subset("all"), _subset("day 3"), _subset("lead >= 24 h")
    ('All predictions', 'Day 3', 'Onset 24 h or more ahead')
    """
    if name == "all":
        return "All predictions"
    if name in LEADS:
        return f"Onset {LEADS[name]} h or more ahead"
    return f"{name[:1].upper()}{name[1:]}".replace("_", " ")


def _figure(entry: StoredFigure) -> str:
    if entry.value is None:
        return ""
    said = _decimals(entry.value)
    if entry.low is not None and entry.high is not None:
        said += f" ({_decimals(entry.low)} to {_decimals(entry.high)})"
    return said


def _decimals(value: float) -> str:
    """Two decimals, without a zero below zero.

    Examples
    --------
    >>> _decimals(-0.004), _decimals(-0.126), _decimals(0.126)
    ('0.00', '−0.13', '0.13')
    """
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "\N{MINUS SIGN}")


def _operations(found: Mapping[str, Any]) -> Any:
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            name = body.get("schema", {}).get("$ref", "").rpartition("/")[2]
            yield {
                "method": method.upper(),
                "path": path,
                "summary": operation.get("summary", ""),
                "description": operation.get("description", ""),
                "fields": list(_fields(found, name)) if name else [],
                "schema": name,
                "responses": {
                    code: response.get("description", "")
                    for code, response in operation.get("responses", {}).items()
                },
            }


def _fields(found: Mapping[str, Any], name: str) -> Any:
    schema = found["components"]["schemas"][name]
    needed = schema.get("required", [])
    for field, told in schema.get("properties", {}).items():
        yield {
            "name": field,
            "type": _type(told),
            "needed": field in needed,
            "said": told.get("description", ""),
        }


def _type(told: Mapping[str, Any]) -> str:
    if "$ref" in told:
        return str(told["$ref"]).rpartition("/")[2]
    if "anyOf" in told:
        kinds = [_type(part) for part in told["anyOf"] if part.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if told.get("type") == "array":
        return f"list of {_type(told.get('items', {}))}"
    if "enum" in told:
        return "one of " + ", ".join(repr(value) for value in told["enum"])
    return str(told.get("type", "object"))
