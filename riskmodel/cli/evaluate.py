"""Command evaluate."""

from pathlib import Path
from typing import Annotated

import typer

from riskmodel import RESEARCH_USE
from riskmodel.cli.arguments import CohortFolder, Labels, ModelName
from riskmodel.cli.reading import say, usable


def evaluate(
    cohort: CohortFolder,
    model: ModelName,
    out: Annotated[Path, typer.Option(help="Folder to write.")],
    labels: Annotated[
        Labels | None, typer.Option(help="Source of the outcomes instead of the model's.")
    ] = None,
    definition: Annotated[
        str | None, typer.Option(help="Label definition instead of the model's.")
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(help="Alarm policy, a name or a TOML file, instead of the model's."),
    ] = None,
    draws: Annotated[
        int, typer.Option(min=0, help="Bootstrap draws of patients behind each interval.")
    ] = 500,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 20,
    track: Annotated[bool, typer.Option("--track", help="Log the evaluation in MLflow.")] = False,
) -> None:
    """Evaluate a model on a cohort: figures with intervals, pictures and one report."""
    from riskmodel.evaluation import evaluate as evaluate_model
    from riskmodel.scoring import find_model

    used = find_model(model)
    found = evaluate_model(
        usable(cohort),
        used,
        labels=None if labels is None else labels.value,
        definition=definition,
        draws=draws,
        seed=seed,
        policy=policy,
        out=out,
    )
    for line in found.lines():
        typer.echo(line)
    if track:
        from riskmodel.tracking import log_evaluation

        run = log_evaluation(used, found.figures, out, {"cohort": cohort.name})
        say(f"Logged as run {run}.")
    say(f"Wrote {out}: open {out / 'report.html'}.")
    typer.echo(RESEARCH_USE)
