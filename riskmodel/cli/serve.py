"""Command serve."""

from pathlib import Path
from typing import Annotated

import typer

from riskmodel.cli.reading import say


def serve(
    model: Annotated[
        list[str] | None,
        typer.Option("--model", help="As often as there are models; by default both shipped ones."),
    ] = None,
    cohort: Annotated[
        Path | None, typer.Option(help="Cohort folder whose patients are shown, scored.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    token: Annotated[
        str, typer.Option(envvar="RISKMODEL_TOKEN", help="Asked of every request.")
    ] = "",
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="A proxy in front decides who may ask.")
    ] = False,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(help="A further name that requests may be addressed to, as often as needed."),
    ] = None,
    audit_log: Annotated[
        Path | None, typer.Option(help="Note requests here, with hashed identifiers.")
    ] = None,
) -> None:
    """Serve the clinician's pages, the interface for programs, and CDS Hooks."""
    from riskmodel import RESEARCH_USE
    from riskmodel.web import Settings, serve as run

    settings = Settings(
        host=host,
        port=port,
        token=token,
        behind_proxy=behind_proxy,
        allowed_hosts=tuple(allowed_host or ()),
        audit_log=audit_log,
    )
    run(
        model or ["pre-infusion", "early"],
        settings,
        cohort=cohort,
        ready=lambda: say(f"Serving on http://{host}:{port}/ until interrupted. {RESEARCH_USE}"),
    )
