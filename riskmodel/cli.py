"""The command line: every command reads its arguments and calls one public function."""

from enum import StrEnum
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskmodel import RESEARCH_USE, __version__
from riskmodel.errors import SchemaError

if TYPE_CHECKING:
    from riskmodel.cohort import Cohort

app = typer.Typer(
    name="riskmodel",
    help=f"Early prediction of IEC-HS after CAR-T therapy.\n\n{RESEARCH_USE}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

convert_app = typer.Typer(
    help="Read OMOP CDM, FHIR or MEDS and write a cohort folder.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(convert_app, name="convert")

CohortFolder = Annotated[Path, typer.Argument(metavar="COHORT", help="Cohort folder.")]
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
ModelName = Annotated[
    str, typer.Option("--model", help="Model folder, models:/NAME@champion, or a shipped model.")
]


class Stage(StrEnum):
    """Stages of a model."""

    pre_infusion = "pre_infusion"
    early = "early"


class Labels(StrEnum):
    """Sources of the training labels."""

    rules = "rules"
    adjudicated = "adjudicated"


class CytopeniaRule(StrEnum):
    """Readings of a cytopenia after haematological recovery."""

    recovery = "recovery"
    infusion = "infusion"
    worsening = "worsening"
    any = "any"


class Closed(StrEnum):
    """Ends of a horizon that count as inside it."""

    left = "left"
    both = "both"


def _version(shown: bool) -> None:
    if shown:
        typer.echo(f"riskmodel {__version__}")
        raise typer.Exit


def _prediction_time(text: str) -> str:
    days = [f"day-{k}" for k in range(1, 14)]
    if text not in ("pre-infusion", *days):
        raise typer.BadParameter(f"'{text}' is not pre-infusion or day-1 to day-13.")
    return text


def _table_file(path: Path) -> Path:
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise typer.BadParameter(f"'{path}' does not end in .csv or .parquet.")
    return path


def _optional_table_file(path: Path | None) -> Path | None:
    return None if path is None else _table_file(path)


PredictionTime = Annotated[
    str,
    typer.Option("--at", callback=_prediction_time, help="pre-infusion, or day-1 to day-13."),
]
TableFile = Annotated[
    Path, typer.Option("--out", callback=_table_file, help="Output, .csv or .parquet.")
]


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options of every command."""


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _read(folder: Path) -> "Cohort":
    """Read a cohort and say what was rejected; refuse one without a usable patient."""
    from riskmodel.cohort import read_cohort, sentences

    cohort = read_cohort(folder)
    for sentence in sentences(cohort.rejected):
        _say(sentence)
    return cohort


def _usable(folder: Path) -> "Cohort":
    cohort = _read(folder)
    if len(cohort) == 0:
        raise SchemaError(f"Cohort '{folder}' has no usable patient; the reasons stand above.")
    return cohort


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder to fill.")] = Path("demo"),
    patients: Annotated[int, typer.Option(min=50, help="Simulated patients.")] = 600,
    seed: Annotated[int, typer.Option(help="Seed of the simulation.")] = 7,
) -> None:
    """Simulate, check, label, train both stages, register, score and explain."""
    from riskmodel.demo import run_demo

    run_demo(out, patients=patients, seed=seed)


@app.command()
def simulate(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Cohort folder to write.")],
    patients: Annotated[int, typer.Option(min=1, help="How many.")],
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")],
    world: Annotated[str, typer.Option(help="Which world.")] = "literature",
) -> None:
    """Write a simulated cohort with its truth.csv."""
    from riskmodel.training import simulate as write_cohort

    write_cohort(out, patients=patients, seed=seed, world=world)
    typer.echo(f"Wrote {patients} simulated patients (world {world}, seed {seed}) to {out}.")


@app.command()
def check(
    cohort: CohortFolder,
    rejected: Annotated[
        Path | None,
        typer.Option(
            callback=_optional_table_file,
            help="Write every rejected row with its reason here (.csv or .parquet).",
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 1 when anything was rejected.")
    ] = False,
) -> None:
    """Show what is in a cohort, what was converted, what is missing and what was rejected."""
    from riskmodel.cohort import read_cohort, summary
    from riskmodel.files import write_table

    found = read_cohort(cohort)
    typer.echo(summary(found))
    if rejected is not None:
        write_table(found.rejected, rejected)
    if len(found) == 0:
        raise SchemaError(f"Cohort '{cohort}' has no usable patient; the reasons stand above.")
    if strict and len(found.rejected):
        raise typer.Exit(1)


@app.command()
def label(
    cohort: CohortFolder,
    out: Annotated[
        Path | None,
        typer.Option(help="Output, .csv or .parquet; with --patient an .html page, or none."),
    ] = None,
    definition: Annotated[str, typer.Option(help="Label definition.")] = "astct-2024",
    cytopenia_rule: Annotated[
        CytopeniaRule, typer.Option(help="Cytopenia after haematological recovery.")
    ] = CytopeniaRule.worsening,
    horizon_days: Annotated[float, typer.Option(min=0.1, help="Horizon.")] = 14.0,
    closed: Annotated[
        Closed, typer.Option(help="Horizon itself excluded (left) or included (both).")
    ] = Closed.left,
    compare: Annotated[
        bool,
        typer.Option("--compare", help="All definitions side by side instead, with a picture."),
    ] = False,
    patient: Annotated[
        str | None, typer.Option(help="patient_id: the timeline of one patient.")
    ] = None,
) -> None:
    """Label a cohort by a definition, compare all definitions, or show one patient's signs."""
    from riskmodel.criteria import label as label_cohort
    from riskmodel.files import write_table

    if patient is not None and compare:
        raise typer.BadParameter("--patient and --compare exclude each other.")
    if patient is not None:
        if out is not None and out.suffix.lower() != ".html":
            raise typer.BadParameter(f"'{out}' does not end in .html, as a timeline does.")
        _show_patient(_read(cohort), patient, definition, cytopenia_rule, horizon_days, closed, out)
        return
    if out is None:
        raise typer.BadParameter("--out is missing: name a .csv or .parquet file.")
    _table_file(out)
    if compare:
        _compare_definitions(_usable(cohort), cohort.resolve().name, horizon_days, closed, out)
        return
    labels = label_cohort(
        _usable(cohort), definition, cytopenia_rule=cytopenia_rule.value,
        horizon_days=horizon_days, closed=closed.value,
    )  # fmt: skip
    write_table(labels, out)
    counts = labels["outcome"].value_counts()
    shown = ", ".join(f"{name} {count}" for name, count in counts.items())
    rule = labels["cytopenia_rule"].iloc[0] or "none"
    end = "up to and including" if closed is Closed.both else "before"
    typer.echo(
        f"Wrote {len(labels)} label rows to {out} ({definition}, cytopenia rule {rule}, "
        f"onset {end} day {horizon_days:g}): {shown}."
    )


def _show_patient(
    cohort: "Cohort",
    patient: str,
    definition: str,
    rule: CytopeniaRule,
    horizon_days: float,
    closed: Closed,
    out: Path | None,
) -> None:
    """Print one patient's timeline, and write it as a page where asked."""
    from riskmodel.scoring.timeline import patient_timeline, timeline_text
    from riskmodel.scoring.timeline_page import write_timeline

    found = patient_timeline(
        cohort, patient, definition,
        cytopenia_rule=rule.value, horizon_days=horizon_days, closed=closed.value,
    )  # fmt: skip
    typer.echo(timeline_text(found))
    if out is not None:
        write_timeline(found, out)
        _say(f"Wrote {out}.")


def _compare_definitions(
    cohort: "Cohort", name: str, horizon_days: float, closed: Closed, out: Path
) -> None:
    """Print the comparison of all definitions, and write its table, picture and page."""
    from riskmodel.criteria.compare import compare
    from riskmodel.files import write_table
    from riskmodel.scoring.comparison_page import write_comparison

    comparison = compare(cohort, horizon_days=horizon_days, closed=closed.value)
    write_table(comparison.table(), out)
    picture, page = write_comparison(comparison, name, out)
    typer.echo(comparison.text())
    _say(f"Wrote {out}, {picture} and {page}.")


@app.command()
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
    built = matrix(_usable(cohort), catalogue, hours)
    write_table(built, out)
    known = built[catalogue.names].notna().to_numpy().mean()
    typer.echo(
        f"Wrote {len(built)} rows x {len(catalogue)} features at {at} to {out}; "
        f"{known:.0%} of the values are known."
    )


@app.command()
def train(
    cohort: CohortFolder,
    stage: Annotated[Stage, typer.Option(help="Stage of the model.")],
    out: Annotated[Path, typer.Option(help="Model folder to write.")],
    labels: Annotated[Labels, typer.Option(help="Source of the labels.")] = Labels.rules,
    definition: Annotated[
        str | None, typer.Option(help="Label definition instead of the design's.")
    ] = None,
    design: Annotated[
        str, typer.Option(help="Training design: default, quick, or a TOML file.")
    ] = "default",
    register: Annotated[str | None, typer.Option(help="Register in MLflow by this name.")] = None,
    no_track: Annotated[bool, typer.Option("--no-track", help="Train without MLflow.")] = False,
) -> None:
    """Train a model of one stage, with nested cross-validation, and log it in MLflow."""
    from riskmodel.training import train as train_model

    result = train_model(
        _usable(cohort),
        stage.value,
        labels=labels.value,
        design=design,
        definition=definition,
        simulated=(cohort / "truth.csv").exists(),
        out=out,
        register=register,
        track=not no_track,
        progress=lambda text: _say(f"{stage.value}: {text}"),
    )
    for text in result.warnings:
        _say(f"Warning: {text}")
    counts = result.model.counts
    typer.echo(
        f"Trained '{result.model.name}' on {counts['patients']} patients with "
        f"{counts['events']} events; wrote {out}."
    )
    overall = result.performance[result.performance["subset"] == "all"]
    for row in overall[overall["metric"].isin(("auroc", "log_loss"))].itertuples():
        shown = f"{row.value:.3f} ({row.low:.3f} to {row.high:.3f})"
        typer.echo(f"  {row.model}: {row.metric} {'not estimable' if isnan(row.value) else shown}")
    if result.version is not None:
        from riskmodel.tracking import champion_version

        champion = champion_version(str(register))
        typer.echo(
            f"Registered as models:/{register}/{result.version}; "
            f"models:/{register}@champion is version {champion}."
        )
    typer.echo(RESEARCH_USE)


@app.command()
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
    scores = score_cohort(_read(cohort), used, at, explain=explain)
    write_table(scores, out)
    counts = scores["status"].value_counts()
    shown = ", ".join(f"{name} {count}" for name, count in counts.items())
    typer.echo(f"Wrote {len(scores)} rows to {out}: {shown}.")
    typer.echo(scores["note"].iloc[0])
    if not scores["status"].isin(("scored", "partial")).any():
        raise SchemaError(f"No patient of '{cohort}' could be scored; each row says why.")


@app.command()
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
        _prediction_time(at)
    write_report(_read(cohort), patient, find_model(model), out, at=at)
    typer.echo(f"Wrote {out}.")


def _write_converted(cohort: "Cohort", out: Path) -> None:
    """Write a converted cohort, and say what it holds and what was left out."""
    from riskmodel.cohort import sentences, write_cohort

    for sentence in sentences(cohort.rejected):
        _say(sentence)
    write_cohort(cohort, out)
    typer.echo(
        f"Wrote {len(cohort)} patients, {len(cohort.labs)} lab results and "
        f"{len(cohort.events)} events to {out}; {len(cohort.rejected)} rows or cells were rejected."
    )


@convert_app.command()
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
) -> None:
    """Convert an OMOP CDM 5.4 source."""
    from riskmodel.cohort import read_omop

    _write_converted(read_omop(source, infusions=infusions, mapping=mapping), out)


@convert_app.command()
def fhir(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE", help="Bundle (.json), bulk export (.ndjson), or a folder of them."
        ),
    ],
    out: ConvertedFolder,
    infusions: InfusionList = None,
    mapping: CodeMap = None,
    identifier_system: Annotated[
        str | None,
        typer.Option(help="Take patient_id from the identifier of this system, not Patient.id."),
    ] = None,
) -> None:
    """Convert a FHIR R4 source."""
    from riskmodel.cohort import read_fhir

    found = read_fhir(
        source, infusions=infusions, mapping=mapping, identifier_system=identifier_system
    )
    _write_converted(found, out)


@convert_app.command()
def meds(
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="Folder of a MEDS 0.4 dataset, or a file.")
    ],
    out: ConvertedFolder,
    infusions: InfusionList = None,
    mapping: CodeMap = None,
) -> None:
    """Convert a MEDS dataset."""
    from riskmodel.cohort import read_meds

    _write_converted(read_meds(source, infusions=infusions, mapping=mapping), out)


def main() -> None:
    """Entry point: 0 done, 1 data refused, 2 wrong usage."""
    try:
        app()
    except SchemaError as error:
        _say(f"Error: {error}")
        raise SystemExit(1) from None
    except OSError as error:
        where = f" '{error.filename}'" if error.filename else ""
        _say(f"Error: the file system refused{where}: {error.strerror or error}.")
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
