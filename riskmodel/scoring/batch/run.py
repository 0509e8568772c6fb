"""Score a cohort folder in bounded memory, resumable, and written whole or not at all."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from riskmodel import __version__
from riskmodel.errors import SchemaError
from riskmodel.scoring.batch.manifest import digest_of, manifest, model_entry
from riskmodel.scoring.batch.output import merge, put_in_place
from riskmodel.scoring.batch.parts import counted
from riskmodel.scoring.batch.shards import (
    ROWS_OF_SHARD,
    Shards,
    check_folder,
    file_digests,
    load_shards,
    split,
)
from riskmodel.scoring.batch.store import (
    empty,
    model_folder,
    own_store,
    prepare,
    read_rejected,
    rejected_of_part,
    shard_folder,
    split_rejections,
    write_rejected,
)
from riskmodel.scoring.batch.workers import Job, Progress, score_shards
from riskmodel.scoring.find import find_model
from riskmodel.scoring.prediction_times import fitting
from riskmodel.scoring.score import model_catalogue
from riskmodel.scoring.score_table import note_of
from riskmodel.scoring.writers.formats import FORMATS, check_output


class Batch(NamedTuple):
    """What a run made.

    Attributes
    ----------
    manifest : dict
        As it stands beside the output.
    rejected : DataFrame
        Rows of the input that could not be used: ``table, column, reason, detail``, how many
        (``count``), and the ``row`` and ``patient_id`` of the first.
    """

    manifest: dict[str, Any]
    rejected: pd.DataFrame


def score_batch(
    cohort: Path,
    models: Sequence[str | Path],
    times: Sequence[str],
    out: Path,
    *,
    explain: bool = False,
    form: str = "cohort",
    resume: bool = False,
    workers: int = 1,
    progress: Progress = lambda what, done, total: None,
    rows_of_shard: int = ROWS_OF_SHARD,
    decimal: str = "",
) -> Batch:
    """Score every patient of a cohort folder and write a file, its manifest beside it.

    The records pass by patient through shards on disk, in a hidden folder beside `out` that is
    removed at the end. Interrupted at any moment, `out` is what it was before, or complete.

    Parameters
    ----------
    cohort : Path
    models : sequence of str or Path
        See `find_model`; matched to the times by their stage.
    times : sequence of str
        ``pre-infusion``, ``day-K``, ``today``.
    out : Path
    explain : bool
        Add contributions by clinical factor.
    form : {"cohort", "meds", "omop", "adam", "fhir"}
    resume : bool
        Go on where an interrupted run of the same input, models and options stopped.
    workers : int
        Processes, 0 for up to one per core where there is enough to score; changes no byte of the
        output. More than 1 needs an importable main module.
    progress : callable
        Told what is being done, and how much of how much is.
    rows_of_shard : int
        Records in memory at once, about, for each worker.
    decimal : {"", ",", "."}
        Decimal sign of the cohort's files, where they do not tell it.

    Returns
    -------
    Batch

    Raises
    ------
    SchemaError
        When the cohort, a model or the output cannot be used, no model fits a time, another run
        writes to `out`, or a worker was killed.
    """
    began = time.monotonic()
    chosen = FORMATS[form]
    check_output(out, form)
    check_folder(cohort)
    found = [find_model(name) for name in models]
    for model in found:
        model_catalogue(model)
    for at in times:
        fitting(found, at)
    notes = sorted({note_of(model) for model in found})
    entries = [model_entry(m, str(given)) for m, given in zip(found, models, strict=True)]
    with own_store(out) as store:
        progress("fingerprint", 0, 1)
        inputs = {"cohort": cohort.resolve().name, "files": file_digests(cohort)}
        options = {
            "at": list(dict.fromkeys(times)),
            "explain": explain,
            "format": form,
            "out": out.name,
            **({"decimal": decimal} if decimal else {}),
        }
        key = digest_of([__version__, inputs, options, entries, rows_of_shard])
        prepare(store, key, resume, found)
        shards, told = _split(cohort, store, rows_of_shard, progress, decimal)
        names = tuple(str(model_folder(store, k)) for k in range(len(found)))
        job = Job(names, tuple(dict.fromkeys(times)), explain, chosen.outcomes)
        score_shards(store, shards, job, workers, progress)
        each = (rejected_of_part(store, k) for k in range(len(shards)))
        rejected = counted(pd.concat([told, *each]))
        merged = merge(store, len(shards), out, chosen, progress)
        inputs["fingerprint"] = digest_of(inputs["files"])
        seconds = time.monotonic() - began
        whole = manifest(
            inputs, options, entries, merged.counts, rejected, merged.outputs, notes, seconds
        )
        put_in_place(merged, whole, store, out)
        empty(store)
    return Batch(whole, rejected)


def _split(
    cohort: Path, store: Path, rows: int, progress: Progress, decimal: str
) -> tuple[Shards, pd.DataFrame]:
    """The records by shard, and what was rejected on the way; as they are where they are."""
    folder, told = shard_folder(store), split_rejections(store)
    shards = load_shards(folder)
    if shards is None or not told.is_file():
        progress("read", 0, 1)
        try:
            shards, rejections = split(cohort, folder, rows, decimal)
        except SchemaError:
            empty(store)
            raise
        write_rejected(counted(rejections.frame()), told)
    return shards, read_rejected(told)
