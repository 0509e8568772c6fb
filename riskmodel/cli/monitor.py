"""Command monitor."""

from pathlib import Path
from typing import Annotated

import typer

from riskmodel.cli.arguments import CohortFolder, ModelName
from riskmodel.cli.reading import say, usable


def monitor(
    cohort: CohortFolder,
    model: ModelName,
    reference: Annotated[
        Path,
        typer.Option(
            metavar="SCORES",
            help="Scores of this model on patients for whom it was found fit (.csv or .parquet); "
            "with --explain in them, inputs are watched by clinical factor.",
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(help="Also write a page (.html) or a table (.csv, .parquet).")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 on an alarm.")] = False,
) -> None:
    """Watch inputs, scores and calibration of a model in use; made for few patients a month."""
    from riskmodel.files import write_table
    from riskmodel.monitoring import (
        monitor as watch,
        monitor_text,
        read_reference,
        write_monitor_page,
    )
    from riskmodel.scoring import find_model

    if out is not None and out.suffix.lower() not in (".html", ".csv", ".parquet"):
        raise typer.BadParameter(f"'{out}' does not end in .html, .csv or .parquet.")
    before = read_reference(reference)
    found = watch(usable(cohort), find_model(model), before)
    typer.echo(monitor_text(found))
    if out is not None:
        if out.suffix.lower() == ".html":
            write_monitor_page(found, out)
        else:
            write_table(found.table(), out)
        say(f"Wrote {out}.")
    if strict and found.alarms:
        raise typer.Exit(1)
