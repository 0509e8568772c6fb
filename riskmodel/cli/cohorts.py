"""Commands that make or check a cohort folder: demo, simulate, check."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskmodel.cli.arguments import (
    CohortFolder,
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


def simulate(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Cohort folder to write.")],
    patients: Annotated[int, typer.Option(min=1, help="How many.")],
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")],
    world: Annotated[str, typer.Option(help="Which world.")] = "literature",
) -> None:
    """Write a simulated cohort with its truth.csv."""
    from riskmodel.training import simulate as write_cohort

    write_cohort(out, patients=patients, seed=seed, world=world)
    typer.echo(f"Wrote {patients} simulated patients (world {world}, seed {seed}) to {out}.")


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
) -> None:
    """Show what is in a cohort, what was converted, what is missing and what was rejected."""
    from riskmodel.cohort import read_cohort, summary
    from riskmodel.files import write_table

    found = read_cohort(cohort)
    typer.echo(summary(found))
    if rejected is not None:
        write_table(found.rejected, rejected)
    if len(found) == 0:
        raise SchemaError(f"Cohort '{cohort}' has no usable patient; the reasons stand above.")
    if strict and len(found.rejected):
        raise typer.Exit(1)
