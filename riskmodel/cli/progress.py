"""What a long command shows: progress on a terminal, a summary table at the end."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[str, int, int], None]
_WORDS = {
    "fingerprint": "Fingerprint",
    "read": "Split",
    "score": "Score",
    "write": "Write",
}
_MISSING = "missing inputs (median)"
_STATUS = ("scored", "partial", "out_of_scope", "rejected")
_REASONS_SHOWN = 8
_WIDE = 60
"""Columns of a terminal from which on a bar is drawn."""
_PIPE = 200
"""Columns that a table may take where no terminal limits it."""


@contextmanager
def progress_bar(quiet: bool = False) -> Iterator[Progress]:
    """A function to tell progress to: with rate and time left on a terminal, else silent."""
    if quiet or not sys.stderr.isatty():
        yield lambda what, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn

    console = Console(stderr=True)
    # On a narrow terminal the figures tell more than the bar.
    bar = [BarColumn(bar_width=None)] if console.width >= _WIDE else []
    columns = (TextColumn("{task.description}"), *bar, TextColumn("{task.fields[told]}"))
    began: dict[str, tuple[float, int]] = {}
    shown_task: list[TaskID] = []
    with Progress(*columns, console=console, transient=True, expand=bool(bar)) as shown:

        def tell(what: str, done: int, total: int) -> None:
            now = time.monotonic()
            if what not in began:
                began[what] = (now, done)
                for task in shown_task:
                    shown.remove_task(task)
                shown_task[:] = [shown.add_task(_WORDS[what], total=None, told="")]
            start, before = began[what]
            told = _told(done, total, done - before, now - start)
            counted = total if total > 1 else None
            shown.update(shown_task[0], completed=done, total=counted, told=told)

        yield tell


def _told(done: int, total: int, here: int, seconds: float) -> str:
    """How much is done, how fast, and how long the rest will take at that rate.

    Examples
    --------
    >>> _told(3_000, 10_000, 2_000, 4.0)
    '3,000/10,000 500/s 0:00:14'
    >>> _told(0, 10_000, 0, 0.0), _told(0, 1, 0, 0.0)
    ('0/10,000', '')
    """
    if total <= 1:
        return ""
    shown = f"{done:,}/{total:,}"
    if here <= 0 or seconds <= 0:
        return shown
    rate = here / seconds
    left = timedelta(seconds=round((total - done) / rate))
    return f"{shown} {rate:,.0f}/s {left}" if rate >= 1 else f"{shown} {left}"


def sentences_of(rejected: "pd.DataFrame") -> list[str]:
    """One sentence per kind of rejected input, with the first row of it."""
    from riskmodel.cohort import REASONS

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
    from rich.measure import Measurement
    from rich.table import Table

    # A pipe has no width of its own to fit into.
    wide = None if sys.stdout.isatty() else _PIPE
    console = Console(soft_wrap=True, highlight=False, width=wide)
    heads = ("time", "model", *_STATUS, _MISSING)
    lines = _lines(made)
    table = Table(*heads, title=None)
    for row in lines:
        table.add_row(*row)
    whole = console.options.update(max_width=_PIPE)
    if Measurement.get(console, whole, table).maximum <= console.width:
        console.print(table)
    else:
        for time_of, model, *cells in lines:
            cut = [f"{name} {cell}" for name, cell in zip(heads[2:], cells, strict=True) if cell]
            console.print(f"{time_of}, {model}: {', '.join(cut)}", markup=False)
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


def _lines(made: Mapping[str, Any]) -> list[list[str]]:
    """The summary's cells: a time and a model, rows by status, inputs missing in half of them."""
    rows: dict[tuple[float | None, str], dict[str, str]] = {}
    for entry in made["counts"]["by_time"]:
        cells = rows.setdefault((entry["prediction_time_hours"], entry["model"]), {})
        cells[entry["status"]] = f"{entry['rows']:,}"
    inputs = {(model["stage"], model["name"]): model["inputs"] for model in made["models"]}
    for entry in made["counts"]["missing_inputs"]:
        of = inputs[(entry["stage"], entry["model"])]
        cells = rows[(entry["prediction_time_hours"], entry["model"])]
        cells[_MISSING] = f"{entry['median']} of {of}"
    return [
        [_time(hours), model, *(cells.get(name, "") for name in (*_STATUS, _MISSING))]
        for (hours, model), cells in rows.items()
    ]


def _time(hours: float | None) -> str:
    if hours is None:
        return "none, or after the last day"
    return "pre-infusion" if hours == 0 else f"day {hours / 24:g}"
