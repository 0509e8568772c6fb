"""What a long command shows: progress on a terminal, a summary table at the end."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[str, int, int], None]
_WORDS = {
    "fingerprint": "Fingerprint of the input",
    "read": "Split by patient",
    "score": "Patients scored",
    "write": "Write the output",
}
_STATUS = ("scored", "partial", "out_of_scope", "rejected")
_REASONS_SHOWN = 8


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def progress_bar(quiet: bool = False) -> Iterator[Progress]:
    """A function to tell progress to: with rate and time left on a terminal, else silent."""
    if quiet or not sys.stderr.isatty():
        yield lambda what, done, total: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = shown.add_task(_WORDS[what], total=total, completed=done, rate="")
            speed = shown.tasks[tasks[what]].speed
            rate = f"{speed:,.0f}/s" if speed else ""
            shown.update(tasks[what], completed=done, total=total, rate=rate)

        yield tell


def sentences_of(rejected: "pd.DataFrame") -> list[str]:
    """One sentence per kind of rejected input, with the first row of it."""
    from riskmodel.cohort.rejection import REASONS

    found = []
    for kind in rejected.to_dict(orient="records"):
        where = f"{kind['table']}.{kind['column']}" if kind["column"] else kind["table"]
        count = f"{kind['count']} row{'s' if kind['count'] > 1 else ''}"
        patient = f", patient '{kind['patient_id']}'" if kind["patient_id"] else ""
        extra = f" ({kind['detail']})" if kind["detail"] else ""
        found.append(
            f"Rejected {count} of {where} [{kind['reason']}] (first: row {kind['row']}{patient}): "
            f"it {REASONS[kind['reason']]}{extra}."
        )
    return found


def show(made: Mapping[str, Any], out: str) -> None:
    """Print the summary of a batch."""
    from rich.console import Console
    from rich.table import Table

    console = Console(soft_wrap=True, highlight=False)
    table = Table("time", "model", *_STATUS, title=None)
    rows: dict[tuple[float | None, str], dict[str, int]] = {}
    for entry in made["counts"]["by_time"]:
        key = (entry["prediction_time_hours"], entry["model"])
        rows.setdefault(key, {})[entry["status"]] = entry["rows"]
    for (hours, model), counts in rows.items():
        numbers = [f"{counts[s]:,}" if s in counts else "" for s in _STATUS]
        table.add_row(_time(hours), model, *numbers)
    console.print(table)
    status = made["counts"]["status"]
    for name in _STATUS:
        reasons = made["counts"]["reasons"].get(name, {})
        top = sorted(reasons, key=lambda code: (-reasons[code], code))[:_REASONS_SHOWN]
        if top:
            told = ", ".join(f"{code} {reasons[code]:,}" for code in top)
            console.print(f"{name}: {told}", markup=False)
    shown = ", ".join(f"{name} {status[name]:,}" for name in _STATUS if name in status)
    console.print(
        f"Wrote {made['counts']['rows']} rows to {out}: {shown}. "
        f"Manifest: {made['output']['file']}.manifest.json.",
        markup=False,
    )
    for note in made["notes"]:
        console.print(note, markup=False)


def _time(hours: float | None) -> str:
    if hours is None:
        return "none, or after day 13"
    return "pre-infusion" if hours == 0 else f"day {hours / 24:g}"
