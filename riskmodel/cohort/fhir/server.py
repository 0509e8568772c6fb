"""Fetch what the reader needs from a FHIR R4 server, into a folder that is read like any other.

Bulk export (``$export``) where the server offers it, else searches page by page. What was fetched
stays in the folder, so that a broken transfer goes on where it stopped.
"""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from email.message import Message
from http.client import HTTPException
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

from riskmodel.errors import SchemaError
from riskmodel.files import replacing, write_text

TOKEN = "RISKMODEL_FHIR_TOKEN"
"""Environment variable of the bearer token."""

SEARCHES: Mapping[str, Mapping[str, str]] = {
    "Patient": {},
    "Procedure": {},
    "MedicationAdministration": {"_include": "MedicationAdministration:medication"},
    "Observation": {"_include": "Observation:specimen"},
    "DiagnosticReport": {},
    "Condition": {},
    "Encounter": {"_include": "Encounter:location"},
}
"""Types that are asked for, and what comes with them."""

_EXPORTED = (*SEARCHES, "Medication", "Specimen", "Location")
_PAGE = 200
_TRIES = 6
_LONGEST_WAIT = 60.0
_LARGEST = 1 << 30
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_AGAIN = (408, 425, 429, 500, 502, 503, 504)
_NO_EXPORT = (400, 401, 403, 404, 405, 406, 410, 415, 422, 501)
_STATE = "state.json"


def _pause(seconds: float) -> None:
    time.sleep(seconds)


class _Answer(NamedTuple):
    status: int
    headers: Message
    body: bytes


class _NoRedirect(HTTPRedirectHandler):
    """A redirect could take the token elsewhere: it is an error, as any other status is."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class Server:
    """One FHIR server.

    Parameters
    ----------
    base : str
        Its base URL.
    wait : callable(seconds)
        Pauses between tries.

    Raises
    ------
    SchemaError
        When the URL is none, or the token would travel in the open.
    """

    def __init__(self, base: str, wait: Callable[[float], None] = _pause) -> None:
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise SchemaError(
                "The address of the FHIR server cannot be used. Allowed: https://host/path without "
                f"a user or password; a token stands in the environment variable {TOKEN}."
            )
        self._token = os.environ.get(TOKEN, "").strip()
        if self._token and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise SchemaError(
                f"The token of {TOKEN} would travel unencrypted to '{parts.hostname}'. Use https."
            )
        self.base = f"{base.split('?')[0].rstrip('/')}/"
        self.name = parts.hostname
        self._wait = wait
        self._opener: OpenerDirector = build_opener(_NoRedirect)

    def same(self, url: str) -> bool:
        """Whether a link leads to this server: the token goes nowhere else."""
        ours, theirs = urlsplit(self.base), urlsplit(url)
        return (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc)

    def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, token: bool = True
    ) -> _Answer:
        """One answer, tried again after what may pass.

        Raises
        ------
        SchemaError
            When the server does not answer, or answers with an error that does not pass. The
            message holds neither the token nor the body.
        """
        told = {"Accept": "application/fhir+json", **(headers or {})}
        if self._token and token and self.same(url):
            told["Authorization"] = f"Bearer {self._token}"
        said = ""
        for attempt in range(_TRIES):
            try:
                with self._opener.open(Request(url, headers=told), timeout=120) as answer:
                    body = answer.read(_LARGEST + 1)
                    if len(body) > _LARGEST:
                        raise SchemaError(f"An answer of '{self.name}' is larger than 1 GB.")
                    return _Answer(answer.status, answer.headers, body)
            except HTTPError as error:
                error.close()
                if error.code not in _AGAIN:
                    return _Answer(error.code, error.headers, b"")
                said, pause = f"status {error.code}", error.headers.get("Retry-After", "")
            except (URLError, HTTPException, OSError) as error:
                said, pause = type(error).__name__, ""
            if attempt < _TRIES - 1:
                self._wait(_seconds(pause, 2.0**attempt))
        raise SchemaError(
            f"FHIR server '{self.name}' does not answer after {_TRIES} tries ({said}). What was "
            "fetched stays: run the same command again with the same --download folder to go on."
        )


def _seconds(told: str, otherwise: float) -> float:
    return min(float(told) if told.isdigit() else otherwise, _LONGEST_WAIT)


def fetch(base: str, folder: Path, wait: Callable[[float], None] = _pause) -> Path:
    """Fetch a server's resources into a folder, going on where an earlier run stopped.

    Parameters
    ----------
    base : str
        Base URL, ``https://host/fhir``.
    folder : Path
        Created where it does not exist.
    wait : callable(seconds)

    Returns
    -------
    Path
        The folder with what the server sent.

    Raises
    ------
    SchemaError
        When the folder is another server's, or the server refuses or does not answer.
    """
    server = Server(base, wait)
    folder.mkdir(parents=True, exist_ok=True)
    state: dict[str, Any] = {"server": server.base, "next": {}, "done": []}
    kept = folder / _STATE
    if kept.is_file():
        try:
            state = json.loads(kept.read_text(encoding="utf-8"))
        except ValueError:
            raise SchemaError(f"'{kept}' is damaged. Empty the folder and begin again.") from None
        if state.get("server") != server.base:
            raise SchemaError(
                f"Folder '{folder}' holds what another server sent. Give another --download folder."
            )
    elif any(folder.iterdir()):
        raise SchemaError(f"Folder '{folder}' is not empty and was not written by a download.")
    data = folder / "data"
    data.mkdir(exist_ok=True)

    def save() -> None:
        write_text(kept, json.dumps(state))

    if "outputs" not in state and not state["next"] and not state["done"]:
        outputs = _export(server, wait)
        if outputs is not None:
            state["outputs"] = outputs
        save()
    if "outputs" in state:
        for number, output in enumerate(state["outputs"]):
            if number not in state["done"]:
                _exported(server, output, data / f"{output['type']}.{number:04}.ndjson")
                state["done"].append(number)
                save()
        return data
    for kind, more in SEARCHES.items():
        if kind in state["done"]:
            continue
        first = f"{server.base}{kind}?{urlencode({'_count': _PAGE, **more})}"
        start, url = state["next"].get(kind, [0, first])
        for number, body, following in _pages(server, kind, start, url):
            with replacing(data / f"{kind}.{number:06}.json") as temporary:
                temporary.write_bytes(body)
            state["next"][kind] = [number + 1, following]
            save()
        state["done"].append(kind)
        save()
    return data


def _pages(server: Server, kind: str, number: int, url: str) -> Iterator[tuple[int, bytes, str]]:
    """Pages of a search: number, body, link to the next one (empty at the end)."""
    while url:
        answer = server.get(url)
        if answer.status in (400, 404, 501) and number == 0:
            # A server need not know every type; the others are asked for.
            return
        if answer.status != 200:
            raise SchemaError(
                f"FHIR server '{server.name}' refuses a search of {kind} (status {answer.status}). "
                f"Check the address, and the token in {TOKEN}."
            )
        try:
            page = json.loads(answer.body)
            links = {str(link["relation"]): str(link["url"]) for link in page.get("link", [])}
            if page.get("resourceType") != "Bundle":
                raise ValueError
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise SchemaError(
                f"FHIR server '{server.name}' answers a search of {kind} with something that is no "
                "Bundle. Check the address."
            ) from None
        following = urljoin(url, links["next"]) if "next" in links else ""
        if following and not server.same(following):
            raise SchemaError(
                f"FHIR server '{server.name}' sends the next page of {kind} from another server. "
                "It was not followed."
            )
        if following == url:
            raise SchemaError(f"FHIR server '{server.name}' sends one page of {kind} again.")
        yield number, answer.body, following
        number, url = number + 1, following


def _export(server: Server, wait: Callable[[float], None]) -> list[dict[str, str]] | None:
    """Files of a bulk export, None where the server offers none."""
    asked = urlencode({"_type": ",".join(_EXPORTED)})
    answer = server.get(f"{server.base}$export?{asked}", headers={"Prefer": "respond-async"})
    if answer.status in _NO_EXPORT:
        return None
    status = urljoin(server.base, answer.headers.get("Content-Location", ""))
    if answer.status != 202 or not server.same(status):
        return None
    while True:
        answer = server.get(status, headers={"Accept": "application/json"})
        if answer.status != 202:
            break
        wait(_seconds(answer.headers.get("Retry-After", ""), 5.0))
    try:
        told = json.loads(answer.body)
        files = [*told["output"], *(told.get("deleted") or [])]
        open_to_all = str(told.get("requiresAccessToken", True)).lower() == "false"
        return [
            {"type": _plain(one["type"]), "url": str(one["url"]), "token": str(not open_to_all)}
            for one in files
        ]
    except (ValueError, KeyError, TypeError):
        raise SchemaError(
            f"The bulk export of FHIR server '{server.name}' failed (status {answer.status}). Ask "
            "for it again later, or export to files and give the folder."
        ) from None


def _plain(kind: object) -> str:
    return "".join(c for c in str(kind) if c.isalpha())[:40] or "unknown"


def _exported(server: Server, output: Mapping[str, str], path: Path) -> None:
    url = urljoin(server.base, output["url"])
    if not server.same(url) and urlsplit(url).scheme != "https":
        raise SchemaError(f"FHIR server '{server.name}' offers an export file without https.")
    headers = {"Accept": "application/fhir+ndjson"}
    answer = server.get(url, headers=headers, token=output["token"] == "True")
    if answer.status != 200:
        raise SchemaError(
            f"FHIR server '{server.name}' refuses a file of its export (status {answer.status}). "
            f"Check the token in {TOKEN}, or begin again with another --download folder."
        )
    with replacing(path) as temporary:
        temporary.write_bytes(answer.body)
