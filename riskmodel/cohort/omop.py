"""Read an OMOP CDM 5.4 source: a folder of CSV or Parquet, a DuckDB file or a database URL."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.cohort.infusions import choose_infusions, infusion_codes, read_infusions
from riskmodel.cohort.mapping import CodeMapping, load_mapping
from riskmodel.cohort.omop_concepts import Concepts, wanted_concepts
from riskmodel.cohort.omop_database import DatabaseSource, connected
from riskmodel.cohort.omop_duckdb import DuckDBSource
from riskmodel.cohort.omop_folder import FolderSource
from riskmodel.cohort.omop_labs import NEEDED, LabTable
from riskmodel.cohort.omop_people import events_frame, infusion_records, patients_frame
from riskmodel.cohort.omop_source import Source, seal, workspace
from riskmodel.cohort.omop_tables import Tables
from riskmodel.cohort.rejection import Rejections
from riskmodel.cohort.schema import Cohort
from riskmodel.cohort.tables import assemble
from riskmodel.errors import SchemaError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TABLES = (
    "person",
    "measurement",
    "concept",
    "procedure_occurrence",
    "drug_exposure",
    "condition_occurrence",
    "death",
    "observation_period",
)
_SQLITE = b"SQLite format 3\0"


def read_omop(
    source: Path | str, *, infusions: Path | None = None, mapping: Path | None = None
) -> Cohort:
    """Read an OMOP CDM 5.4 source.

    Infusions come from procedure_occurrence and drug_exposure (codes of infusions.toml, product
    names) or from a list. Only the results of people with an infusion are read; what is left
    out is counted in the notes. A value is ``value_as_number``, else the text of
    ``value_source_value``; its time ``measurement_datetime``, else ``measurement_date`` with
    ``measurement_time``. Disease, treatments, death and the end of the observation period that
    holds the infusion are read where their tables exist; nothing is made up where they do not.

    Parameters
    ----------
    source : path or str
        Folder with a file (``.csv``, ``.csv.gz``, ``.parquet``) or a folder of parts per table,
        a DuckDB or SQLite file, or an SQLAlchemy URL (``duckdb:///file`` for DuckDB). Names of
        tables and columns match in any case. Nothing is ever written to it.
    infusions : path, optional
        List of infusions, see `riskmodel.cohort.infusions.read_infusions`.
    mapping : path, optional
        Own codes, see `riskmodel.cohort.mapping.load_mapping`.

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
        return _refusing(opened, connection, codes, listed, rejections)


def _refusing(
    opened: Source,
    connection: "DuckDBPyConnection",
    codes: CodeMapping,
    listed: pd.DataFrame | None,
    rejections: Rejections,
) -> Cohort:
    import duckdb

    try:
        return _read(opened, connection, codes, listed, rejections)
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
    elif "://" in text:
        with connected(text) as database:
            seal(connection)
            yield DatabaseSource(database, connection, TABLES, schemas)
        return
    if path.is_dir():
        folder = FolderSource(path, connection, TABLES)
        seal(connection, folder.files)
        yield folder
    elif path.is_file():
        with path.open("rb") as stream:
            sqlite = stream.read(len(_SQLITE)) == _SQLITE
        if sqlite:
            with connected(f"sqlite:///{path}") as database:
                seal(connection)
                yield DatabaseSource(database, connection, TABLES, schemas)
            return
        attached = DuckDBSource(path, connection, TABLES, schemas)
        seal(connection)
        yield attached
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
) -> Cohort:
    tables = Tables(source, connection)
    concepts = _concepts(tables, codes)
    records = infusion_records(tables, concepts, infusion_codes(codes))
    if records.empty and listed is None:
        raise SchemaError(
            f"OMOP source '{source.name}' has no CAR-T infusion in procedure_occurrence and "
            "drug_exposure. Give a list with --infusions, or its codes with --mapping."
        )
    chosen = choose_infusions(records, listed, rejections)
    patients = patients_frame(tables, chosen.patients, concepts, rejections)
    events = events_frame(tables, patients, concepts, rejections)
    events = pd.concat([events, chosen.events], ignore_index=True)
    people = patients["patient_id"].drop_duplicates().tolist()
    labs = LabTable(tables, concepts, people)
    labs.note_unread(rejections)
    source.finish(rejections)
    parts = []
    for some, frame, ids in labs.chunks(rejections):
        mine = people[some]
        frames = {
            "patients": patients[patients["patient_id"].isin(mine)].reset_index(drop=True),
            "labs": frame,
            "events": events[events["patient_id"].isin(mine)].reset_index(drop=True),
        }
        part = assemble(frames, Rejections(), source.name)
        parts.append(replace(part, rejected=_by_id(part.rejected, ids)))
    return _joined(parts, rejections, source.name)


def _by_id(rejected: pd.DataFrame, ids: pd.Series) -> pd.DataFrame:
    """Rejected labs numbered by their measurement id, by their order where it is missing."""
    labs = (rejected["table"] == "labs").to_numpy()
    rows = (
        rejected["row"].to_numpy(dtype="int64", copy=True) if len(rejected) else np.array([], int)
    )
    position = pd.Series(np.arange(1, len(ids) + 1), index=ids.index)
    measured = ids.where(ids.notna(), position).to_numpy(dtype=np.int64)
    rows[labs] = measured[rows[labs] - 1]
    return rejected.assign(row=rows)


def _stacked(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Rows of all frames, column by column, so that never two copies of everything exist."""
    columns = {}
    for name in frames[0].columns:
        columns[name] = pd.concat([frame[name] for frame in frames], ignore_index=True)
        for frame in frames:
            frame.pop(name)
    return pd.DataFrame(columns, copy=False)


def _joined(parts: Sequence[Cohort], own: Rejections, name: str) -> Cohort:
    """One cohort of the cohorts of disjoint groups of patients."""
    offset = 0
    notes: dict[str, dict[str, int]] = {k: dict(counts) for k, counts in own.notes.items()}
    for part in parts:
        part.labs["patient"] += offset
        part.events["patient"] += offset
        offset += len(part)
        for kind, counts in part.notes.items():
            into: dict[str, int] = notes.setdefault(kind, {})
            for key, count in counts.items():
                into[key] = into.get(key, 0) + count
    rejected = [own.frame(), *(part.rejected for part in parts)]
    kept = [frame for frame in rejected if len(frame)]
    return Cohort(
        patients=pd.concat([part.patients for part in parts], ignore_index=True),
        labs=_stacked([part.labs for part in parts]),
        events=pd.concat([part.events for part in parts], ignore_index=True),
        rejected=pd.concat(kept, ignore_index=True) if kept else own.frame(),
        notes=_sorted(notes),
        name=name,
    )


def _sorted(notes: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    return {kind: dict(sorted(counts.items())) for kind, counts in notes.items()}
