"""Score a cohort folder in bounded memory, resumable, and written whole or not at all."""

import hashlib
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from riskmodel import __version__
from riskmodel.cohort.write import safe_cells
from riskmodel.errors import SchemaError
from riskmodel.files import replacing
from riskmodel.models import RiskModel, load_model, save_model
from riskmodel.scoring.load import find_model
from riskmodel.scoring.manifest import Counts, digest_of, manifest, model_entry
from riskmodel.scoring.parts import counted, score_part
from riskmodel.scoring.rows import note_of
from riskmodel.scoring.score import model_catalogue
from riskmodel.scoring.shards import (
    ROWS_OF_SHARD,
    Shards,
    check_folder,
    file_digests,
    load_shards,
    read_shard,
    split,
)
from riskmodel.scoring.times import fitting
from riskmodel.scoring.writers.formats import FORMATS, INFUSION, PLACE, Format, check_output
from riskmodel.scoring.writers.sinks import Write, sink
from riskmodel.scoring.writers.subjects import check_distinct, subject_ids

RELATIVE_START = np.datetime64("1970-01-01", "us")
"""Infusion time of everybody in a dated form of a cohort that names no infusion time at all: its
dates are then hours from the infusion, written as instants."""

Progress = Callable[[str, int, int], None]


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


@dataclass(frozen=True)
class Job:
    """What a worker is asked for."""

    models: tuple[str, ...]
    times: tuple[str, ...]
    explain: bool
    outcomes: bool


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
    form : {"cohort", "meds", "omop", "fhir"}
    resume : bool
        Go on where an interrupted run of the same input, models and options stopped.
    workers : int
        Processes; changes no byte of the output. More than 1 needs an importable main module.
    progress : callable
        Told what is being done, and how much of how much is.
    rows_of_shard : int
        Records in memory at once, about, for each worker.

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
    store = out.with_name(f".{out.name}.parts")
    with _alone(store, out):
        progress("fingerprint", 0, 1)
        inputs = {"cohort": cohort.resolve().name, "files": file_digests(cohort)}
        options = {
            "at": list(dict.fromkeys(times)),
            "explain": explain,
            "format": form,
            "out": out.name,
        }
        key = digest_of([__version__, inputs, options, entries, rows_of_shard])
        _prepare(store, key, resume, found)
        shards, told = _split(cohort, store, rows_of_shard, progress)
        names = tuple(str(store / f"model-{k}") for k in range(len(found)))
        job = Job(names, tuple(dict.fromkeys(times)), explain, chosen.outcomes)
        _score_all(store, shards, job, workers, progress)
        rejected = counted(pd.concat([told, *(_rejected(store, k) for k in range(len(shards)))]))
        counts, outputs = _merge(store, shards, out, chosen, progress)
        inputs["fingerprint"] = digest_of(inputs["files"])
        whole = manifest(
            inputs, options, entries, counts, rejected, outputs, notes, time.monotonic() - began
        )
        manifest_path = out.with_name(out.name + ".manifest.json")
        with replacing(manifest_path) as temporary:
            temporary.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
        shutil.rmtree(store)
    return Batch(whole, rejected)


@contextmanager
def _alone(store: Path, out: Path) -> Iterator[None]:
    """Hold the store for this run; the lock goes with the process, however it ends."""
    out.parent.mkdir(parents=True, exist_ok=True)
    store.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(store, os.O_RDONLY)
    try:
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SchemaError(
                f"Another run writes '{out}' at this moment. Wait for it, or choose another output."
            ) from None
        yield
    finally:
        if store.is_dir() and not any(store.iterdir()):
            store.rmdir()
        os.close(descriptor)


def _prepare(store: Path, key: str, resume: bool, models: Sequence[RiskModel]) -> None:
    """Keep the parts of the same run where asked to; start with an empty store otherwise."""
    stamp = store / "key.txt"
    same = stamp.is_file() and stamp.read_text(encoding="utf-8") == key
    if not (resume and same):
        for path in store.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        for number, model in enumerate(models):
            save_model(model, store / f"model-{number}")
        with replacing(stamp) as temporary:
            temporary.write_text(key, encoding="utf-8")


def _split(cohort: Path, store: Path, rows: int, progress: Progress) -> tuple[Shards, pd.DataFrame]:
    folder, told = store / "shards", store / "split.json"
    shards = load_shards(folder)
    if shards is None or not told.is_file():
        progress("read", 0, 1)
        try:
            shards, rejections = split(cohort, folder, rows)
        except SchemaError:
            shutil.rmtree(store)
            raise
        _write_told(counted(rejections.frame()), told)
    return shards, _read_told(told)


def _write_told(rejected: pd.DataFrame, path: Path) -> None:
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(rejected.to_dict(orient="records")), encoding="utf-8")


def _read_told(path: Path) -> pd.DataFrame:
    return pd.DataFrame(json.loads(path.read_text(encoding="utf-8")))


def _part(store: Path, number: int) -> Path:
    return store / f"part-{number:06d}.parquet"


def _rejected(store: Path, number: int) -> pd.DataFrame:
    return _read_told(_part(store, number).with_suffix(".json"))


@cache
def _model(folder: str) -> RiskModel:
    return load_model(Path(folder))


def _score_one(store: Path, shards: Shards, number: int, job: Job) -> int:
    """Score one shard into its part; the part's own name appears when it is complete."""
    frames, places = read_shard(store / "shards", shards, number)
    models = [_model(folder) for folder in job.models]
    part = score_part(
        frames, places, shards.name, models, job.times, explain=job.explain, outcomes=job.outcomes
    )
    path = _part(store, number)
    _write_told(part.rejected, path.with_suffix(".json"))
    with replacing(path) as temporary:
        part.rows.to_parquet(temporary, index=False)
    return number


def _score_all(store: Path, shards: Shards, job: Job, workers: int, progress: Progress) -> None:
    total = sum(shards.patients)
    open_parts = [k for k in range(len(shards)) if not _part(store, k).is_file()]
    done = total - sum(shards.patients[k] for k in open_parts)
    progress("score", done, total)
    for number in _scored(store, shards, open_parts, job, workers):
        done += shards.patients[number]
        progress("score", done, total)


def _scored(
    store: Path, shards: Shards, numbers: Sequence[int], job: Job, workers: int
) -> Iterator[int]:
    """Numbers of the shards as they are finished."""
    if workers < 2 or len(numbers) < 2:
        for number in numbers:
            yield _score_one(store, shards, number, job)
        return
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    with ProcessPoolExecutor(
        min(workers, len(numbers)), mp_context=get_context("spawn"), initializer=_follow_parent
    ) as pool:
        try:
            jobs = [pool.submit(_score_one, store, shards, number, job) for number in numbers]
            for finished in as_completed(jobs):
                yield finished.result()
        except BrokenProcessPool:
            raise SchemaError(
                "A worker was killed, perhaps for want of memory. Run again with --resume: what "
                "was finished is kept."
            ) from None
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _follow_parent() -> None:
    """End this worker when the process that started it has ended, even by SIGKILL."""
    from multiprocessing import connection, parent_process

    parent = parent_process()
    if parent is None:
        return
    sentinel = parent.sentinel

    def watch() -> None:
        connection.wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _merge(
    store: Path, shards: Shards, out: Path, form: Format, progress: Progress
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write the output from the parts; counts, and what was written."""
    counts = Counts()
    relative = form.dated and not _any_date(store, shards)
    target, beside = store / f"whole{out.suffix}", store / f"aside{out.suffix}"
    refused: list[pd.DataFrame] = []
    leaving: list[pd.DataFrame] = []
    with sink(target, form) as write, _second(beside, form) as write_aside:

        def write_rows(rows: pd.DataFrame) -> None:
            write(rows)
            write_aside(rows)
            leaving.append(_leaving(rows, form))

        for number in range(len(shards)):
            progress("write", number, len(shards))
            rows = _read_part(store, number)
            if relative:
                rows[INFUSION] = RELATIVE_START
            counts.add(rows)
            entered = (rows[PLACE] < 0).to_numpy()
            refused.append(rows[~entered])
            write_rows(rows[entered])
        write_rows(pd.concat(refused).sort_values(PLACE, kind="stable", ignore_index=True))
    written = _described(target, out)
    if form.numbered:
        everyone = pd.concat(leaving, ignore_index=True)
        check_distinct(everyone["patient_id"], everyone["subject_id"].to_numpy())
        listed = out.with_name(out.name + ".patients.csv")
        with replacing(listed) as temporary:
            safe_cells(everyone).to_csv(temporary, index=False, lineterminator="\n")
        written["patients"] = listed.name
    if form.aside is not None:
        other = out.with_name(f"{out.stem}.unlabelled{out.suffix}")
        written["unlabelled"] = _described(beside, other)
        beside.replace(other)
    if relative:
        written["times"] = "hours from the infusion, counted from 1970-01-01: no infusion times"
    target.replace(out)
    return counts.entry(), written


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


def _leaving(rows: pd.DataFrame, form: Format) -> pd.DataFrame:
    """Who has which number, and what became of it: where patients are numbered, one row each."""
    if not form.numbered:
        return rows.iloc[:0]
    told = rows[["patient_id", "prediction_time_hours", "stage", "status", "reason"]]
    return told.assign(subject_id=subject_ids(rows["patient_id"]), dated=rows[INFUSION].notna())


def _read_part(store: Path, number: int) -> pd.DataFrame:
    import pyarrow as pa

    try:
        return pd.read_parquet(_part(store, number))
    except (pa.ArrowInvalid, OSError) as error:
        said = str(error).splitlines()[0][:200].rstrip(".")
        raise SchemaError(
            f"Part {number} of '{store}' cannot be read: {said}. Run again without --resume."
        ) from None


def _any_date(store: Path, shards: Shards) -> bool:
    return any(
        pd.read_parquet(_part(store, k), columns=[INFUSION])[INFUSION].notna().any()
        for k in range(len(shards))
    )
