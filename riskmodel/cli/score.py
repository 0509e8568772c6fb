"""Commands score and report."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskmodel.cli.arguments import (
    CohortFolder,
    ModelName,
    PredictionTime,
    TableFile,
    prediction_time,
)
from riskmodel.cli.reading import read
from riskmodel.errors import SchemaError

if TYPE_CHECKING:
    pass


def score(
    cohort: CohortFolder,
    model: ModelName,
    at: PredictionTime,
    out: TableFile,
    explain: Annotated[
        bool, typer.Option("--explain", help="Add contributions by clinical factor.")
    ] = False,
) -> None:
    """Score every patient: a row each, with status and reason."""
    from riskmodel.files import write_table
    from riskmodel.scoring import find_model
    from riskmodel.scoring import score as score_cohort

    used = find_model(model)
    scores = score_cohort(read(cohort), used, at, explain=explain)
    write_table(scores, out)
    counts = scores["status"].value_counts()
    shown = ", ".join(f"{name} {count}" for name, count in counts.items())
    typer.echo(f"Wrote {len(scores)} rows to {out}: {shown}.")
    typer.echo(scores["note"].iloc[0])
    if not scores["status"].isin(("scored", "partial")).any():
        raise SchemaError(f"No patient of '{cohort}' could be scored; each row says why.")


def report(
    cohort: CohortFolder,
    patient: Annotated[str, typer.Option(help="patient_id.")],
    model: ModelName,
    out: Annotated[Path, typer.Option(help="HTML file to write.")],
    at: Annotated[
        str | None,
        typer.Option(help="Prediction time; by default pre-infusion, or the last day known."),
    ] = None,
) -> None:
    """Write one self-contained page about one patient."""
    from riskmodel.scoring import find_model
    from riskmodel.scoring import report as write_report

    if at is not None:
        prediction_time(at)
    write_report(read(cohort), patient, find_model(model), out, at=at)
    typer.echo(f"Wrote {out}.")
