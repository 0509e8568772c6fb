"""Command features: the feature matrix, and the data dictionary."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskmodel.cli.arguments import optional_table_file, prediction_time
from riskmodel.cli.reading import say, usable

if TYPE_CHECKING:
    from riskmodel.cohort import Cohort


class DictionaryForm(StrEnum):
    """Forms of the data dictionary."""

    text = "text"
    markdown = "markdown"
    html = "html"


def _optional_prediction_time(text: str | None) -> str | None:
    return None if text is None else prediction_time(text)


def features(
    cohort: Annotated[
        Path | None, typer.Argument(metavar="COHORT", help="Cohort folder.", show_default=False)
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(callback=_optional_prediction_time, help="pre-infusion, or day-1 to day-29."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(callback=optional_table_file, help="Output, .csv or .parquet."),
    ] = None,
    sources: Annotated[
        Path | None,
        typer.Option(
            callback=optional_table_file,
            help="Write here which measure each tumor burden rests on and what each published "
            "score misses (.csv or .parquet).",
        ),
    ] = None,
    listed: Annotated[
        bool, typer.Option("--list", help="Print the data dictionary: every feature.")
    ] = False,
    form: Annotated[
        DictionaryForm, typer.Option("--format", help="Form of the data dictionary.")
    ] = DictionaryForm.text,
) -> None:
    """Build the feature matrix at a prediction time, or print the data dictionary (--list)."""
    from riskmodel.features import load_catalogue, written

    if listed:
        if cohort is not None or at is not None or out is not None or sources is not None:
            raise typer.BadParameter("--list stands alone: it shows the catalogue, not a cohort.")
        typer.echo(written(load_catalogue(), form.value), nl=False)
        return
    if cohort is None or at is None or out is None:
        raise typer.BadParameter("COHORT, --at and --out are needed, or --list.")
    _build(usable(cohort), at, out, sources)


def _build(cohort: "Cohort", at: str, out: Path, sources: Path | None) -> None:
    from riskmodel.features import (
        Records,
        feature_sources,
        implausible,
        load_catalogue,
        matrix,
        prediction_hours,
    )
    from riskmodel.files import write_table

    hours = prediction_hours(at)
    catalogue = load_catalogue().stage("pre_infusion" if hours == 0 else "early")
    unused = cohort.notes.get("unknown columns (not used)", {})
    if unused:
        say(f"Columns that are not in the cohort contract, not used: {', '.join(unused)}.")
    records = Records(cohort)
    built = matrix(records, catalogue, hours)
    write_table(built, out)
    if sources is not None:
        write_table(feature_sources(records, hours, catalogue), sources)
    outside = implausible(records, catalogue, hours)
    if len(outside):
        shown = ", ".join(f"{name} ({count})" for name, count in outside.items())
        say(f"Values outside their plausible range, taken as missing: {shown}.")
    known = built[catalogue.names].notna().to_numpy().mean()
    typer.echo(
        f"Wrote {len(built)} rows x {len(catalogue)} features at {at} to {out}; "
        f"{known:.0%} of the values are known."
    )
