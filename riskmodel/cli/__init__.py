"""The command line: every command reads its arguments and calls one public function."""

from typing import Annotated

import typer

from riskmodel import RESEARCH_USE, __version__
from riskmodel.cli.cohorts import check, demo
from riskmodel.cli.convert import fhir, meds, omop, propose, sdtm, table
from riskmodel.cli.evaluate import evaluate
from riskmodel.cli.features import features
from riskmodel.cli.label import label
from riskmodel.cli.monitor import monitor
from riskmodel.cli.plan import plan
from riskmodel.cli.promote import promote
from riskmodel.cli.reading import say
from riskmodel.cli.score import report, score
from riskmodel.cli.serve import serve
from riskmodel.cli.simulate import simulate
from riskmodel.cli.train import train
from riskmodel.errors import SchemaError

app = typer.Typer(
    name="riskmodel",
    help=f"Early prediction of IEC-HS after CAR-T therapy.\n\n{RESEARCH_USE}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_COMMANDS = (
    demo,
    simulate,
    check,
    label,
    features,
    train,
    evaluate,
    plan,
    promote,
    score,
    report,
    serve,
    monitor,
)
for _command in _COMMANDS:
    app.command()(_command)
app.command("map")(propose)

convert_app = typer.Typer(
    help="Read OMOP CDM, FHIR, MEDS or spreadsheets and write a cohort folder.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(convert_app, name="convert")
for _reader in (omop, fhir, meds, sdtm, table):
    convert_app.command()(_reader)


def _version(shown: bool) -> None:
    if shown:
        typer.echo(f"riskmodel {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options of every command."""


def main() -> None:
    """Entry point: 0 done, 1 data refused, 2 wrong usage."""
    try:
        app()
    except SchemaError as error:
        say(f"Error: {error}")
        raise SystemExit(1) from None
    except OSError as error:
        where = f" '{error.filename}'" if error.filename else ""
        say(f"Error: the file system refused{where}: {error.strerror or error}.")
        raise SystemExit(1) from None
