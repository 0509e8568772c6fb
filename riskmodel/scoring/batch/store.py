"""The hidden folder beside an output, where a run keeps what it has done until it is whole."""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from riskmodel.errors import SchemaError
from riskmodel.files import replacing, write_text
from riskmodel.models import RiskModel, save_model
from riskmodel.scoring.writers.formats import INFUSION

_KEY = "key.txt"


@contextmanager
def own_store(out: Path) -> Iterator[Path]:
    """The store of an output, held for this run; the lock goes with the process, however it ends.

    Raises
    ------
    SchemaError
        When another run holds it.
    """
    import fcntl

    store = out.with_name(f".{out.name}.parts")
    out.parent.mkdir(parents=True, exist_ok=True)
    while True:
        store.mkdir(mode=0o700, exist_ok=True)
        try:
            descriptor = os.open(store, os.O_RDONLY)
        except FileNotFoundError:
            continue
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SchemaError(
                    f"Another run writes '{out}' at this moment. Wait for it, or choose another "
                    "output."
                ) from None
            # A run that ended in between has removed the folder that was opened.
            if not _same(descriptor, store):
                continue
            try:
                yield store
            finally:
                if store.is_dir() and not any(store.iterdir()):
                    store.rmdir()
            return
        finally:
            os.close(descriptor)


def _same(descriptor: int, folder: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), folder.stat())
    except FileNotFoundError:
        return False


def prepare(store: Path, key: str, resume: bool, models: Sequence[RiskModel]) -> None:
    """Keep the parts of the same run where asked to; start with an empty store otherwise."""
    stamp = store / _KEY
    same = stamp.is_file() and stamp.read_text(encoding="utf-8") == key
    if resume and same:
        for path in store.glob(".*"):
            path.unlink()
        return
    empty(store)
    for number, model in enumerate(models):
        save_model(model, model_folder(store, number))
    write_text(stamp, key)


def empty(store: Path) -> None:
    """Remove what a store holds: its key first, so that nobody goes on from the rest of it."""
    (store / _KEY).unlink(missing_ok=True)
    for path in store.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def model_folder(store: Path, number: int) -> Path:
    """Where a model stands, as it was when the run began."""
    return store / f"model-{number}"


def shard_folder(store: Path) -> Path:
    """Where the records stand by shard."""
    return store / "shards"


def split_rejections(store: Path) -> Path:
    """Where it stands what was rejected before a row had cells."""
    return store / "split.json"


def part(store: Path, number: int) -> Path:
    """Score rows of one shard; the name appears when they are complete."""
    return store / f"part-{number:06d}.parquet"


def write_part(store: Path, number: int, rows: pd.DataFrame, rejected: pd.DataFrame) -> None:
    """Keep the score rows of a shard, and what was rejected of it."""
    path = part(store, number)
    write_rejected(rejected, path.with_suffix(".json"))
    with replacing(path) as temporary:
        rows.to_parquet(temporary, index=False)


def read_part(store: Path, number: int) -> pd.DataFrame:
    """Score rows of a shard.

    Raises
    ------
    SchemaError
        When the store was damaged since they were written.
    """
    import pyarrow as pa

    try:
        return pd.read_parquet(part(store, number))
    except (pa.ArrowInvalid, OSError) as error:
        said = str(error).splitlines()[0][:200].rstrip(".")
        raise SchemaError(
            f"Part {number} of '{store}' cannot be read: {said}. Run again without --resume."
        ) from None


def rejected_of_part(store: Path, number: int) -> pd.DataFrame:
    """What was rejected of a shard, counted."""
    return read_rejected(part(store, number).with_suffix(".json"))


def any_date(store: Path, parts: int) -> bool:
    """Whether any patient has an infusion time."""
    return any(
        pd.read_parquet(part(store, k), columns=[INFUSION])[INFUSION].notna().any()
        for k in range(parts)
    )


def write_rejected(rejected: pd.DataFrame, path: Path) -> None:
    """Write what was rejected, counted."""
    write_text(path, json.dumps(rejected.to_dict(orient="records")))


def read_rejected(path: Path) -> pd.DataFrame:
    """Read what `write_rejected` wrote."""
    return pd.DataFrame(json.loads(path.read_text(encoding="utf-8")))
