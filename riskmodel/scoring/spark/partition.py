"""What a Spark executor does with the records of one partition. Imports nothing of Spark."""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from riskmodel.cohort import PLAIN, TABLES, Notation, text_column
from riskmodel.models import RiskModel, load_model, save_model
from riskmodel.scoring.batch.manifest import Counts
from riskmodel.scoring.batch.parts import FAULTS, Part, failed, score_part
from riskmodel.scoring.prediction_times import output_columns
from riskmodel.scoring.score_table import rows_of
from riskmodel.scoring.spark.tables import ID, ROW, TABLE
from riskmodel.scoring.writers.formats import INFUSION, OUTCOME, PLACE

TOLD = "__told"
"""Column of what a partition tells of itself, in a row of its own."""

Files = Mapping[str, bytes]
Work = Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]


def answer_schema(columns: Sequence[str]) -> pa.Schema:
    """Columns of what a partition gives: score rows, what the writers need, what it tells."""
    types = rows_of({}, 0, None, None).dtypes
    kinds = {"Int64": pa.int64(), "float64": pa.float64(), "str": pa.string()}
    fields = [(name, kinds[str(types.get(name, "float64"))]) for name in columns]
    own = [(INFUSION, pa.timestamp("us")), (OUTCOME, pa.string()), (TOLD, pa.string())]
    return pa.schema([*fields, *own])


def files_of(model: RiskModel) -> Files:
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


def worker(
    columns: Mapping[str, Sequence[str]],
    models: Sequence[Files],
    times: Sequence[str],
    name: str,
    *,
    explain: bool,
    outcomes: bool,
    notation: Notation = PLAIN,
) -> Work:
    """The function that Spark runs on each partition.

    Parameters
    ----------
    columns : mapping of str to sequence of str
        Of each table.
    models : sequence of Files
    times : sequence of str
    name : str
        Of the cohort.
    explain, outcomes, notation
        See `score_part`.
    """

    def work(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        received = list(batches)
        if not received:
            return
        loaded = [_loaded(tuple(sorted(files.items()))) for files in models]
        whole = pa.Table.from_batches(received)
        part = _score_partition(whole, columns, loaded, times, name, explain, outcomes, notation)
        yield from _answer(part, output_columns(loaded, explain))

    return work


def _score_partition(
    whole: pa.Table,
    columns: Mapping[str, Sequence[str]],
    models: Sequence[RiskModel],
    times: Sequence[str],
    name: str,
    explain: bool,
    outcomes: bool,
    notation: Notation,
) -> Part:
    """Scores of one partition; where its records cannot even be read, its patients by name."""
    import pyarrow.compute as pc

    frames, places = {}, {}
    try:
        for table in TABLES:
            rows = whole.filter(pc.equal(whole[TABLE], table))
            own = rows.select([f"{table}__{column}" for column in columns[table]])
            frame = own.rename_columns(list(columns[table])).to_pandas()
            # A shuffle brings rows in any order; they are cleaned in the order of the file.
            frame = frame.sort_values(ROW, kind="stable", ignore_index=True)
            places[table] = frame.pop(ROW).to_numpy(np.int64)
            frames[table] = frame
        return score_part(
            frames,
            places,
            name,
            models,
            times,
            explain=explain,
            outcomes=outcomes,
            notation=notation,
        )
    except FAULTS as error:
        people = whole.filter(pc.equal(whole[TABLE], TABLES[0]))
        ids = text_column(pd.DataFrame({"patient_id": people[ID].to_pandas()}), "patient_id")
        at = people[f"{TABLES[0]}__{ROW}"].to_numpy().astype(np.int64)
        return failed(ids, at, error, models, explain)


def _answer(part: Part, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Score rows, then one row that tells what was rejected and how many rows are of what kind."""
    counts = Counts()
    counts.add(part.rows)
    told = {
        "counts": counts.state(),
        "rejected": part.rejected.to_dict(orient="records"),
        "dated": bool(part.rows[INFUSION].notna().any()),
    }
    schema = answer_schema(columns)
    rows = part.rows.drop(columns=PLACE).assign(**{TOLD: None})
    own: dict[str, Any] = {
        INFUSION: np.datetime64("NaT", "us"),
        OUTCOME: "",
        TOLD: json.dumps(told),
    }
    last = rows_of({}, 1, None, None).assign(**own)
    for frame in (rows, last):
        table = pa.Table.from_pandas(
            frame.reindex(columns=schema.names), schema=schema, preserve_index=False
        )
        yield from table.replace_schema_metadata().to_batches()
