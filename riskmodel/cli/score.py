"""Commands score and report."""

import errno
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskmodel.cli.arguments import (
    CohortFolder,
    Decimal,
    ModelName,
    Thousands,
    prediction_time,
    prediction_times,
)
from riskmodel.cli.progress import sentences_of, show
from riskmodel.cli.reading import read, say
from riskmodel.errors import SchemaError

if TYPE_CHECKING:
    from riskmodel.scoring import Batch


class Form(StrEnum):
    """Forms of the output."""

    cohort = "cohort"
    meds = "meds"
    omop = "omop"
    fhir = "fhir"
    adam = "adam"


class Engine(StrEnum):
    """What the scoring runs on."""

    local = "local"
    spark = "spark"


def score(
    cohort: Annotated[
        str, typer.Argument(metavar="COHORT", help="Cohort folder; with Spark also an address.")
    ],
    model: Annotated[
        list[str],
        typer.Option(
            help="Model folder, models:/NAME@champion, or a shipped model; several are matched to "
            "the times by their stage."
        ),
    ],
    at: Annotated[
        list[str],
        typer.Option(
            callback=prediction_times,
            help="pre-infusion, day-K before the horizon, or today (last record); several.",
        ),
    ],
    out: Annotated[
        str,
        typer.Option(
            help="Output: .csv or .parquet (adam: or .xpt; fhir: .ndjson, .json; Spark: a folder)."
        ),
    ],
    explain: Annotated[
        bool, typer.Option("--explain", help="Add contributions by clinical factor.")
    ] = False,
    form: Annotated[
        Form, typer.Option("--format", help="The contract's table, or another form of it.")
    ] = Form.cohort,
    engine: Annotated[
        Engine, typer.Option(help="This machine, or a Spark cluster.")
    ] = Engine.local,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an interrupted run stopped.")
    ] = False,
    workers: Annotated[
        int, typer.Option(min=0, help="Processes; 0 for up to one per core.", show_default=False)
    ] = 0,
    track: Annotated[
        bool, typer.Option("--track", help="Log models and counts of the run in MLflow.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing but errors.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the manifest instead of a summary.")
    ] = False,
    decimal: Decimal = "",
    thousands: Thousands = "",
) -> None:
    """Score every patient: a row each, with status and reason; a manifest beside the output."""
    import json

    from riskmodel.cohort import stated_decimal

    sign = stated_decimal(decimal, thousands)
    if engine is Engine.spark:
        if resume:
            raise typer.BadParameter(
                "--resume goes with --engine local: Spark repeats failed tasks by itself. Run the "
                "same command without --resume; the earlier output stays until the new is whole."
            )
        from riskmodel.scoring import score_spark

        made, rejected = score_spark(
            cohort, model, at, out, explain=explain, form=form.value, decimal=sign
        )
    else:
        made, rejected = _score_here(
            cohort, model, at, out, explain, form, resume, workers, quiet, sign
        )
    if track:
        from riskmodel.tracking import log_scores

        run = log_scores(made)
        if not quiet:
            say(f"Logged as run {run}.")
    if not quiet:
        for sentence in sentences_of(rejected):
            say(sentence)
    if as_json:
        typer.echo(json.dumps(made, indent=1))
    elif not quiet:
        show(made, out)
    if not set(made["counts"]["status"]) & {"scored", "partial"}:
        raise SchemaError(f"No patient of '{cohort}' could be scored; each row says why.")


def _score_here(
    cohort: str,
    models: list[str],
    times: list[str],
    out: str,
    explain: bool,
    form: Form,
    resume: bool,
    workers: int,
    quiet: bool,
    decimal: str,
) -> "Batch":
    """Score on this machine, with progress on a terminal."""
    from riskmodel.cli.progress import progress_bar
    from riskmodel.scoring import FORMATS, score_batch

    path = Path(out)
    if path.suffix.lower() not in FORMATS[form.value].endings:
        endings = ", ".join(FORMATS[form.value].endings)
        raise typer.BadParameter(f"'{out}' does not end in one of {endings}.")
    try:
        with progress_bar(quiet) as progress:
            return score_batch(
                Path(cohort), models, times, path, explain=explain, form=form.value, resume=resume,
                workers=workers, progress=progress, decimal=decimal,
            )  # fmt: skip
    except KeyboardInterrupt:
        say(f"Stopped: '{path.name}' is as it was before; --resume goes on with what is finished.")
        raise
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise SchemaError(
            f"The disk of '{out}' is full: '{path.name}' is as it was before. Free some room and "
            "run again with --resume; what was finished is kept."
        ) from None


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
    from riskmodel.patient import report as write_report
    from riskmodel.scoring import find_model

    if at is not None:
        prediction_time(at)
    write_report(read(cohort), patient, find_model(model), out, at=at)
    typer.echo(f"Wrote {out}.")
