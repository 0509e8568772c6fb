"""Put the parts of a run together in one file of the form asked for, and count what it holds."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from riskmodel.cohort import safe_cells
from riskmodel.scoring.batch.manifest import Counts
from riskmodel.scoring.batch.store import any_date, read_part
from riskmodel.scoring.batch.workers import Progress
from riskmodel.scoring.writers.formats import INFUSION, PLACE, Format
from riskmodel.scoring.writers.sinks import Write, sink
from riskmodel.scoring.writers.subjects import check_distinct, subject_ids

RELATIVE_START = np.datetime64("1970-01-01", "us")
"""Infusion time of everybody in a dated form of a cohort that names no infusion time at all: its
dates are then hours from the infusion, written as instants."""
RELATIVE_NOTE = "hours from the infusion, counted from 1970-01-01: no infusion times"


class Merged(NamedTuple):
    """What `merge` wrote, all of it still in the store.

    Attributes
    ----------
    counts, outputs : dict
        As the manifest holds them.
    files : mapping of Path to Path
        Each file of the store and the name that it is to have, the output last.
    """

    counts: dict[str, Any]
    outputs: dict[str, Any]
    files: Mapping[Path, Path]


def merge(store: Path, parts: int, out: Path, form: Format, progress: Progress) -> Merged:
    """Write the output from the parts, within the store.

    Raises
    ------
    SchemaError
        When the store was damaged, or two patients have one number in a form that numbers them.
    """
    counts = Counts()
    relative = form.dated and not any_date(store, parts)
    target, beside = store / f"whole{out.suffix}", store / f"aside{out.suffix}"
    refused: list[pd.DataFrame] = []
    people: list[pd.DataFrame] = []
    with sink(target, form) as write, _second(beside, form) as write_aside:

        def write_rows(rows: pd.DataFrame) -> None:
            write(rows)
            write_aside(rows)
            people.append(leaving(rows, form))

        for number in range(parts):
            progress("write", number, parts)
            rows = read_part(store, number)
            if relative:
                rows[INFUSION] = RELATIVE_START
            counts.add(rows)
            entered = (rows[PLACE] < 0).to_numpy()
            refused.append(rows[~entered])
            write_rows(rows[entered])
        write_rows(pd.concat(refused).sort_values(PLACE, kind="stable", ignore_index=True))
    outputs = _described(target, out)
    files: dict[Path, Path] = {}
    if form.numbered:
        everyone = pd.concat(people, ignore_index=True)
        check_distinct(everyone["patient_id"], everyone["subject_id"].to_numpy())
        listed = out.with_name(out.name + ".patients.csv")
        files[store / "patients.csv"] = listed
        safe_cells(everyone).to_csv(store / "patients.csv", index=False, lineterminator="\n")
        outputs["patients"] = listed.name
    if form.aside is not None:
        files[beside] = out.with_name(f"{out.stem}.unlabelled{out.suffix}")
        outputs["unlabelled"] = _described(beside, files[beside])
    if relative:
        outputs["times"] = RELATIVE_NOTE
    return Merged(counts.entry(), outputs, files | {target: out})


def put_in_place(merged: Merged, manifest: Mapping[str, Any], store: Path, out: Path) -> None:
    """Rename what is complete onto its names: nothing is written any more.

    The manifest comes last, and names the digest of the output that it goes with.
    """
    written = store / "manifest.json"
    written.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    for path, final in merged.files.items():
        path.replace(final)
    written.replace(out.with_name(out.name + ".manifest.json"))


@contextmanager
def _second(path: Path, form: Format) -> Iterator[Write]:
    """The sink of the table that a format writes aside, or of nothing."""
    if form.aside is None:
        yield lambda rows: None
        return
    with sink(path, form._replace(table=form.aside)) as write:
        yield write


def _described(path: Path, final: Path) -> dict[str, Any]:
    with path.open("rb") as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest()
    return {"file": final.name, "sha256": digest, "bytes": path.stat().st_size}


def leaving(rows: pd.DataFrame, form: Format) -> pd.DataFrame:
    """Who has which number, and what became of it: where patients are numbered, one row each."""
    if not form.numbered:
        return rows.iloc[:0]
    told = rows[["patient_id", "prediction_time_hours", "stage", "status", "reason"]]
    return told.assign(subject_id=subject_ids(rows["patient_id"]), dated=rows[INFUSION].notna())
