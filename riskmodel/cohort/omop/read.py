"""Read an OMOP CDM 5.4 source: a folder of CSV or Parquet, a DuckDB file or a database URL."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.arrays import Flags
from riskmodel.cohort.omop.concepts import Concepts, wanted_concepts
from riskmodel.cohort.omop.database import DatabaseSource, connected
from riskmodel.cohort.omop.events import follow_up, infusion_records, recorded_events
from riskmodel.cohort.omop.folder import Folder, attached
from riskmodel.cohort.omop.labs import NEEDED, LabTable
from riskmodel.cohort.omop.patients import patients_frame
from riskmodel.cohort.omop.source import Source, seal, workspace
from riskmodel.cohort.omop.tables import Tables
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.source.record import Record, assembled
from riskmodel.cohort.source.selection import refuse
from riskmodel.cohort.tables.cohort import Cohort
from riskmodel.cohort.vocabulary.infusions import infusion_codes, read_infusions
from riskmodel.cohort.vocabulary.mapping import CodeMapping, load_mapping
from riskmodel.errors import SchemaError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TABLES = (
    "person",
    "measurement",
    "concept",
    "procedure_occurrence",
    "drug_exposure",
    "device_exposure",
    "observation",
    "visit_occurrence",
    "visit_detail",
    "care_site",
    "condition_occurrence",
    "death",
    "observation_period",
    "specimen",
    "fact_relationship",
)
# A URL with a slash too few is no path either: its password must not be shown as one.
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_SQLITE = b"SQLite format 3\0"
_LABS = ["patient_id", "time", "analyte", "value", "comparator", "unit", "reference_low",
         "reference_high"]  # fmt: skip


def read_omop(
    source: Path | str,
    *,
    infusions: Path | None = None,
    mapping: Path | None = None,
    timezone: str = "",
    decimal: str = "",
) -> Cohort:
    """Read an OMOP CDM 5.4 source.

    Infusions come from procedure_occurrence and drug_exposure (codes of infusions.toml, product
    names) or from a list. Only the results of people with an infusion are read; what is left
    out is counted in the notes. A value is ``value_as_number``, else the text of
    ``value_source_value``; its time ``measurement_datetime``, else ``measurement_date`` with
    ``measurement_time``. Disease, treatments, death and the end of the observation period that
    holds the infusion are read where their tables exist; nothing is made up where they do not.
    Treatments come from drug_exposure, procedure_occurrence and device_exposure, stays in
    intensive care from visit_occurrence and visit_detail, body weight from measurement and
    observation.

    Parameters
    ----------
    source : path or str
        Folder with a file (``.csv``, ``.csv.gz``, ``.parquet``) or a folder of parts per table,
        a DuckDB or SQLite file, or an SQLAlchemy URL (``duckdb:///file`` for DuckDB). Names of
        tables and columns match in any case. Nothing is ever written to it.
    infusions : path, optional
        List of infusions, see `riskmodel.cohort.vocabulary.infusions.read_infusions`.
    mapping : path, optional
        Own codes, see `riskmodel.cohort.vocabulary.mapping.load_mapping`.
    timezone : str
        Name of the time zone of times that name none (``Europe/Madrid``); by default that of most
        of their patient's records, or none where no record names one.
    decimal : {"", ",", "."}
        Decimal sign of texts that can be read in two ways, such as ``1.234``.

    Returns
    -------
    Cohort
        ``row`` of a rejected lab is its ``measurement_id``.

    Raises
    ------
    SchemaError
        When the source cannot be read, lacks needed tables or columns (all are named) or holds
        no infusion. The message holds neither user nor password.
    """
    codes = load_mapping(mapping)
    rejections = Rejections()
    listed = read_infusions(Path(infusions), rejections) if infusions is not None else None
    with workspace() as connection, _opened(str(source), connection, codes) as opened:
        _check(opened, need_infusions=listed is None)
        return _refusing(opened, connection, codes, listed, rejections, timezone, decimal)


def _refusing(
    opened: Source,
    connection: "DuckDBPyConnection",
    codes: CodeMapping,
    listed: pd.DataFrame | None,
    rejections: Rejections,
    timezone: str,
    decimal: str,
) -> Cohort:
    import duckdb

    try:
        return _read(opened, connection, codes, listed, rejections, timezone, decimal)
    except duckdb.Error as error:
        raise SchemaError(
            f"OMOP source '{opened.name}' cannot be read: a file is damaged or too large for the "
            f"memory limit ({type(error).__name__}). Export it again."
        ) from None


@contextmanager
def _opened(text: str, connection: "DuckDBPyConnection", codes: CodeMapping) -> Iterator[Source]:
    schemas = (codes.schema, codes.vocabulary_schema)
    path = Path(text)
    if text.lower().startswith("duckdb:///"):
        path = Path(text[len("duckdb:///") :])
    elif "://" in text or (_URL.match(text) and not path.exists()):
        with connected(text) as database:
            seal(connection)
            yield DatabaseSource(database, connection, TABLES, schemas)
        return
    if path.is_dir():
        folder = Folder(path, connection, TABLES)
        seal(connection, folder.files)
        yield folder.source
    elif path.is_file():
        with path.open("rb") as stream:
            sqlite = stream.read(len(_SQLITE)) == _SQLITE
        if sqlite:
            with connected(f"sqlite:///{path}") as database:
                seal(connection)
                yield DatabaseSource(database, connection, TABLES, schemas)
            return
        tables = attached(path, connection, TABLES, schemas)
        seal(connection)
        yield tables
    else:
        raise SchemaError(
            f"OMOP source '{path}' does not exist. Give a folder of CSV or Parquet files, a DuckDB "
            "file or a database URL."
        )


def _check(source: Source, *, need_infusions: bool) -> None:
    """Name every missing table and column at once."""
    needed = {"person": (("person_id",),), "measurement": NEEDED}
    faults = []
    for table, groups in needed.items():
        if table not in source.tables:
            faults.append(f"no table '{table}'")
            continue
        for names in groups:
            if not set(names) & set(source.tables[table]):
                faults.append(f"no column {' or '.join(names)} in '{table}'")
    if need_infusions and not {"procedure_occurrence", "drug_exposure"} & set(source.tables):
        faults.append("no table 'procedure_occurrence' or 'drug_exposure', and no --infusions list")
    if faults:
        seen = ", ".join(sorted(source.tables)) or "none"
        raise SchemaError(
            f"OMOP source '{source.name}' has {', '.join(faults)} (tables seen: {seen}). Add them."
        )


def _concepts(tables: Tables, codes: CodeMapping) -> Concepts:
    columns = ["vocabulary_id", "concept_code", "concept_name"]
    frame = pd.DataFrame({name: pd.Series(dtype="str") for name in columns})
    if tables.has("concept", "concept_id"):
        read = tables.read("concept", ["concept_id", *columns], where=wanted_concepts(codes))
        frame = read.drop_duplicates("concept_id").set_index("concept_id")[columns].fillna("")
    return Concepts(frame, codes)


def _read(
    source: Source,
    connection: "DuckDBPyConnection",
    codes: CodeMapping,
    listed: pd.DataFrame | None,
    rejections: Rejections,
    timezone: str,
    decimal: str,
) -> Cohort:
    tables = Tables(source, connection)
    concepts = _concepts(tables, codes)
    known = infusion_codes(codes)
    records = infusion_records(tables, concepts, known)
    if listed is None and (records["passed_over"] != "").all():
        raise SchemaError(
            f"OMOP source '{source.name}' has no CAR-T infusion in procedure_occurrence and "
            "drug_exposure. Give a list with --infusions, or its codes with --mapping."
        )
    infused = records[records["passed_over"] == ""]
    wanted = (infused if listed is None else listed)["patient_id"].drop_duplicates().tolist()
    people = tables.read("person", ["person_id"], people=wanted)["person_id"]
    ids: list[str] = people.drop_duplicates().tolist()
    events = recorded_events(tables, ids, concepts, known, rejections)
    acts = pd.concat([records, events], ignore_index=True)
    dead = set(acts.loc[acts["kind"] == "death", "patient_id"])
    labs = LabTable(tables, concepts, ids, rejections, decimal)
    source.finish(rejections)

    def charted(part: pd.DataFrame, told: Rejections) -> tuple[pd.DataFrame, Flags]:
        return part[_LABS], refuse("labs", part, "analyte", told)

    record = Record(
        source.name,
        labs,
        ids,
        acts.assign(refusal=np.where(acts["passed_over"] == "", "", "not_an_infusion")),
        set(wanted),
        charted,
        lambda patients, told: patients_frame(tables, patients, concepts, told),
        lambda patients, told: follow_up(tables, patients, dead, told),
    )
    return assembled(record, listed, rejections, timezone, decimal)
