"""Commands that make or check a cohort folder: demo, check."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskmodel.cli.arguments import (
    CohortFolder,
    Decimal,
    Thousands,
    optional_table_file,
)
from riskmodel.errors import SchemaError

if TYPE_CHECKING:
    pass


def demo(
    out: Annotated[Path, typer.Option(help="Folder to fill.")] = Path("demo"),
    patients: Annotated[int, typer.Option(min=50, help="Simulated patients.")] = 600,
    seed: Annotated[int, typer.Option(help="Seed of the simulation.")] = 7,
) -> None:
    """Simulate, check, label, train both stages, register, score and explain."""
    from riskmodel.demo import run_demo

    run_demo(out, patients=patients, seed=seed)


def check(
    cohort: CohortFolder,
    rejected: Annotated[
        Path | None,
        typer.Option(
            callback=optional_table_file,
            help="Write every rejected row with its reason here (.csv or .parquet).",
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 1 when anything was rejected.")
    ] = False,
    decimal: Decimal = "",
    thousands: Thousands = "",
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Write the cohort here as it was read, in canonical units."),
    ] = None,
) -> None:
    """Show what is in a cohort, what was converted, what is missing and what was rejected."""
    from riskmodel.cohort import read_cohort, summary, write_cohort
    from riskmodel.files import write_table

    found = read_cohort(cohort, decimal=decimal, thousands=thousands)
    typer.echo(summary(found))
    if rejected is not None:
        write_table(found.rejected, rejected)
    if len(found) == 0:
        raise SchemaError(f"Cohort '{cohort}' has no usable patient; the reasons stand above.")
    if out is not None:
        write_cohort(found, out)
    if strict and len(found.rejected):
        raise typer.Exit(1)
