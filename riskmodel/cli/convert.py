"""Commands convert omop, fhir, meds, sdtm and table, and map, which proposes a mapping."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskmodel.cli.arguments import Decimal, Thousands
from riskmodel.cli.reading import say
from riskmodel.errors import SchemaError

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
    decimal: Decimal = "",
    thousands: Thousands = "",
) -> None:
    """Convert an OMOP CDM 5.4 source; it is only read.

    Example: riskmodel convert omop postgresql+psycopg://me@host/cdm OUT --infusions list.csv
    """
    from riskmodel.cohort import read_omop, stated_decimal

    sign = stated_decimal(decimal, thousands)
    found = read_omop(source, infusions=infusions, mapping=mapping, timezone=timezone, decimal=sign)
    _write_converted(found, out)


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
    decimal: Decimal = "",
    thousands: Thousands = "",
    download: Annotated[
        Path | None,
        typer.Option(help="Folder that keeps what a server sends, to go on after a break."),
    ] = None,
) -> None:
    """Convert a FHIR R4 source.

    A server's bearer token stands in the environment variable RISKMODEL_FHIR_TOKEN.

    Example: riskmodel convert fhir bulk_export OUT --infusions list.csv
    """
    from riskmodel.cohort import read_fhir, stated_decimal

    found = read_fhir(
        source,
        infusions=infusions,
        mapping=mapping,
        identifier_system=identifier_system,
        timezone=timezone,
        download=download,
        decimal=stated_decimal(decimal, thousands),
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
    decimal: Decimal = "",
    thousands: Thousands = "",
) -> None:
    """Convert a MEDS dataset.

    Example: riskmodel convert meds MEDS_cohort OUT --mapping codes.toml
    """
    from riskmodel.cohort import read_meds, stated_decimal

    sign = stated_decimal(decimal, thousands)
    found = read_meds(source, infusions=infusions, mapping=mapping, timezone=timezone, decimal=sign)
    _write_converted(found, out)


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
    decimal: Decimal = "",
    thousands: Thousands = "",
) -> None:
    """Convert the SDTM datasets of a trial.

    Example: riskmodel convert sdtm study/sdtm OUT --mapping study.toml
    """
    from riskmodel.cohort import read_sdtm, stated_decimal

    sign = stated_decimal(decimal, thousands)
    found = read_sdtm(source, infusions=infusions, mapping=mapping, timezone=timezone, decimal=sign)
    _write_converted(found, out)


Spreadsheets = Annotated[
    Path,
    typer.Argument(
        metavar="SOURCE",
        help="Spreadsheet (CSV, TSV, XLSX, SPSS, SAS, Stata), or a folder of them.",
    ),
]
DataDictionary = Annotated[
    Path | None,
    typer.Option("--dictionary", help="Data dictionary of a REDCap project; SOURCE is its export."),
]


def table(
    source: Spreadsheets,
    out: ConvertedFolder,
    mapping: Annotated[
        Path, typer.Option("--mapping", help="TOML that says which column is what: riskmodel map.")
    ],
    dictionary: DataDictionary = None,
    decimal: Decimal = "",
    thousands: Thousands = "",
) -> None:
    """Convert spreadsheets of any form by a mapping.

    Example: riskmodel convert table export.xlsx OUT --mapping mapping.toml
    """
    from riskmodel.cohort import read_spreadsheets, stated_decimal

    sign = stated_decimal(decimal, thousands)
    _write_converted(read_spreadsheets(source, mapping, dictionary=dictionary, decimal=sign), out)


def propose(
    source: Spreadsheets,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the mapping here; else it is printed.")
    ] = None,
    dictionary: DataDictionary = None,
) -> None:
    """Propose a mapping for spreadsheets, say how sure each line is, and show what it would read.

    Example: riskmodel map export.xlsx --out mapping.toml
    """
    import tempfile

    from riskmodel.cohort import (
        guess_mapping,
        read_spreadsheets,
        source_sheets,
        summary,
        written_mapping,
    )
    from riskmodel.files import write_text

    sheets = source_sheets(source, dictionary)
    text = written_mapping(guess_mapping(sheets), sheets)
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_text(out, text)
    with tempfile.TemporaryDirectory() as folder:
        path = out or Path(folder) / "mapping.toml"
        path.write_text(text, encoding="utf-8")
        try:
            found = read_spreadsheets(source, path, dictionary=dictionary)
        except SchemaError as error:
            say(str(error))
            return
    say("With this mapping it would read:")
    say(summary(found))
