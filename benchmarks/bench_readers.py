"""Rows per CPU second of the readers, beside bare reads of the same file in the same run.

Each reading runs in a process of its own, so that its CPU time (all threads) and its peak memory
are its own. The source is made up: most people have no infusion and most rows are other
measurements, as in a hospital's tables; ``--dense`` makes every row a result of the cohort.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

CONCEPTS = (
    3001122,
    3020460,
    3016436,
    3013721,
    3006923,
    3024128,
    3016407,
    3024929,
    3000905,
    3000963,
)
UNITS = (8842, 8751, 8923, 8923, 8923, 8840, 8840, 8848, 8848, 8713)
LEVELS = (500, 20, 200, 30, 30, 1, 300, 150, 5, 10)


def write_omop(folder: Path, *, rows: int, dense: bool, kind: str) -> None:
    """An OMOP folder of `rows` measurements: one in five people infused, one row in three a lab."""
    people = max(rows // 1000, 10)
    infused, labs = (people, 1) if dense else (people // 5, 3)
    concepts, units, levels = (f"{list(values)}" for values in (CONCEPTS, UNITS, LEVELS))
    lab = f"i % {labs} = 0"
    measurement = f"""
        SELECT i + 1 AS measurement_id, i % {people} + 1 AS person_id,
            CASE WHEN {lab} THEN {concepts}[k] ELSE 3027018 + i % 50 END AS measurement_concept_id,
            CAST(taken AS DATE) AS measurement_date, taken AS measurement_datetime,
            NULL AS measurement_time, 32856 AS measurement_type_concept_id,
            4172703 AS operator_concept_id,
            round(CASE WHEN {lab} THEN {levels}[k] ELSE 80 END * (0.5 + hash(i) % 1000 / 1000.0), 2)
                AS value_as_number, NULL AS value_as_concept_id,
            CASE WHEN {lab} THEN {units}[k] ELSE 0 END AS unit_concept_id,
            NULL AS range_low, NULL AS range_high, i // 40 AS visit_occurrence_id,
            'LAB' || k AS measurement_source_value, 0 AS measurement_source_concept_id,
            NULL AS unit_source_value, NULL AS value_source_value
        FROM (SELECT i, 1 + (i // 3) % 10 AS k,
            TIMESTAMP '2020-01-01'
                + to_minutes((i // {people} * 97 + hash(i) % 60)::BIGINT) AS taken
            FROM range({rows}) t(i)) ORDER BY person_id, measurement_id"""
    procedure = f"""
        SELECT p AS person_id, TIMESTAMP '2020-01-08 09:00:00' AS procedure_datetime,
            'XW033C3' AS procedure_source_value FROM range(1, {infused + 1}) t(p)"""
    person = f"""
        SELECT p AS person_id, 8507 + 25 * (p % 2) AS gender_concept_id,
            1940 + p % 60 AS year_of_birth FROM range(1, {people + 1}) t(p)"""
    tables = {"measurement": measurement, "procedure_occurrence": procedure, "person": person}
    with duckdb.connect(config={"memory_limit": "1GB", "temp_directory": str(folder)}) as database:
        for name, query in tables.items():
            database.execute(f"COPY ({query}) TO '{folder / name}.{kind}'")


def bare_pandas(path: Path) -> int:
    import pandas as pd

    return len(pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path))


def bare_duckdb(path: Path) -> int:
    read = "read_csv" if path.suffix == ".csv" else "read_parquet"
    with duckdb.connect() as database:
        columns = "sum(hash(COLUMNS(*)) % 2)"
        found = database.execute(f"SELECT count(*), {columns} FROM {read}('{path}')").fetchone()
    return int(found[0]) if found else 0


def omop(path: Path) -> int:
    from riskmodel.cohort import read_omop

    return len(read_omop(path.parent).labs)


READINGS = {"pandas, bare": bare_pandas, "duckdb, bare": bare_duckdb, "omop": omop}


def measure(name: str, path: Path) -> dict[str, float]:
    """Run one reading in a process of its own."""
    line = [sys.executable, __file__, "--one", name, "--path", str(path)]
    done = subprocess.run(line, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def one(name: str, path: Path) -> None:
    """Do one reading and print what it took."""
    start = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_SELF)
    kept = READINGS[name](path)
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    wall = time.perf_counter() - start
    print(json.dumps({"kept": kept, "cpu": cpu, "wall": wall, "mb": used.ru_maxrss / 1024}))


def main() -> None:
    """Write a source and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--kind", choices=["csv", "parquet"], default="csv")
    parser.add_argument("--dense", action="store_true", help="every row is a result of the cohort")
    parser.add_argument("--only", choices=list(READINGS), help="one reading")
    parser.add_argument("--one", choices=list(READINGS), help=argparse.SUPPRESS)
    parser.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        one(given.one, given.path)
        return
    with tempfile.TemporaryDirectory(prefix="riskmodel-bench-") as name:
        folder = Path(name)
        write_omop(folder, rows=given.rows, dense=given.dense, kind=given.kind)
        path = folder / f"measurement.{given.kind}"
        size = path.stat().st_size / 1e6
        print(f"OMOP measurement, {given.rows:,} rows, {given.kind}, {size:,.0f} MB")
        for reading in [given.only] if given.only else READINGS:
            took = measure(reading, path)
            print(
                f"  {reading:<14}{given.rows / took['cpu']:>12,.0f} rows per CPU second "
                f"{took['cpu']:>7.1f} s CPU {took['wall']:>7.1f} s {took['mb']:>7,.0f} MB peak "
                f"{took['kept']:>12,.0f} rows out"
            )


if __name__ == "__main__":
    main()
