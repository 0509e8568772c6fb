"""The tables of a cohort as Spark reads them, each row with its place, under one another."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from riskmodel.cohort import (
    KEY,
    NUMBER_COLUMNS,
    TIME_COLUMNS,
    Evidence,
    contract_names,
    missing_columns,
)
from riskmodel.errors import SchemaError

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

_NUMBER_TYPES = ("double", "float", "int", "bigint", "smallint", "tinyint")
TABLE, ID, ROW = "__table", "__id", "__row"
"""Which table a row is of, the text of its identifier, and its number in the file."""


def read_table(session: "SparkSession", cohort: str, table: str) -> "DataFrame":
    """One table with its columns checked, and the number of each row in its file.

    Raises
    ------
    SchemaError
        When there is none that Spark reads, or a column is missing.
    """
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
    named = contract_names(table, frame.columns)
    frame = frame.toDF(*named)
    faults = missing_columns(table, pd.DataFrame(columns=frame.columns), Path(path))
    if faults:
        raise SchemaError(" ".join(faults))
    return frame.withColumn(ROW, sql.col("_metadata.row_index"))


def evidence_of(tables: Mapping[str, "DataFrame"]) -> Evidence:
    """How the tables write their numbers and dates, of all their rows."""
    found = Evidence()
    for table, frame in tables.items():
        kinds = dict(frame.dtypes)
        asked = {*NUMBER_COLUMNS[table], TIME_COLUMNS[table]} & set(frame.columns)
        chosen = sorted(name for name in asked if kinds[name] not in _NUMBER_TYPES)
        if chosen:
            seen = frame.select(chosen).mapInPandas(_marks_of(table), "mark string, sign string")
            found.marks |= {(row[0], row[1]) for row in seen.distinct().collect()}
    return found


def _marks_of(table: str) -> Callable[[Iterator[pd.DataFrame]], Iterator[pd.DataFrame]]:
    def work(parts: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        evidence = Evidence()
        for rows in parts:
            evidence.see(table, rows)
        yield pd.DataFrame(sorted(evidence.marks), columns=["mark", "sign"])

    return work


def fingerprint(frame: "DataFrame", table: str) -> dict[str, Any]:
    """Rows, and a sum of their hashes that does not depend on their order or on the files.

    Raises
    ------
    SchemaError
        When identifiers are no text.
    """
    from pyspark.sql import functions as sql

    kind = dict(frame.dtypes)[KEY]
    if kind.startswith(("array", "map", "struct")):
        raise SchemaError(
            f"Column '{KEY}' of '{table}.parquet' is of type {kind}. Allowed: text or whole "
            "numbers. Write one identifier in each cell."
        )
    columns = [sql.col(f"`{name}`") for name in sorted(set(frame.columns) - {ROW})]
    each = sql.xxhash64(*columns).cast("decimal(38,0)")
    broken = ~sql.is_valid_utf8(sql.col(KEY).cast("string"))
    row = frame.agg(sql.count(sql.lit(1)), sql.sum(each), sql.count_if(broken)).collect()[0]
    if row[2]:
        raise SchemaError(
            f"Column '{KEY}' of '{table}.parquet' holds text that is not UTF-8 in {row[2]} rows. "
            "Write the file again with its text in UTF-8."
        )
    return {"rows": int(row[0]), "xxhash64_sum": str(row[1] or 0)}


def _id(frame: "DataFrame") -> "Column":
    """Text of the identifier; a whole number of a float column without its decimal point."""
    from pyspark.sql import functions as sql

    raw = sql.col(KEY)
    text = raw.cast("string")
    if dict(frame.dtypes)[KEY] in ("double", "float"):
        text = sql.when(raw == sql.floor(raw), raw.cast("bigint").cast("string")).otherwise(text)
    return sql.regexp_replace(text, r"^\s+|\s+$", "")


def together(tables: Mapping[str, "DataFrame"]) -> "DataFrame":
    """The three tables under one another, each with columns of its own."""
    from pyspark.sql import functions as sql

    parts = []
    for table, frame in tables.items():
        own = [sql.col(f"`{name}`").alias(f"{table}__{name}") for name in frame.columns]
        parts.append(frame.select(sql.lit(table).alias(TABLE), _id(frame).alias(ID), *own))
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.unionByName(part, allowMissingColumns=True)
    return whole
