"""Command promote."""

from pathlib import Path
from typing import Annotated

import typer

from riskmodel.cli.reading import usable


def promote(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Registered model.")],
    version: Annotated[
        str | None, typer.Argument(metavar="VERSION", help="Version to make champion.")
    ] = None,
    cohort: Annotated[
        Path | None,
        typer.Option(help="Cohort that neither model has seen, to judge both on."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Promote although the gate does not hold.")
    ] = False,
    why: Annotated[str | None, typer.Option(help="Reason, recorded with the version.")] = None,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Give the alias back to the champion before.")
    ] = False,
) -> None:
    """Move the champion alias to a version, if the gate of its design holds."""
    from riskmodel.training import promote as move, rollback as take_back

    if rollback:
        if version is not None or cohort is not None or force:
            raise typer.BadParameter("--rollback goes with NAME and --why alone.")
        typer.echo(take_back(name, why).text())
        return
    if version is None:
        raise typer.BadParameter("VERSION is missing.")
    done = move(
        name,
        version,
        cohort=None if cohort is None else usable(cohort),
        force=force,
        why=why,
    )
    typer.echo(done.text())
    if not done.moved and done.champion != done.version:
        raise typer.Exit(1)
