"""Command features: the feature matrix."""

from typing import TYPE_CHECKING

import typer

from riskmodel.cli.arguments import CohortFolder, PredictionTime, TableFile
from riskmodel.cli.reading import usable

if TYPE_CHECKING:
    pass


def features(
    cohort: CohortFolder,
    at: PredictionTime,
    out: TableFile,
) -> None:
    """Build the feature matrix at a prediction time."""
    from riskmodel.features import load_catalogue, matrix, prediction_hours
    from riskmodel.files import write_table

    hours = prediction_hours(at)
    catalogue = load_catalogue().stage("pre_infusion" if hours == 0 else "early")
    built = matrix(usable(cohort), catalogue, hours)
    write_table(built, out)
    known = built[catalogue.names].notna().to_numpy().mean()
    typer.echo(
        f"Wrote {len(built)} rows x {len(catalogue)} features at {at} to {out}; "
        f"{known:.0%} of the values are known."
    )
