"""Rows per CPU second and peak memory of each reader, beside bare reads of the same file.

A row is one result. Each reading runs in a process of its own, so that its CPU time (all threads)
and its peak memory are its own; both are of the whole process, its start included. "convert" is
the command `riskmodel convert`, which also cleans, checks, writes and reports. The bare reads
only parse: pandas all columns of the file (of JSON some rows at a time: all at once does not fit),
DuckDB all columns, hashed.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from reader_sources import write_fhir, write_meds, write_omop, write_sdtm, write_table

Write = Callable[[Path, int], Path]
SOURCES: dict[str, Write] = {
    "omop": write_omop,
    "fhir": write_fhir,
    "meds": write_meds,
    "sdtm": write_sdtm,
    "table": write_table,
}
_BARE_PANDAS = {
    ".csv": "pd.read_csv(path)",
    ".parquet": "pd.read_parquet(path)",
    ".ndjson": "[len(part) for part in pd.read_json(path, lines=True, chunksize=100_000)]",
}
_BARE_DUCKDB = {".csv": "read_csv", ".parquet": "read_parquet", ".ndjson": "read_json"}


def readings(kind: str, source: Path, path: Path, out: Path) -> dict[str, list[str]]:
    """Command lines of the three readings of one source."""
    python = [sys.executable, "-c"]
    bare = f"import pandas as pd; path = {str(path)!r}; {_BARE_PANDAS[path.suffix]}"
    hashed = (
        'import duckdb; duckdb.connect().execute("SELECT count(*), sum(hash(COLUMNS(*)) % 2) '
        f"FROM {_BARE_DUCKDB[path.suffix]}('{path}')\").fetchall()"
    )
    options = ["--mapping", f"{source}.toml"] if kind == "table" else []
    command = "from riskmodel.cli import main; main()"
    return {
        "pandas, bare": [*python, bare],
        "duckdb, bare": [*python, hashed],
        "convert": [*python, command, "convert", kind, str(source), str(out), *options],
    }


def measure(line: list[str]) -> tuple[float, float]:
    """CPU seconds and peak memory in GiB of one process.

    Raises
    ------
    SystemExit
        When it fails.
    """
    quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    child = os.posix_spawn(line[0], line, os.environ, file_actions=quiet)
    _, status, used = os.wait4(child, 0)
    if status:
        raise SystemExit(f"This reading failed: {' '.join(line)}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 2**20


def main() -> None:
    """Write each source and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--only", choices=list(SOURCES), help="one reader")
    parser.add_argument("--convert", action="store_true", help="without the bare reads")
    given = parser.parse_args()
    print(f"{given.rows:,} results{'':<12}{'CPU s':>9}{'rows per CPU s':>16}{'peak GiB':>10}")
    for kind in [given.only] if given.only else SOURCES:
        with tempfile.TemporaryDirectory(prefix="riskmodel-bench-") as name:
            source = Path(name) / kind
            path = SOURCES[kind](source, given.rows)
            for reading, line in readings(kind, source, path, Path(name) / "out").items():
                if given.convert and reading != "convert":
                    continue
                cpu, peak = measure(line)
                print(
                    f"  {kind:<6}{reading:<14}{cpu:>16.1f}{given.rows / cpu:>16,.0f}{peak:>10.2f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
