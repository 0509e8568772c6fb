"""What every command does around its one call: read the cohort, say what was rejected."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from riskmodel.errors import SchemaError

if TYPE_CHECKING:
    from riskmodel.cohort import Cohort


def say(text: str) -> None:
    """Print a line beside the output proper."""
    typer.echo(text, err=True)


def read(folder: Path) -> "Cohort":
    """Read a cohort and say what was rejected; refuse one without a usable patient."""
    from riskmodel.cohort import read_cohort, sentences

    cohort = read_cohort(folder)
    for sentence in sentences(cohort.rejected):
        say(sentence)
    return cohort


def usable(folder: Path) -> "Cohort":
    """Read a cohort that has at least one usable patient."""
    cohort = read(folder)
    if len(cohort) == 0:
        raise SchemaError(f"Cohort '{folder}' has no usable patient; the reasons stand above.")
    return cohort
