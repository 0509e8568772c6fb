"""Score on Spark: patients spread over partitions, in each the functions of the local engine.

The only module that imports pyspark, inside its functions.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from riskmodel.cohort.frames import TABLES, missing_columns
from riskmodel.cohort.texts import text_column
from riskmodel.errors import SchemaError
from riskmodel.models import RiskModel, load_model, save_model
from riskmodel.scoring.batch import Batch
from riskmodel.scoring.load import find_model
from riskmodel.scoring.manifest import Counts, digest_of, manifest, model_entry
from riskmodel.scoring.parts import FAULTS, Part, counted, failed, score_part
from riskmodel.scoring.rows import note_of, rows_of
from riskmodel.scoring.score import model_catalogue
from riskmodel.scoring.times import fitting, output_columns
from riskmodel.scoring.writers.formats import INFUSION, OUTCOME, PLACE

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

PATIENTS_OF_PARTITION = 2000
_TABLE, _ID, _ROW, _TOLD = "__table", "__id", "__row", "__told"
Files = Mapping[str, bytes]


def score_spark(
    cohort: str,
    models: Sequence[str | Path],
    times: Sequence[str],
    out: str,
    *,
    explain: bool = False,
    spark: "SparkSession | None" = None,
    patients_of_partition: int = PATIENTS_OF_PARTITION,
) -> Batch:
    """Score a cohort of Parquet tables on a Spark cluster.

    Parameters
    ----------
    cohort : str
        Address that Spark reads; holds ``patients.parquet``, ``labs.parquet`` and
        ``events.parquet``, each a file or a folder of files, in the form of the cohort contract.
    models, times, explain
        See `score_batch`. The models are read here and travel to the executors.
    out : str
        A folder of Parquet files; one that Spark wrote is replaced once the new one is complete.
    spark : SparkSession, optional
        By default the running one, or a new one.
    patients_of_partition : int
        About; a patient's records are in one partition.

    Returns
    -------
    Batch
        The manifest also stands beside `out`.

    Raises
    ------
    SchemaError
        When a table, a column or pyspark is missing, or `out` holds something else.
    """
    began = time.monotonic()
    found = [find_model(name) for name in models]
    for model in found:
        model_catalogue(model)
    for at in times:
        fitting(found, at)
    entries = [model_entry(m, str(given)) for m, given in zip(found, models, strict=True)]
    session = spark or _session()
    _check_out(session, out)
    tables = {table: _read(session, cohort, table) for table in TABLES}
    inputs = {table: _fingerprint(frame) for table, frame in tables.items()}
    people = inputs["patients"]["rows"]
    if people == 0:
        raise SchemaError(
            f"Cohort '{cohort}' is empty: its patients table has no rows. Add patients."
        )
    partitions = max(1, -(-people // patients_of_partition))
    whole = _together(tables).repartition(partitions, _ID)
    work = _worker(
        {t: list(frame.columns) for t, frame in tables.items()},
        [_files(model) for model in found],
        tuple(dict.fromkeys(times)),
        explain,
        Path(cohort).name,
    )
    columns = output_columns(found, explain)
    scored = whole.mapInArrow(work, _schema(columns)).persist()
    try:
        partial = f"{out.rstrip('/')}.partial"
        rows = scored.where(scored[_TOLD].isNull()).select(*columns)
        rows.sortWithinPartitions("patient_id", "prediction_time_hours", "model_name").write.mode(
            "overwrite"
        ).parquet(partial)
        told = [
            json.loads(r[0])
            for r in scored.where(scored[_TOLD].isNotNull()).select(_TOLD).collect()
        ]
    finally:
        scored.unpersist()
    counts = Counts()
    for part in told:
        counts.merge(part["counts"])
    rejected = counted(pd.DataFrame([row for part in told for row in part["rejected"]]))
    made = manifest(
        {"cohort": Path(cohort).name, "tables": inputs, "fingerprint": digest_of(inputs)},
        {"at": list(dict.fromkeys(times)), "explain": explain, "engine": "spark"},
        entries,
        counts.entry(),
        rejected,
        {"file": Path(out).name, "partitions": partitions},
        sorted({note_of(model) for model in found}),
        time.monotonic() - began,
    )
    _replace(session, partial, out)
    _write_text(session, f"{out.rstrip('/')}.manifest.json", json.dumps(made, indent=1) + "\n")
    return Batch(made, rejected)


def _session() -> "SparkSession":
    # The workers run this interpreter; without it Spark takes the first python3 of the path.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise SchemaError(
            "The engine 'spark' needs pyspark. Install it with: pip install 'riskmodel[spark]'."
        ) from None
    return SparkSession.builder.appName("riskmodel").getOrCreate()


def _read(session: "SparkSession", cohort: str, table: str) -> "DataFrame":
    """One table with its columns checked, and the number of each row in its file."""
    from pyspark.errors import AnalysisException
    from pyspark.sql import functions as sql

    path = f"{cohort.rstrip('/')}/{table}.parquet"
    try:
        frame = session.read.parquet(path)
    except AnalysisException as error:
        said = str(error).splitlines()[0][:200].rstrip(".")
        raise SchemaError(
            f"Spark cannot read '{path}': {said}. Give a cohort of Parquet tables."
        ) from None
    faults = missing_columns(table, pd.DataFrame(columns=frame.columns), Path(path))
    if faults:
        raise SchemaError(" ".join(faults))
    return frame.withColumn(_ROW, sql.col("_metadata.row_index"))


def _fingerprint(frame: "DataFrame") -> dict[str, Any]:
    """Rows, and a sum of their hashes that does not depend on their order or on the files."""
    from pyspark.sql import functions as sql

    columns = [sql.col(f"`{name}`") for name in sorted(set(frame.columns) - {_ROW})]
    each = sql.xxhash64(*columns).cast("decimal(38,0)")
    row = frame.agg(sql.count(sql.lit(1)), sql.sum(each)).collect()[0]
    return {"rows": int(row[0]), "xxhash64_sum": str(row[1] or 0)}


def _id(frame: "DataFrame") -> "Column":
    """Text of the identifier; a whole number of a float column without its decimal point."""
    from pyspark.sql import functions as sql

    raw = sql.col("patient_id")
    text = raw.cast("string")
    if dict(frame.dtypes)["patient_id"] in ("double", "float"):
        text = sql.when(raw == sql.floor(raw), raw.cast("bigint").cast("string")).otherwise(text)
    return sql.regexp_replace(text, r"^\s+|\s+$", "")


def _together(tables: Mapping[str, "DataFrame"]) -> "DataFrame":
    """The three tables under one another, each with columns of its own."""
    from pyspark.sql import functions as sql

    parts = []
    for table, frame in tables.items():
        own = [sql.col(f"`{name}`").alias(f"{table}__{name}") for name in frame.columns]
        parts.append(frame.select(sql.lit(table).alias(_TABLE), _id(frame).alias(_ID), *own))
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.unionByName(part, allowMissingColumns=True)
    return whole


def _schema(columns: Sequence[str]) -> str:
    """DDL of what a partition gives: score rows, and what it tells of itself."""
    types = rows_of({}, 0, None, None).dtypes
    kinds = {"Int64": "bigint", "float64": "double", "str": "string"}
    fields = [f"`{name}` {kinds[str(types.get(name, 'float64'))]}" for name in columns]
    return ", ".join([*fields, f"`{_TOLD}` string"])


def _files(model: RiskModel) -> Files:
    """The files of a model's folder."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "model"
        save_model(model, folder)
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@lru_cache(maxsize=8)
def _loaded(files: tuple[tuple[str, bytes], ...]) -> RiskModel:
    """A model in a worker, read once for all its partitions."""
    with tempfile.TemporaryDirectory() as temporary:
        for name, content in files:
            (Path(temporary) / name).write_bytes(content)
        return load_model(Path(temporary))


def _worker(
    columns: Mapping[str, Sequence[str]],
    models: Sequence[Files],
    times: Sequence[str],
    explain: bool,
    name: str,
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """The function that Spark runs on each partition."""

    def work(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        received = list(batches)
        if not received:
            return
        loaded = [_loaded(tuple(sorted(files.items()))) for files in models]
        whole = pa.Table.from_batches(received)
        part = _score_partition(whole, columns, loaded, times, explain, name)
        yield from _answer(part, output_columns(loaded, explain))

    return work


def _score_partition(
    whole: pa.Table,
    columns: Mapping[str, Sequence[str]],
    models: Sequence[RiskModel],
    times: Sequence[str],
    explain: bool,
    name: str,
) -> Part:
    """Scores of one partition; where its records cannot even be read, its patients by name."""
    import pyarrow.compute as pc

    frames, places = {}, {}
    try:
        for table in TABLES:
            rows = whole.filter(pc.equal(whole[_TABLE], table))
            own = rows.select([f"{table}__{column}" for column in columns[table]])
            frame = own.rename_columns(list(columns[table])).to_pandas()
            # A shuffle brings rows in any order; they are cleaned in the order of the file.
            frame = frame.sort_values(_ROW, kind="stable", ignore_index=True)
            places[table] = frame.pop(_ROW).to_numpy(np.int64)
            frames[table] = frame
        return score_part(frames, places, name, models, times, explain=explain)
    except FAULTS as error:
        people = whole.filter(pc.equal(whole[_TABLE], TABLES[0]))
        ids = text_column(pd.DataFrame({"patient_id": people[_ID].to_pandas()}), "patient_id")
        at = people[f"{TABLES[0]}__{_ROW}"].to_numpy().astype(np.int64)
        return failed(ids, at, error, models, explain)


def _answer(part: Part, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Score rows, then one row that tells what was rejected and how many rows are of what kind."""
    counts = Counts()
    counts.add(part.rows)
    told = {"counts": counts.state(), "rejected": part.rejected.to_dict(orient="records")}
    rows = part.rows.drop(columns=[INFUSION, OUTCOME, PLACE])[list(columns)]
    last = (
        rows_of({}, 1, None, None)
        .reindex(columns=list(columns))
        .assign(**{_TOLD: json.dumps(told)})
    )
    for frame in (rows.assign(**{_TOLD: None}), last):
        texts = [name for name in frame if frame[name].dtype == "str" or name == _TOLD]
        schema = pa.schema(
            [
                (name, pa.string() if name in texts else
                 pa.int64() if name == "n_missing" else pa.float64())
                for name in frame.columns
            ]
        )  # fmt: skip
        table = pa.Table.from_pandas(frame, schema=schema, preserve_index=False)
        yield from table.replace_schema_metadata().to_batches()


def _hadoop(session: "SparkSession", path: str) -> tuple[Any, Any, Any]:
    """Java's class of paths, this path and its file system."""
    jvm: Any = session.sparkContext._jvm
    make = jvm.org.apache.hadoop.fs.Path
    there = make(path)
    return make, there, there.getFileSystem(session.sparkContext._jsc.hadoopConfiguration())


def _check_out(session: "SparkSession", out: str) -> None:
    make, there, files = _hadoop(session, out)
    if files.exists(there) and not files.exists(make(there, "_SUCCESS")):
        raise SchemaError(
            f"'{out}' exists and was not written by Spark. It was left as it is: choose another "
            "folder."
        )


def _replace(session: "SparkSession", partial: str, out: str) -> None:
    """Put the complete output in place; on object stores a rename is a copy."""
    make, there, files = _hadoop(session, out)
    old = make(f"{out.rstrip('/')}.old")
    files.delete(old, True)
    if files.exists(there):
        files.rename(there, old)
    files.rename(make(partial), there)
    files.delete(old, True)


def _write_text(session: "SparkSession", path: str, text: str) -> None:
    _, there, files = _hadoop(session, path)
    stream = files.create(there, True)
    stream.write(bytearray(text, "utf-8"))
    stream.close()
