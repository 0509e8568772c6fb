"""Shards scored in several processes, which end with the one that started them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from pandas.testing import assert_frame_equal

from riskmodel.scoring.batch.shards import split
from riskmodel.scoring.batch.store import part, read_part, shard_folder
from riskmodel.scoring.batch.workers import Job, cores, score_shards

TIMES = ["pre-infusion", "day-4", "today"]
ROWS = 1200


SCRIPT = """
import sys
from pathlib import Path
from riskmodel.scoring.batch.run import score_batch
if __name__ == "__main__":
    cohort, out, workers, *models = sys.argv[1:]
    score_batch(Path(cohort), models, {times}, Path(out), explain=True, resume=True,
                workers=int(workers), rows_of_shard={rows})
"""


def test_a_kill_at_any_moment_leaves_the_old_file_or_a_whole_new_one(
    batch, hostile, models, complete, tmp_path
):
    whole = complete[0].read_bytes()
    out = tmp_path / "scores.csv"
    out.write_text("old\n")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(times=TIMES, rows=ROWS))
    store = tmp_path / ".scores.csv.parts"
    rng = np.random.default_rng()
    seen = 0
    for workers, parts in ((1, 1), (2, int(rng.integers(2, 4))), (1, 5)):
        command = [sys.executable, script, hostile, out, str(workers), *models]
        run = subprocess.Popen([str(part) for part in command])
        while run.poll() is None and len(list(store.glob("part-*.parquet"))) < parts:
            time.sleep(0.005)
        time.sleep(float(rng.uniform(0, 0.05)))
        run.send_signal(signal.SIGKILL)
        run.wait()
        assert out.read_bytes() in (b"old\n", whole)
        found = len(list(store.glob("part-*.parquet")))
        assert found >= seen
        seen = found
    assert seen >= 3
    times = {p.name: p.stat().st_mtime_ns for p in store.glob("part-*.parquet")}
    told = []

    def note(what: str, done: int, total: int) -> None:
        told.append((what, done, total))
        for path in store.glob("part-*.parquet"):
            assert times.get(path.name, path.stat().st_mtime_ns) == path.stat().st_mtime_ns

    batch(hostile, models, out, resume=True, progress=note)
    assert out.read_bytes() == whole
    assert next(done for what, done, _ in told if what == "score") > 0
    assert not store.exists()


def test_workers_end_with_the_process_that_started_them(hostile, models, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(times=TIMES, rows=200))
    store = tmp_path / ".scores.csv.parts"
    command = [sys.executable, script, hostile, tmp_path / "scores.csv", "2", *models]
    run = subprocess.Popen([str(part) for part in command])
    while run.poll() is None and not list(store.glob("part-*.parquet")):
        time.sleep(0.01)
    children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert children
    deadline = time.monotonic() + 20
    while any(alive(int(child)) for child in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(alive(int(child)) for child in children)


def alive(process: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False


def test_only_what_is_missing_is_scored(batch, hostile, models, tmp_path):
    store, shards, job, told = tmp_path / "store", None, None, []
    store.mkdir()
    shards, _ = split(hostile, shard_folder(store), 1200)
    job = Job((str(models[0]),), ("pre-infusion",), False, False)

    def note(what: str, done: int, total: int) -> None:
        told.append((what, done, total))

    score_shards(store, shards, job, 1, note)
    people = sum(shards.patients)
    assert told[0] == ("score", 0, people)
    assert told[-1] == ("score", people, people)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    before = read_part(store, 1)
    times = {p: p.stat().st_mtime_ns for p in store.glob("part-*.parquet")}
    part(store, 1).unlink()
    told.clear()
    score_shards(store, shards, job, 1, note)
    assert told[0] == ("score", people - shards.patients[1], people)
    assert_frame_equal(read_part(store, 1), before, check_exact=True)
    changed = [p for p, t in times.items() if p.stat().st_mtime_ns != t]
    assert changed == [part(store, 1)]
    score_shards(store, shards, job, 0, note)  # nothing is left
    assert told[-1] == ("score", people, people)


def test_a_process_counts_the_cores_it_may_use():
    assert 1 <= cores() <= (os.cpu_count() or 1)
