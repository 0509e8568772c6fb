"""The forms of the output on Spark: the functions of the local writers, partition by partition."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from riskmodel.scoring.batch.output import RELATIVE_START, leaving
from riskmodel.scoring.score_table import rows_of
from riskmodel.scoring.spark.partition import answer_schema
from riskmodel.scoring.writers.formats import INFUSION, OUTCOME, Format
from riskmodel.scoring.writers.sinks import line
from riskmodel.scoring.writers.subjects import check_distinct

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Convert = Callable[[pd.DataFrame], pd.DataFrame]


def folders_of(form: Format, out: str) -> list[str]:
    """Every folder that a form writes, the output first."""
    found = [out]
    if form.aside is not None:
        found.append(f"{out}.unlabelled")
    if form.numbered:
        found.append(f"{out}.patients")
    return found


def written(
    scored: "DataFrame", columns: Sequence[str], form: Format, out: str, relative: bool
) -> dict[str, "DataFrame"]:
    """What goes into each folder of a form.

    Parameters
    ----------
    scored : Spark DataFrame
        Score rows with what the writers need.
    columns : sequence of str
        Of the score rows.
    form : Format
    out : str
    relative : bool
        Whether no patient has an infusion time, so that dates are counted from a common one.

    Raises
    ------
    SchemaError
        When two patients have one number in a form that numbers them.
    """

    def each(convert: Convert) -> "DataFrame":
        return _converted(scored, columns, convert, relative)

    if form.resources is not None:
        return {out: each(_lines(form.resources))}
    assert form.table is not None
    tables = {out: each(form.table)}
    if form.aside is not None:
        tables[f"{out}.unlabelled"] = each(form.aside)
    if form.numbered:
        tables[f"{out}.patients"] = each(lambda rows: leaving(rows, form))
        _check_numbers(tables[f"{out}.patients"])
    return tables


def write(table: "DataFrame", form: Format, folder: str) -> None:
    """Write Parquet, or a JSON resource on each line."""
    if form.resources is not None:
        table.write.mode("overwrite").text(folder)
    else:
        table.write.mode("overwrite").parquet(folder)


def _converted(
    scored: "DataFrame", columns: Sequence[str], convert: Convert, relative: bool
) -> "DataFrame":
    """Score rows in another form, batch by batch; the rows of a patient stay together."""
    from pyspark.sql.pandas.types import from_arrow_schema

    none = answer_schema(columns).empty_table().select([*columns, INFUSION, OUTCOME])
    schema = pa.Table.from_pandas(convert(_typed(none.to_pandas())), preserve_index=False).schema

    def work(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for rows in _whole_patients(_typed(batch.to_pandas()) for batch in batches):
            if relative:
                rows[INFUSION] = RELATIVE_START
            table = pa.Table.from_pandas(convert(rows), schema=schema, preserve_index=False)
            yield from table.replace_schema_metadata().to_batches()

    ordered = scored.sortWithinPartitions("patient_id", "prediction_time_hours", "model_name")
    return ordered.select(*columns, INFUSION, OUTCOME).mapInArrow(
        work, from_arrow_schema(schema, prefer_timestamp_ntz=True)
    )


def _whole_patients(parts: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Rows in order of their patient, cut between patients."""
    kept: pd.DataFrame | None = None
    for part in parts:
        rows = part if kept is None else pd.concat([kept, part], ignore_index=True)
        last = (rows["patient_id"] == rows["patient_id"].iloc[-1]).to_numpy(dtype=bool)
        kept = rows[last].reset_index(drop=True)
        if not last.all():
            yield rows[~last].reset_index(drop=True)
    if kept is not None:
        yield kept


def _typed(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows in the types that the local engine has them in, empty text as empty text."""
    types = rows_of({}, 0, None, None).dtypes
    found = rows.astype({str(name): kind for name, kind in types.items() if name in rows})
    return found.astype({INFUSION: "datetime64[us]", OUTCOME: "str"})


def _lines(resources: Callable[[pd.DataFrame], Iterator[dict[str, Any]]]) -> Convert:
    """Resources as a table of one column of text."""
    return lambda rows: pd.DataFrame(
        {"value": pd.Series([line(found) for found in resources(rows)], dtype="str")}
    )


def _check_numbers(people: "DataFrame") -> None:
    from pyspark.sql import functions as sql

    names = people.groupBy("subject_id").agg(sql.collect_set("patient_id").alias("names"))
    twice = names.where(sql.size("names") > 1).limit(1).select("subject_id", sql.explode("names"))
    pairs = sorted((row[1], row[0]) for row in twice.collect())
    check_distinct(pd.Series([name for name, _ in pairs]), np.array([n for _, n in pairs]))
