"""Rows per second of reading, features and scoring on a simulated cohort.

A row is a record of the cohort's three tables. Reading and features are timed as function calls,
after a first call on a small cohort that pays for imports and compilation; scoring is timed as
the whole command, start-up and reading included, as a user waits for it.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from riskmodel.cohort import Cohort, read_cohort
from riskmodel.features import load_catalogue, matrix
from riskmodel.training import simulate

HOURS = 72.0


def seconds(call: Callable[[], object], rounds: int) -> float:
    """Median wall time of a call."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return median(times)


def rows_of(cohort: Cohort) -> int:
    """Records of a cohort: patients, lab results and events."""
    return len(cohort.patients) + len(cohort.labs) + len(cohort.events)


def score(folder: Path, at: str, model: str) -> None:
    """Score a cohort folder with a shipped model, as a command."""
    command = Path(sys.executable).with_name("riskmodel")
    out = folder.with_name("scores.parquet")
    line = [command, "score", folder, "--model", model, "--at", at, "--out", out]
    subprocess.run(line, check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """Simulate a cohort and print a table of rows per second."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    catalogue = load_catalogue()
    with tempfile.TemporaryDirectory(prefix="riskmodel-bench-") as name:
        small, large = Path(name) / "small", Path(name) / "large"
        simulate(small, patients=100, seed=1)
        simulate(large, patients=given.patients, seed=2)
        matrix(read_cohort(small), catalogue, HOURS)
        cohort = read_cohort(large)
        rows = rows_of(cohort)
        measured = {
            "check (read_cohort)": seconds(lambda: read_cohort(large), given.rounds),
            "features, day 3 (matrix)": seconds(
                lambda: matrix(cohort, catalogue, HOURS), given.rounds
            ),
            "score, pre-infusion (command)": seconds(
                lambda: score(large, "pre-infusion", "pre-infusion"), given.rounds
            ),
            "score, day 3 (command)": seconds(lambda: score(large, "day-3", "early"), given.rounds),
        }
    print(f"{len(cohort):,} patients, {rows:,} rows, median of {given.rounds} runs")
    for step, took in measured.items():
        print(f"  {step:<30} {took:7.2f} s   {rows / took:12,.0f} rows/s")


if __name__ == "__main__":
    main()
