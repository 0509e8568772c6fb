"""Command train."""

from math import isnan
from pathlib import Path
from typing import Annotated

import typer

from riskmodel import RESEARCH_USE
from riskmodel.cli.arguments import (
    CohortFolder,
    Labels,
    Stage,
)
from riskmodel.cli.reading import say, usable


def train(
    cohort: CohortFolder,
    stage: Annotated[Stage, typer.Option(help="Stage of the model.")],
    out: Annotated[Path, typer.Option(help="Model folder to write.")],
    labels: Annotated[
        Labels | None, typer.Option(help="Source of the labels; the design's by default.")
    ] = None,
    definition: Annotated[
        str | None, typer.Option(help="Label definition instead of the design's.")
    ] = None,
    design: Annotated[
        str,
        typer.Option(help="Training design: default, quick, leave-one-centre-out, or a TOML file."),
    ] = "default",
    start_from: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="MODEL",
            help="Update this model (folder, models:/NAME@champion, or shipped) on the cohort.",
        ),
    ] = None,
    evaluation: Annotated[
        Path | None, typer.Option(help="Folder for the whole evaluation: tables, report.html.")
    ] = None,
    register: Annotated[str | None, typer.Option(help="Register in MLflow by this name.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Train although too much of the time was not watched.")
    ] = False,
    why: Annotated[str | None, typer.Option(help="Reason, recorded on the card.")] = None,
    no_track: Annotated[bool, typer.Option("--no-track", help="Train without MLflow.")] = False,
) -> None:
    """Train a model of one stage, with nested cross-validation, and log it in MLflow."""
    from riskmodel.scoring import find_model
    from riskmodel.training import train as train_model

    result = train_model(
        usable(cohort),
        stage.value,
        labels=None if labels is None else labels.value,
        design=design,
        definition=definition,
        simulated=(cohort / "truth.csv").exists(),
        update=None if start_from is None else find_model(start_from),
        out=out,
        evaluation_out=evaluation,
        register=register,
        track=not no_track,
        force=force,
        why=why,
        progress=lambda text: say(f"{stage.value}: {text}"),
    )
    for text in result.warnings:
        say(f"Warning: {text}")
    updated = result.model.card.updated_from
    if updated:
        typer.echo(updated.sentence)
    counts = result.model.counts
    typer.echo(
        f"Trained '{result.model.name}' on {counts['patients']} patients with "
        f"{counts['events']} events; wrote {out}."
    )
    overall = result.performance[result.performance["subset"] == "all"]
    shown = overall[overall["metric"].isin(("auroc", "log_loss"))]
    for model, metric, value, low, high in zip(
        *(shown[column] for column in ("model", "metric", "value", "low", "high")), strict=True
    ):
        found = "not estimable" if isnan(value) else f"{value:.3f} ({low:.3f} to {high:.3f})"
        typer.echo(f"  {model}: {metric} {found}")
    if result.version is not None:
        from riskmodel.tracking import champion_version

        champion = champion_version(str(register))
        typer.echo(
            f"Registered as models:/{register}/{result.version}; "
            f"models:/{register}@champion "
            f"{'points at nothing' if champion is None else f'is version {champion}'}."
        )
    typer.echo(RESEARCH_USE)
