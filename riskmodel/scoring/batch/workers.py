"""Score the shards of a store, one after the other or in several processes."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from riskmodel.errors import SchemaError
from riskmodel.models import RiskModel, load_model
from riskmodel.scoring.batch.parts import score_part
from riskmodel.scoring.batch.shards import Shards, read_shard
from riskmodel.scoring.batch.store import part, shard_folder, write_part

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Job:
    """What a worker is asked for."""

    models: tuple[str, ...]
    times: tuple[str, ...]
    explain: bool
    outcomes: bool


@cache
def _model(folder: str) -> RiskModel:
    return load_model(Path(folder))


def _score_one(store: Path, shards: Shards, number: int, job: Job) -> int:
    """Score one shard into its part."""
    frames, places = read_shard(shard_folder(store), shards, number)
    models = [_model(folder) for folder in job.models]
    found = score_part(
        frames,
        places,
        shards.name,
        models,
        job.times,
        explain=job.explain,
        outcomes=job.outcomes,
        notation=shards.notation,
    )
    write_part(store, number, found.rows, found.rejected)
    return number


SHARDS_WORTH = 4
"""Shards that pay for the start of one more process, which costs about as much as two of them."""


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def score_shards(store: Path, shards: Shards, job: Job, workers: int, progress: Progress) -> None:
    """Score every shard that has no part in the store yet.

    Raises
    ------
    SchemaError
        When the store was damaged, or a worker was killed.
    """
    total = sum(shards.patients)
    open_parts = [k for k in range(len(shards)) if not part(store, k).is_file()]
    if not workers:
        workers = min(cores(), len(open_parts) // SHARDS_WORTH)
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
