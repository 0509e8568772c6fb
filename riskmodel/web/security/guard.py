"""The gate before every door: addressee, token, origin, size and time of the body."""

import asyncio
import base64
import binascii
import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from riskmodel.web.errors import problem
from riskmodel.web.problems import ProblemError
from riskmodel.web.settings import Settings

CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_BODILESS = ("GET", "HEAD", "OPTIONS")


class Guard:
    """Wrap an application: a request that may not pass never reaches it.

    Parameters
    ----------
    app : ASGI application
    settings : Settings
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._token = settings.token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sending = _with_headers(send)
        headers = {name.decode("latin-1"): value for name, value in scope["headers"]}
        refusal = self._refusal(scope, headers)
        if refusal is None:
            try:
                waiting = await self._body(scope, headers, receive)
                await self._app(scope, waiting, sending)
                return
            except ProblemError as found:
                refusal = found
        await problem(refusal)(scope, receive, sending)

    def _refusal(self, scope: Scope, headers: Mapping[str, bytes]) -> ProblemError | None:
        if _name_of(headers.get("host", b"").decode("latin-1")) not in self._settings.hosts:
            # A page of another site that points its own name at this machine ends here.
            return ProblemError(
                421, "This server does not answer to that Host. Start it with --allowed-host NAME."
            )
        if self._token and not self._knows(headers.get("authorization", b"")):
            return ProblemError(
                401,
                "A token is needed: 'Authorization: Bearer TOKEN', or as the password of any user.",
                headers={"www-authenticate": 'Basic realm="riskmodel", charset="UTF-8"'},
            )
        if scope["method"] not in _BODILESS and self._from_elsewhere(headers):
            return ProblemError(403, "A page of another site sent this request.")
        return None

    def _knows(self, authorization: bytes) -> bool:
        kind, _, given = authorization.partition(b" ")
        if kind.lower() == b"basic":
            try:
                given = base64.b64decode(given, validate=True).partition(b":")[2]
            except binascii.Error:
                return False
        elif kind.lower() != b"bearer":
            return False
        return hmac.compare_digest(given.strip(), self._token)

    def _from_elsewhere(self, headers: Mapping[str, bytes]) -> bool:
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site not in (b"same-origin", b"none")
        origin = headers.get("origin", b"").decode("latin-1")
        # The same name at another port is another program's page.
        host = headers.get("host", b"").decode("latin-1")
        return bool(origin) and urlsplit(origin).netloc.casefold() != host.casefold()

    async def _body(self, scope: Scope, headers: Mapping[str, bytes], receive: Receive) -> Receive:
        """The whole body, taken in before any work is done on it; refused when too much or late."""
        if scope["method"] in _BODILESS:
            return receive
        limits = self._settings.limits
        too_much = ProblemError(
            413, f"The request's body is larger than {limits.body_bytes:,} bytes. Send less of it."
        )
        stated = headers.get("content-length", b"0")
        if not stated.isdigit() or int(stated) > limits.body_bytes:
            raise too_much
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(limits.body_seconds):
                while True:
                    message = await receive()
                    if message["type"] != "http.request":
                        return _returning(message)
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    if size > limits.body_bytes:
                        raise too_much
                    if not message.get("more_body", False):
                        break
        except TimeoutError:
            raise ProblemError(
                408, f"The request's body did not arrive within {limits.body_seconds:g} seconds."
            ) from None
        return _returning({"type": "http.request", "body": b"".join(parts), "more_body": False})


def _returning(first: Message) -> Receive:
    """A channel that gives one message, and then only that the client has left."""
    waiting = [first]

    async def receive() -> Message:
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    return receive


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = list(message["headers"])
            known = {name.lower() for name, _ in given}
            added = {"cache-control": "no-store", **HEADERS}
            given += [
                (name.encode(), value.encode())
                for name, value in added.items()
                if name.encode() not in known
            ]
            message = {**message, "headers": given}
        await send(message)

    return sending


def _name_of(host: str) -> str:
    """A host without its port, in lower case.

    Examples
    --------
    >>> _name_of("localhost:8000"), _name_of("[::1]:80"), _name_of("A.example")
    ('localhost', '[::1]', 'a.example')
    """
    if host.startswith("["):
        return host.partition("]")[0].casefold() + "]"
    return host.partition(":")[0].casefold()
