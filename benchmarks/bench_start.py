"""How long `import riskmodel` and `riskmodel --help` take, in units of `import pandas`.

Each is a process of its own; rounds alternate between them so that a busy machine slows all
alike, and the median of the rounds counts. The goal is a ratio of at most 2.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

COMMANDS = {
    "import pandas": [sys.executable, "-c", "import pandas"],
    "import riskmodel": [sys.executable, "-c", "import riskmodel"],
    "riskmodel --help": [str(Path(sys.executable).with_name("riskmodel")), "--help"],
}
GOAL = 2.0


def seconds(command: list[str]) -> float:
    """Wall time of one run of a command that must succeed."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Print the median time of each command and its ratio to `import pandas`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    for command in COMMANDS.values():
        seconds(command)  # the first run compiles the bytecode and fills the disk cache
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(rounds):
        for name, command in COMMANDS.items():
            times[name].append(seconds(command))
    unit = median(times["import pandas"])
    print(f"Start-up, median of {rounds} runs (goal: ratio at most {GOAL:g})")
    for name, measured in times.items():
        middle = median(measured)
        print(f"  {name:<18} {middle * 1000:7.0f} ms   ratio {middle / unit:.2f}")


if __name__ == "__main__":
    main()
