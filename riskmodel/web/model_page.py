"""The pages Model and API: the card of each loaded model, and the description of the interface."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from riskmodel.criteria import load_definition
from riskmodel.models import RiskModel
from riskmodel.scoring.content import definition_of, model_content
from riskmodel.scoring.sign_words import part_need
from riskmodel.scoring.words import part_label, sign_label
from riskmodel.web.engine import Engine
from riskmodel.web.view import view


def model_router(engine: Engine, described: Callable[[], dict[str, Any]]) -> APIRouter:
    """The routes; `described` gives the OpenAPI description."""
    router = APIRouter(include_in_schema=False)

    @router.get("/model")
    def get_model() -> Response:
        shown = [_shown(model) for model in engine.models]
        return HTMLResponse(view("model.html.j2", engine, page="model", models=shown))

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


def _shown(model: RiskModel) -> dict[str, Any]:
    from markdown_it import MarkdownIt

    card = str(model.card.get("text", ""))
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    definition = load_definition(definition_of(model))
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
        "calibration": _calibration(model),
        "created_with": dict(model.created_with),
        "n_features": len(model.features),
    }


def _calibration(model: RiskModel) -> list[dict[str, str]]:
    """Calibration of the model on everybody and on each subset, as its card holds it."""
    found: dict[str, dict[str, str]] = {}
    for entry in model.card.get("performance", []):
        wanted = ("calibration_intercept", "calibration_slope", "auroc", "brier")
        if entry["model"] != "riskmodel" or entry["metric"] not in wanted:
            continue
        row = found.setdefault(str(entry["subset"]), {"subset": _subset(str(entry["subset"]))})
        row[entry["metric"]] = _figure(entry)
        for count in ("rows", "events"):
            row.setdefault(count, str(entry.get(count, "")))
    return list(found.values())


def _subset(name: str) -> str:
    return "everybody" if name == "all" else name.replace("_", " ")


def _figure(entry: Mapping[str, Any]) -> str:
    if entry["value"] is None:
        return ""
    said = f"{entry['value']:.2f}"
    if entry.get("low") is not None and entry.get("high") is not None:
        said += f" ({entry['low']:.2f} to {entry['high']:.2f})"
    return said


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
