"""Command label: one definition, all definitions side by side, or one patient."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskmodel.cli.arguments import (
    Closed,
    CohortFolder,
    CrsRule,
    CytopeniaRule,
    table_file,
)
from riskmodel.cli.reading import read, say, usable

if TYPE_CHECKING:
    from riskmodel.cohort import Cohort


def label(
    cohort: CohortFolder,
    out: Annotated[
        Path | None,
        typer.Option(help="Output, .csv or .parquet; with --patient an .html page, or none."),
    ] = None,
    definition: Annotated[str, typer.Option(help="Label definition.")] = "astct-2024",
    cytopenia_rule: Annotated[
        CytopeniaRule, typer.Option(help="Cytopenia after haematological recovery.")
    ] = CytopeniaRule.worsening,
    require_new_after_crs: Annotated[
        CrsRule | None,
        typer.Option(help="Severe CRS that recovers; the definition's own reading if left out."),
    ] = None,
    horizon_days: Annotated[float, typer.Option(min=0.1, help="Horizon.")] = 14.0,
    closed: Annotated[
        Closed, typer.Option(help="Horizon itself excluded (left) or included (both).")
    ] = Closed.left,
    compare: Annotated[
        bool,
        typer.Option("--compare", help="All definitions side by side instead, with a picture."),
    ] = False,
    patient: Annotated[
        str | None, typer.Option(help="patient_id: the timeline of one patient.")
    ] = None,
) -> None:
    """Label a cohort by a definition, compare all definitions, or show one patient's signs."""
    from riskmodel.criteria import label as label_cohort
    from riskmodel.files import write_table

    if patient is not None and compare:
        raise typer.BadParameter("--patient and --compare exclude each other.")
    if require_new_after_crs is not None:
        definition = f"{definition}/{require_new_after_crs.value}"
    if patient is not None:
        if out is not None and out.suffix.lower() != ".html":
            raise typer.BadParameter(f"'{out}' does not end in .html, as a timeline does.")
        _show_patient(read(cohort), patient, definition, cytopenia_rule, horizon_days, closed, out)
        return
    if out is None:
        raise typer.BadParameter("--out is missing: name a .csv or .parquet file.")
    table_file(out)
    if compare:
        _compare_definitions(usable(cohort), cohort.resolve().name, horizon_days, closed, out)
        return
    labels = label_cohort(
        usable(cohort), definition, cytopenia_rule=cytopenia_rule.value,
        horizon_days=horizon_days, closed=closed.value,
    )  # fmt: skip
    write_table(labels, out)
    counts = labels["outcome"].value_counts()
    shown = ", ".join(f"{name} {count}" for name, count in counts.items())
    rule = labels["cytopenia_rule"].iloc[0] or "none"
    crs = labels["require_new_after_crs"].iloc[0] or "none"
    end = "up to and including" if closed is Closed.both else "before"
    typer.echo(
        f"Wrote {len(labels)} label rows to {out} ({definition}, cytopenia rule {rule}, "
        f"new after CRS {crs}, onset {end} day {horizon_days:g}): {shown}."
    )


def _show_patient(
    cohort: "Cohort",
    patient: str,
    definition: str,
    rule: CytopeniaRule,
    horizon_days: float,
    closed: Closed,
    out: Path | None,
) -> None:
    """Print one patient's timeline, and write it as a page where asked."""
    from riskmodel.patient import patient_timeline, timeline_text, write_timeline

    found = patient_timeline(
        cohort, patient, definition,
        cytopenia_rule=rule.value, horizon_days=horizon_days, closed=closed.value,
    )  # fmt: skip
    typer.echo(timeline_text(found))
    if out is not None:
        write_timeline(found, out)
        say(f"Wrote {out}.")


def _compare_definitions(
    cohort: "Cohort", name: str, horizon_days: float, closed: Closed, out: Path
) -> None:
    """Print the comparison of all definitions, and write its table, picture and page."""
    from riskmodel.criteria import compare
    from riskmodel.files import write_table
    from riskmodel.patient import write_comparison

    comparison = compare(cohort, horizon_days=horizon_days, closed=closed.value)
    write_table(comparison.table(), out)
    picture, page = write_comparison(comparison, name, out)
    typer.echo(comparison.text())
    say(f"Wrote {out}, {picture} and {page}.")
