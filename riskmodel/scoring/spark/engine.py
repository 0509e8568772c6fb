"""Score on Spark: patients spread over partitions, in each the functions of the local engine.

The modules `spark...` alone import pyspark, inside their functions.
"""

import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.cohort import TABLES
from riskmodel.errors import SchemaError
from riskmodel.scoring.batch.manifest import Counts, digest_of, manifest, model_entry
from riskmodel.scoring.batch.output import RELATIVE_NOTE
from riskmodel.scoring.batch.parts import counted
from riskmodel.scoring.batch.run import Batch
from riskmodel.scoring.find import find_model
from riskmodel.scoring.prediction_times import fitting, output_columns
from riskmodel.scoring.score import model_catalogue
from riskmodel.scoring.score_table import note_of
from riskmodel.scoring.spark.files import check_folders, remove, replace_folders, write_text
from riskmodel.scoring.spark.forms import folders_of, write, written
from riskmodel.scoring.spark.partition import TOLD, answer_schema, files_of, worker
from riskmodel.scoring.spark.tables import ID, evidence_of, fingerprint, read_table, together
from riskmodel.scoring.writers.formats import FORMATS

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PATIENTS_OF_PARTITION = 2000


def score_spark(
    cohort: str,
    models: Sequence[str | Path],
    times: Sequence[str],
    out: str,
    *,
    explain: bool = False,
    form: str = "cohort",
    spark: "SparkSession | None" = None,
    patients_of_partition: int = PATIENTS_OF_PARTITION,
    decimal: str = "",
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
    form : {"cohort", "meds", "omop", "fhir", "adam"}
        ``fhir`` gives text files of a JSON resource a line. What other forms write beside the
        output becomes folders: ``OUT.patients``, ``OUT.unlabelled``.
    spark : SparkSession, optional
        By default the running one, or a new one.
    patients_of_partition : int
        About; a patient's records are in one partition.
    decimal : {"", ",", "."}
        See `score_batch`.

    Returns
    -------
    Batch
        The manifest also stands beside `out`.

    Raises
    ------
    SchemaError
        When a table, a column or pyspark is missing, `out` holds something else, two patients
        have one number in a form that numbers them, or Spark gives up.
    """
    began = time.monotonic()
    chosen, out = FORMATS[form], out.rstrip("/")
    found = [find_model(name) for name in models]
    for model in found:
        model_catalogue(model)
    for at in times:
        fitting(found, at)
    entries = [model_entry(m, str(given)) for m, given in zip(found, models, strict=True)]
    session = spark or _session()
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.sql.pandas.types import from_arrow_schema

    folders = folders_of(chosen, out)
    partials = {f"{folder}.partial": folder for folder in folders}
    check_folders(session, folders)
    try:
        tables = {table: read_table(session, cohort, table) for table in TABLES}
        inputs = {table: fingerprint(frame, table) for table, frame in tables.items()}
        people = inputs["patients"]["rows"]
        if people == 0:
            raise SchemaError(
                f"Cohort '{cohort}' is empty: its patients table has no rows. Add patients."
            )
        partitions = max(1, -(-people // patients_of_partition))
        work = worker(
            {t: list(frame.columns) for t, frame in tables.items()},
            [files_of(model) for model in found],
            tuple(dict.fromkeys(times)),
            Path(cohort).name,
            explain=explain,
            outcomes=chosen.outcomes,
            notation=evidence_of(tables).notation(decimal),
        )
        columns = output_columns(found, explain)
        answers = together(tables).repartition(partitions, ID).mapInArrow(
            work, from_arrow_schema(answer_schema(columns), prefer_timestamp_ntz=True)
        ).persist()  # fmt: skip
        try:
            last = answers.where(answers[TOLD].isNotNull()).select(TOLD).collect()
            told = [json.loads(row[0]) for row in last]
            relative = chosen.dated and not any(part["dated"] for part in told)
            rows = answers.where(answers[TOLD].isNull())
            for folder, table in written(rows, columns, chosen, out, relative).items():
                write(table, chosen, f"{folder}.partial")
        finally:
            answers.unpersist()
        counts = Counts()
        for part in told:
            counts.merge(part["counts"])
        rejected = counted(pd.DataFrame([row for part in told for row in part["rejected"]]))
        outputs = {"file": Path(out).name, "partitions": partitions}
        outputs |= {folder.rsplit(".", 1)[1]: Path(folder).name for folder in folders[1:]}
        made = manifest(
            {"cohort": Path(cohort).name, "tables": inputs, "fingerprint": digest_of(inputs)},
            {"at": list(dict.fromkeys(times)), "explain": explain, "format": form,
             "engine": "spark"},
            entries,
            counts.entry(),
            rejected,
            outputs | ({"times": RELATIVE_NOTE} if relative else {}),
            sorted({note_of(model) for model in found}),
            time.monotonic() - began,
        )  # fmt: skip
    except (PySparkException, Py4JError) as error:
        remove(session, list(partials))
        java = getattr(error, "java_exception", None)
        told_by = str(error if java is None else java.getMessage())
        said = told_by.strip().splitlines()[0][:200].rstrip(".")
        raise SchemaError(
            f"Spark gave up: {said}. '{out}' was left as it was. See Spark's log, and run again."
        ) from None
    except SchemaError:
        remove(session, list(partials))
        raise
    replace_folders(session, partials)
    write_text(session, f"{out}.manifest.json", json.dumps(made, indent=1) + "\n")
    return Batch(made, rejected)


def _session() -> "SparkSession":
    # The workers run this interpreter; without it Spark takes the first python3 of the path.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise SchemaError(
            "The engine 'spark' needs pyspark. Install it with: "
            "pip install 'riskmodel-iechs[spark]'."
        ) from None
    return SparkSession.builder.appName("riskmodel").getOrCreate()
