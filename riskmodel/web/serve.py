"""Start a server: models loaded once, then every door open on one address."""

from collections.abc import Sequence
from pathlib import Path

from riskmodel.errors import SchemaError
from riskmodel.web.settings import Settings

__all__ = ["Settings", "serve"]


def serve(models: Sequence[str], settings: Settings, *, cohort: Path | None = None) -> None:
    """Serve until interrupted.

    Parameters
    ----------
    models : sequence of str
        As `riskmodel.scoring.find_model` takes them.
    settings : Settings
    cohort : Path, optional
        Folder whose patients the page Patients shows.

    Raises
    ------
    SchemaError
        When a model, the cohort or the audit log cannot be used, or the extra is not installed.
    """
    try:
        import fastapi
        import markdown_it
        import python_multipart
        import uvicorn
    except ModuleNotFoundError as error:
        raise SchemaError(
            f"'riskmodel serve' needs the package '{error.name}'. Install it with: "
            "pip install 'riskmodel[web]'."
        ) from None
    del fastapi, markdown_it, python_multipart
    from riskmodel.cohort import read_cohort
    from riskmodel.web.app import make_app
    from riskmodel.web.engine import load_engine
    from riskmodel.web.security.audit import AuditLog
    from riskmodel.web.security.logs import LOGGING

    loaded = read_cohort(cohort) if cohort is not None else None
    engine = load_engine(models)
    app = make_app(engine, settings, AuditLog(settings.audit_log), loaded)
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        log_config=LOGGING,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=settings.limits.parallel,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=10,
        h11_max_incomplete_event_size=65_536,
    )
