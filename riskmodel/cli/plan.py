"""Command plan: how many patients a study asks for."""

from typing import Annotated

import typer

from riskmodel.errors import SchemaError


def plan(
    prevalence: Annotated[
        float, typer.Option(help="Share of patients with the event before the horizon: 0.07.")
    ],
    parameters: Annotated[int, typer.Option(min=1, help="Candidate parameters of the model.")],
    auroc: Annotated[float, typer.Option(help="Anticipated AUROC (c statistic); be conservative.")],
    threshold: Annotated[float, typer.Option(help="Risk at which somebody would act.")] = 0.1,
    per_month: Annotated[
        float | None, typer.Option(show_default=False, help="Patients a month: adds months.")
    ] = None,
    margin: Annotated[
        float, typer.Option(help="Within which the overall risk is to be known.")
    ] = 0.05,
    ratio_width: Annotated[
        float, typer.Option(help="Width of the 95% interval of observed / expected.")
    ] = 0.2,
    slope_width: Annotated[float, typer.Option(help="Of the calibration slope.")] = 0.2,
    auroc_width: Annotated[float, typer.Option(help="Of the AUROC.")] = 0.1,
    benefit_width: Annotated[float, typer.Option(help="Of standardised net benefit.")] = 0.2,
) -> None:
    """Patients, events and months for developing a model and for validating one."""
    from riskmodel.evaluation import plan as planned

    try:
        found = planned(
            prevalence,
            parameters,
            auroc,
            threshold=threshold,
            per_month=per_month,
            margin=margin,
            ratio_width=ratio_width,
            slope_width=slope_width,
            auroc_width=auroc_width,
            benefit_width=benefit_width,
        )
    except SchemaError as error:
        raise typer.BadParameter(str(error)) from None
    for line in found.lines():
        typer.echo(line)
