"""Answers to requests that were refused or failed: a page for a person, else problem+json."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from riskmodel.errors import SchemaError
from riskmodel.web.problems import MEDIA_TYPE, ProblemError
from riskmodel.web.view import view

_HEADINGS = {
    401: "A token is needed",
    404: "There is no such page",
    413: "That is too much at once",
    500: "The server failed",
}
"""Headings of a page that tells a person of a problem."""


def problem(found: ProblemError, accepted: str = "") -> Response:
    """The response of a problem: a page for who accepts one, else problem+json.

    Parameters
    ----------
    found : ProblemError
    accepted : str
        The Accept header.
    """
    if "text/html" in accepted:
        heading = _HEADINGS.get(found.status, "This was not possible")
        page = view("error.html.j2", None, page="error", heading=heading, detail=found.detail)
        return HTMLResponse(page, found.status, headers=found.headers)
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(found.status).phrase,
        "status": found.status,
        "detail": found.detail,
    }
    if found.errors:
        body["errors"] = found.errors
    return JSONResponse(body, found.status, headers=found.headers, media_type=MEDIA_TYPE)


def field_name(location: Sequence[int | str]) -> str:
    """Where in a body something is, as people write it.

    Examples
    --------
    >>> field_name(("body", "labs", 3, "value"))
    'labs[3].value'
    """
    name = ""
    for part in location[1:] if location and location[0] in ("body", "query") else location:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else str(part)
    return name or "body"


def _accepted(request: Request) -> str:
    return request.headers.get("accept", "")


async def of_problem(request: Request, error: Exception) -> Response:
    """Answer a request that a door refused."""
    assert isinstance(error, ProblemError)
    return problem(error, _accepted(request))


async def of_validation(request: Request, error: Exception) -> Response:
    """Answer a body of the wrong form; the values sent are not repeated."""
    assert isinstance(error, RequestValidationError)
    faults: dict[str, str] = {}
    for fault in error.errors()[:50]:
        location = fault["loc"]
        if fault["type"] == "json_invalid":
            location = ("body",)
        # The tags of a choice between types say nothing to a reader.
        plain = [part for part in location if not (isinstance(part, str) and _is_tag(part))]
        faults.setdefault(field_name(plain), f"{fault['msg']}.")
    errors = [{"field": name, "detail": said} for name, said in faults.items()]
    first = errors[0]
    return problem(ProblemError(422, f"Field '{first['field']}': {first['detail']}", errors=errors))


def _is_tag(part: str) -> bool:
    return part in ("float", "int", "str", "bool") or "[" in part


async def of_schema(request: Request, error: Exception) -> Response:
    """Answer input that the package itself refused; its sentences name what and where."""
    return problem(ProblemError(422, str(error)), _accepted(request))


async def of_http(request: Request, error: Exception) -> Response:
    """Answer a path or method that does not exist."""
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    said = ProblemError(error.status_code, f"{error.detail}.", headers=headers)
    return problem(said, _accepted(request))


async def of_fault(request: Request, error: Exception) -> Response:
    """Answer where the program itself failed; what it worked on is not told."""
    return problem(
        ProblemError(500, f"The server failed ({type(error).__name__}). Its log says where."),
        _accepted(request),
    )


HANDLERS = {
    ProblemError: of_problem,
    RequestValidationError: of_validation,
    SchemaError: of_schema,
    HTTPException: of_http,
    Exception: of_fault,
}
