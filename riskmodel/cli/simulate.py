"""Command simulate: a cohort with a known truth, or the calibration of the simulation."""

from pathlib import Path
from typing import Annotated

import typer

from riskmodel.cli.reading import say
from riskmodel.errors import SchemaError


def _page(path: Path | None) -> Path | None:
    if path is not None and path.suffix.lower() != ".html":
        raise typer.BadParameter(f"'{path}' does not end in .html.")
    return path


def simulate(
    out: Annotated[
        Path | None,
        typer.Argument(metavar="[OUT]", show_default=False, help="Cohort folder to write."),
    ] = None,
    patients: Annotated[
        int | None, typer.Option(min=1, show_default=False, help="How many; needed with OUT.")
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            min=0,
            show_default=False,
            help="Same seed, same bytes; needed with OUT. Without it: of the report's cohorts.",
        ),
    ] = None,
    world: Annotated[
        str, typer.Option(help="What is true in it; an unknown name lists all.")
    ] = "literature",
    products: Annotated[
        str | None,
        typer.Option(
            show_default=False,
            help="Products or targets to draw from, with commas: axi-cel,cilta-cel. All if absent.",
        ),
    ] = None,
    sampling: Annotated[
        str, typer.Option(help="How blood is drawn; an unknown name lists all.")
    ] = "ward",
    report: Annotated[
        Path | None,
        typer.Option(
            callback=_page,
            show_default=False,
            help="Write the calibration page here (.html): published figures beside simulated "
            "ones, of cohorts that it draws itself, with or without OUT.",
        ),
    ] = None,
) -> None:
    """Write a simulated cohort with its truth.csv, the calibration page (--report), or both."""
    if out is None and report is None:
        raise typer.BadParameter("Name a folder OUT, or a page with --report FILE.html.")
    if out is not None and (patients is None or seed is None):
        raise typer.BadParameter("A cohort folder needs --patients N and --seed S.")
    if out is None and (patients is not None or products is not None or world != "literature"):
        raise typer.BadParameter(
            "--patients, --products and --world describe a cohort: name its folder OUT. "
            "The report draws its own cohorts, in the world literature."
        )
    if out is not None and patients is not None and seed is not None:
        _write_cohort(out, patients, seed, world, products, sampling)
    if report is not None:
        _write_report(report, 0 if out is not None or seed is None else seed)


def _write_cohort(
    out: Path, patients: int, seed: int, world: str, products: str | None, sampling: str
) -> None:
    from riskmodel.simulation import settings, simulate as write_cohort

    chosen = None if products is None else [p for p in map(str.strip, products.split(",")) if p]
    try:
        settings(world, chosen, sampling=sampling)
    except SchemaError as error:
        raise typer.BadParameter(str(error)) from None
    write_cohort(out, patients=patients, seed=seed, world=world, products=chosen, sampling=sampling)
    mix = "" if chosen is None else f", products {', '.join(chosen)}"
    mix += "" if sampling == "ward" else f", sampling {sampling}"
    typer.echo(f"Wrote {patients} simulated patients (world {world}, seed {seed}{mix}) to {out}.")


def _write_report(report: Path, seed: int) -> None:
    from riskmodel.simulation import write_calibration

    say("Drawing the cohorts of the calibration report; this takes about a minute.")
    comparisons = write_calibration(report, seed)
    judged = [c.holds for c in comparisons if c.holds is not None]
    typer.echo(
        f"Wrote {report}: {sum(judged)} of {len(judged)} simulated figures lie within their "
        f"tolerance of the published ones, {len(comparisons) - len(judged)} are shown only."
    )
