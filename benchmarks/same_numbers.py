"""Compare the numbers of two checkouts, bit for bit.

``python benchmarks/same_numbers.py --before CHECKOUT [--after CHECKOUT] [--keep DIR]`` runs the
commands, the Python functions that the documentation names, Spark and a server of both checkouts
on simulated patients and on the public data beside the checkout, and compares all that they write.
It prints a table: item, CPU seconds before and after, same or where the first difference is, and
ends with exit code 1 when something differs that was not expected. Values are shown of simulated
patients only.

Cohorts and models that are read, also one registered in MLflow, are made by `before` alone, so that
one difference does not hide others, and models made earlier must still load. With ``--keep`` the
results of `before` are used again until it, or an item, changes. ``--only ITEM`` and
``--expect ITEM`` may be given several times; ``--all`` lists the first difference of every file.
More than there was (a column, a key, a sentence), and a drawing that differs while all its words
are the same, are told and no failure.
"""

import argparse
import hashlib
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from same_numbers_files import Difference, compare_folders
from same_numbers_items import DOORS, REST, Item, inputs, items

HERE = Path(__file__).resolve().parent
GRAVE = ("numbers", "words")
LONGEST = 300  # seconds a command may take
ENTRY = "import sys; sys.argv[0] = 'riskmodel'; from riskmodel.cli import main; main()"


class Checkout:
    """A checkout whose package the commands of a run import."""

    def __init__(self, folder: Path, python: str, inputs: Path) -> None:
        self.folder = folder.resolve()
        self._python = python
        self._environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("RISKMODEL_", "MLFLOW_"))},
            "PYTHONPATH": str(self.folder),
            "OMP_NUM_THREADS": "1",
            "COLUMNS": "100",
            "NO_COLOR": "1",
            "MPLBACKEND": "agg",
            "MLFLOW_TRACKING_URI": f"sqlite:///{inputs / 'mlflow.db'}",
        }
        found = self._call(["-c", "import riskmodel; print(riskmodel.__file__)"], inputs).stdout
        if not Path(found.strip()).is_relative_to(self.folder):
            raise SystemExit(
                f"Python imports riskmodel from '{found.strip()}', not from '{self.folder}'. "
                "Run it with a Python whose own install does not go before PYTHONPATH (--python)."
            )

    def state(self) -> str:
        """Commit and what was changed since; a checkout without one is never taken as known."""
        said = [
            subprocess.run(
                ["git", "-C", str(self.folder), *words], capture_output=True, text=True, check=False
            )
            for words in (("rev-parse", "HEAD"), ("diff", "HEAD"))
        ]
        known = all(one.returncode == 0 for one in said)
        return "".join(one.stdout for one in said) if known else str(time.time())

    def _call(self, words: list[str], where: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._python, *words],
            cwd=where,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )

    def run(self, item: Item, where: Path) -> float:
        """Run an item in a fresh folder, keep what was said there, and return the CPU seconds."""
        if where.exists():
            shutil.rmtree(where)
        where.mkdir(parents=True)
        start = _cpu()
        for number, command in enumerate(item.commands, 1):
            script = command[0] in (DOORS, REST)
            words = [str(HERE / command[0]), *command[1:]] if script else ["-c", ENTRY, *command]
            done = self._call(words, where)
            said = f"exit code {done.returncode}\n{done.stdout}"
            if item.errors_kept:
                said += f"--- errors and progress\n{done.stderr}"
            elif done.returncode:
                print(done.stderr[-2000:], file=sys.stderr)
            (where / f"said-{number:02d}.txt").write_text(said, encoding="utf-8")
            if script and done.returncode:
                print(f"{' '.join(command)}: {done.stderr[-600:]}", file=sys.stderr)
        return _cpu() - start


def _cpu() -> float:
    """CPU seconds of the commands so far: other work on the machine counts little."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def known(checkout: Checkout, item: Item, where: Path) -> float:
    """As `run`, but only when the checkout or the item changed since; CPU seconds of that run."""
    text = checkout.state() + repr(item)
    for script in sorted({command[0] for command in item.commands} & {DOORS, REST}):
        text += (HERE / script).read_text(encoding="utf-8")
    key, mark = hashlib.sha256(text.encode()).hexdigest(), where.with_suffix(".key")
    if where.is_dir() and mark.is_file():
        was, _, seconds = mark.read_text().partition(" ")
        if was == key:
            return float(seconds)
    mark.unlink(missing_ok=True)
    used = checkout.run(item, where)
    mark.write_text(f"{key} {used:.1f}")
    return used


def told(name: str, took: tuple[float, float], found: list[Difference], expected: bool) -> str:
    """Line of the table."""
    grave = [one for one in found if one.kind in GRAVE]
    if grave:
        verdict = f"differs{', as expected' if expected else ''}: {len(grave)} files; {grave[0]}"
    elif found:
        more = sum(one.kind == "more" for one in found)
        verdict = f"same; more in {more} files, drawn otherwise {len(found) - more}: {found[0]}"
    else:
        verdict = "same"
    return f"{name:<22}{took[0]:>6.1f}{took[1]:>7.1f}  {verdict}"


def compare(asked: argparse.Namespace, keep: Path) -> int:
    """Run both sides, print the table, and return how many items differ unexpectedly."""
    read, data = keep / "inputs", asked.data.resolve()
    read.mkdir(parents=True, exist_ok=True)
    before = Checkout(asked.before, asked.python, read)
    after = Checkout(asked.after, asked.python, read)
    every = items(data)
    unknown = {*asked.only, *asked.expect} - set(every)
    if unknown:
        raise SystemExit(f"No item '{min(unknown)}'. Items: {', '.join(every)}.")
    known(before, inputs(data), read)
    shutil.copytree(before.folder / "models", read / "models", dirs_exist_ok=True)
    print(f"{'item':<22}{'before':>6}{'after':>7}  (CPU seconds)")
    failed = 0
    for name, item in every.items():
        if asked.only and name not in asked.only:
            continue
        first, second = keep / "before" / name, keep / "after" / name
        first.parent.mkdir(exist_ok=True)
        took = known(before, item, first), after.run(item, second)
        found = compare_folders(first, second, show=item.simulated)
        print(told(name, took, found, name in asked.expect), flush=True)
        if asked.all:
            for one in found:
                print(f"    {one.kind}: {one}")
        failed += name not in asked.expect and any(one.kind in GRAVE for one in found)
    return failed


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--before", type=Path, required=True, help="checkout that is right")
    parser.add_argument("--after", type=Path, default=HERE.parent, help="default: this checkout")
    parser.add_argument("--data", type=Path, default=HERE.parents[1] / "shared" / "data")
    parser.add_argument("--keep", type=Path, help="folder of results, used again")
    parser.add_argument("--only", action="append", default=[], metavar="ITEM")
    parser.add_argument("--expect", action="append", default=[], metavar="ITEM")
    parser.add_argument("--all", action="store_true", help="the first difference of every file")
    parser.add_argument("--python", default=sys.executable, help="interpreter of both")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        failed = compare(asked, (asked.keep or Path(temporary)).resolve())
    print("Everything is the same." if not failed else f"{failed} items differ.")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
