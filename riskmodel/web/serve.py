"""Start a server: models loaded once, then every door open on one address."""

import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from riskmodel.errors import SchemaError
from riskmodel.web.settings import Settings

__all__ = ["Settings", "serve"]


def serve(
    models: Sequence[str],
    settings: Settings,
    *,
    cohort: Path | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve until interrupted.

    Parameters
    ----------
    models : sequence of str
        As `riskmodel.scoring.find_model` takes them.
    settings : Settings
    cohort : Path, optional
        Folder whose patients the page Patients shows.
    ready : callable
        Called once the address is listened on.

    Raises
    ------
    SchemaError
        When the address, a model, the cohort or the audit log cannot be used, or the extra is not
        installed.
    """
    try:
        import fastapi
        import markdown_it
        import python_multipart
        import uvicorn
    except ModuleNotFoundError as error:
        raise SchemaError(
            f"'riskmodel serve' needs the package '{error.name}'. Install it with: "
            "pip install 'riskmodel-iechs[web]'."
        ) from None
    del fastapi, markdown_it, python_multipart
    from riskmodel.cohort import read_cohort
    from riskmodel.web.app import make_app
    from riskmodel.web.engine import load_engine
    from riskmodel.web.security.audit import AuditLog
    from riskmodel.web.security.logs import LOGGING

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                ready()

    address = bound(settings.host, settings.port)
    loaded = read_cohort(cohort) if cohort is not None else None
    engine = load_engine(models)
    app = make_app(engine, settings, AuditLog(settings.audit_log), loaded)
    config = uvicorn.Config(
        app,
        log_config=LOGGING,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=settings.limits.parallel,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=10,
        h11_max_incomplete_event_size=65_536,
    )
    server = Server(config)
    try:
        server.run(sockets=[address])
    except KeyboardInterrupt:
        return  # how a server is ended
    if not server.started:
        raise SystemExit(3)  # why was logged


def bound(host: str, port: int) -> socket.socket:
    """The address to listen on, taken before anything is loaded.

    Raises
    ------
    SchemaError
        When another program has it, or it is not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except OSError as error:
        found.close()
        raise SchemaError(
            f"Port {port} of {host} cannot be listened on: {error.strerror or error}. "
            "Give another with --port, or end the program that has it."
        ) from None
    return found
