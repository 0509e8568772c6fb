"""Arguments and options that several commands share, and what they refuse."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

CohortFolder = Annotated[Path, typer.Argument(metavar="COHORT", help="Cohort folder.")]
ModelName = Annotated[
    str, typer.Option("--model", help="Model folder, models:/NAME@champion, or a shipped model.")
]


Decimal = Annotated[
    str,
    typer.Option("--decimal", help="Decimal sign of numbers as text, where nothing tells it."),
]
Thousands = Annotated[
    str, typer.Option("--thousands", help="Sign between thousands, where nothing tells it.")
]


class Stage(StrEnum):
    """Stages of a model."""

    pre_infusion = "pre_infusion"
    early = "early"


class Labels(StrEnum):
    """Sources of the training labels."""

    rules = "rules"
    adjudicated = "adjudicated"
    both = "rules+adjudicated"


class CytopeniaRule(StrEnum):
    """Readings of a cytopenia after haematological recovery."""

    recovery = "recovery"
    infusion = "infusion"
    worsening = "worsening"
    any = "any"


class CrsRule(StrEnum):
    """Readings of hyperinflammation while severe CRS stands."""

    off = "off"
    prefer = "prefer"
    strict = "strict"


class Closed(StrEnum):
    """Ends of a horizon that count as inside it."""

    left = "left"
    both = "both"


def prediction_time(text: str) -> str:
    """A prediction time as typed; anything else is wrong usage."""
    from riskmodel.errors import SchemaError
    from riskmodel.features import prediction_hours

    try:
        prediction_hours(text)
    except SchemaError as error:
        raise typer.BadParameter(str(error)) from None
    return text


def prediction_times(texts: list[str]) -> list[str]:
    """Prediction times as typed, ``today`` among them; anything else is wrong usage."""
    for text in texts:
        if text != "today":
            prediction_time(text)
    return texts


def table_file(path: Path) -> Path:
    """A path that ends as a table does; any other ending is wrong usage."""
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise typer.BadParameter(f"'{path}' does not end in .csv or .parquet.")
    return path


def optional_table_file(path: Path | None) -> Path | None:
    """A table file, or none."""
    return None if path is None else table_file(path)
