"""Commands convert omop, fhir, meds and sdtm."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskmodel.cli.reading import say

if TYPE_CHECKING:
    from riskmodel.cohort import Cohort


ConvertedFolder = Annotated[
    Path, typer.Argument(metavar="OUT", help="Cohort folder to write, with its report.")
]
InfusionList = Annotated[
    Path | None,
    typer.Option(
        "--infusions",
        help="List of infusions (.csv or .parquet): patient_id, infusion_time, optional product.",
    ),
]
CodeMap = Annotated[
    Path | None, typer.Option("--mapping", help="TOML file of codes, read beside the defaults.")
]

Timezone = Annotated[
    str,
    typer.Option(help="Time zone of times that name none, such as Europe/Madrid."),
]


def _write_converted(cohort: "Cohort", out: Path) -> None:
    """Write a converted cohort, and say what it holds and what was left out."""
    from riskmodel.cohort import CHECK, sentences, write_cohort

    for sentence in sentences(cohort.rejected):
        say(sentence)
    for told, count in cohort.notes.get(CHECK, {}).items():
        say(f"Please check: {told} ({count}).")
    write_cohort(cohort, out)
    typer.echo(
        f"Wrote {len(cohort)} patients, {len(cohort.labs)} lab results and "
        f"{len(cohort.events)} events to {out}; {len(cohort.rejected)} rows or cells were rejected."
    )


def omop(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE", help="Folder of CSV or Parquet tables, DuckDB file or database URL."
        ),
    ],
    out: ConvertedFolder,
    infusions: InfusionList = None,
    mapping: CodeMap = None,
    timezone: Timezone = "",
) -> None:
    """Convert an OMOP CDM 5.4 source; it is only read.

    Example: riskmodel convert omop postgresql+psycopg://me@host/cdm OUT --infusions list.csv
    """
    from riskmodel.cohort import read_omop

    _write_converted(
        read_omop(source, infusions=infusions, mapping=mapping, timezone=timezone), out
    )


def fhir(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="Bundle (.json), bulk export (.ndjson), folder of them, or a server's https URL.",
        ),
    ],
    out: ConvertedFolder,
    infusions: InfusionList = None,
    mapping: CodeMap = None,
    identifier_system: Annotated[
        str | None,
        typer.Option(help="Take patient_id from the identifier of this system, not Patient.id."),
    ] = None,
    timezone: Timezone = "",
    download: Annotated[
        Path | None,
        typer.Option(help="Folder that keeps what a server sends, to go on after a break."),
    ] = None,
) -> None:
    """Convert a FHIR R4 source.

    A server's bearer token stands in the environment variable RISKMODEL_FHIR_TOKEN.

    Example: riskmodel convert fhir bulk_export OUT --infusions list.csv
    """
    from riskmodel.cohort import read_fhir

    found = read_fhir(
        source,
        infusions=infusions,
        mapping=mapping,
        identifier_system=identifier_system,
        timezone=timezone,
        download=download,
    )
    _write_converted(found, out)


def meds(
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="Folder of a MEDS 0.4 dataset, or a file.")
    ],
    out: ConvertedFolder,
    infusions: InfusionList = None,
    mapping: CodeMap = None,
    timezone: Timezone = "",
) -> None:
    """Convert a MEDS dataset.

    Example: riskmodel convert meds MEDS_cohort OUT --mapping codes.toml
    """
    from riskmodel.cohort import read_meds

    _write_converted(
        read_meds(source, infusions=infusions, mapping=mapping, timezone=timezone), out
    )


def sdtm(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE", help="Folder of SDTM datasets: XPT, Dataset-JSON 1.1 or CSV."
        ),
    ],
    out: ConvertedFolder,
    infusions: InfusionList = None,
    mapping: CodeMap = None,
    timezone: Timezone = "",
) -> None:
    """Convert the SDTM datasets of a trial.

    Example: riskmodel convert sdtm study/sdtm OUT --mapping study.toml
    """
    from riskmodel.cohort import read_sdtm

    found = read_sdtm(source, infusions=infusions, mapping=mapping, timezone=timezone)
    _write_converted(found, out)
