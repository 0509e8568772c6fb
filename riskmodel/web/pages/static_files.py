"""The style sheets, the script and the icon: read once, served from memory."""

import hashlib
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

from riskmodel.patient import style_sheet

_HERE = Path(__file__).parent.parent / "static"
_CSS = "text/css; charset=utf-8"
_FILES = {
    "server.css": (_HERE / "server.css", _CSS),
    "page.js": (_HERE / "page.js", "text/javascript; charset=utf-8"),
    "icon.svg": (_HERE / "icon.svg", "image/svg+xml"),
}


def static_router() -> APIRouter:
    """The routes: only these files, whatever a path says."""
    router = APIRouter(include_in_schema=False)
    held = {name: (path.read_bytes(), kind) for name, (path, kind) in _FILES.items()}
    held["page.css"] = (style_sheet().encode(), _CSS)

    @router.get("/static/{name}")
    def get_file(name: str, request: Request) -> Response:
        if name not in held:
            return Response(status_code=404)
        content, kind = held[name]
        tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        headers = {"etag": tag, "cache-control": "no-cache"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=kind, headers=headers)

    return router
