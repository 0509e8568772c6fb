"""CPU seconds of labelling by every definition, against reading the same simulated cohort.

Both are timed as function calls on one core, after a first call on a small cohort that pays for
imports. The goal is at most three times the time of reading.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from riskmodel.cohort import read_cohort
from riskmodel.criteria import definition_names, label
from riskmodel.training import simulate


def cpu_seconds(call: Callable[[], object], rounds: int) -> float:
    """Median CPU time of a call."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return median(times)


def main() -> None:
    """Simulate a cohort and print a table of CPU seconds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="riskmodel-bench-") as name:
        small, large = Path(name) / "small", Path(name) / "large"
        simulate(small, patients=100, seed=1)
        simulate(large, patients=given.patients, seed=2)
        first = read_cohort(small)
        for definition in definition_names():
            label(first, definition)
        reading = cpu_seconds(lambda: read_cohort(large), given.rounds)
        cohort = read_cohort(large)
        labelling = {
            definition: cpu_seconds(lambda d=definition: label(cohort, d), given.rounds)  # type: ignore[misc]
            for definition in definition_names()
        }
    total = sum(labelling.values())
    print(f"{given.patients:,} patients, {len(cohort.labs):,} results, median of {given.rounds}")
    for definition, took in labelling.items():
        print(f"  {definition:<14} {took:7.2f} s")
    print(f"  {'all':<14} {total:7.2f} s   {total / reading:.2f} x reading ({reading:.2f} s)")


if __name__ == "__main__":
    main()
