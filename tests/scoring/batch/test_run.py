"""Batches: as in one pass, whatever the shards, the input's faults and the moment of a kill."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from riskmodel.cli.progress import sentences_of
from riskmodel.cohort import read_cohort, sentences
from riskmodel.errors import SchemaError
from riskmodel.models import load_model
from riskmodel.scoring.batch.run import score_batch
from riskmodel.scoring.prediction_times import score_times

TIMES = ["pre-infusion", "day-4", "today"]
ROWS = 1200


@pytest.fixture(scope="module")
def models(model_folders: dict[str, Path]) -> list[Path]:
    return list(model_folders.values())


@pytest.fixture(scope="module")
def hostile(simulated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two dozen patients, their rows out of order, and one of every fault between them."""
    folder = tmp_path_factory.mktemp("hostile") / "cohort"
    folder.mkdir()
    tables = {name: pd.read_csv(simulated / f"{name}.csv", dtype=str) for name in
              ("patients", "labs", "events")}  # fmt: skip
    ids = tables["patients"]["patient_id"].head(24)
    kept = {n: t[t["patient_id"].isin(ids)] for n, t in tables.items()}
    patients = kept["patients"].copy()
    patients.loc[patients.index[3], "age_years"] = "fifty"
    patients.loc[patients.index[4], "patient_id"] = "=cmd|'/c'!A1"
    patients.loc[patients.index[5], "patient_id"] = " S00001 "
    patients.loc[patients.index[5], "disease"] = "MM"
    patients.loc[patients.index[6], "patient_id"] = ""
    patients.loc[patients.index[7], "product"] = "Someone's; own product"
    patients.loc[patients.index[8], "disease"] = "SLE"
    patients = pd.concat([patients, patients.iloc[[10]]])
    labs = kept["labs"].sample(frac=1, random_state=3)
    labs.iloc[5, labs.columns.get_loc("value")] = "lots"
    labs.iloc[6, labs.columns.get_loc("unit")] = "furlong"
    labs.iloc[7, labs.columns.get_loc("patient_id")] = "nobody"
    labs.iloc[8, labs.columns.get_loc("patient_id")] = ""
    labs.iloc[9, labs.columns.get_loc("hours_from_infusion")] = "noon"
    patients.to_csv(folder / "patients.csv", index=False)
    labs.to_csv(folder / "labs.csv", index=False)
    kept["events"].sample(frac=1, random_state=4).to_csv(folder / "events.csv", index=False)
    with (folder / "events.csv").open("a") as file:
        file.write("S00002,fever,1,2,3,4,5\nS00002,flying,30.0,,\n")
    return folder


def batch(folder: Path, models: list[Path], out: Path, **options):
    options = {"rows_of_shard": ROWS, "explain": True} | options
    return score_batch(folder, models, TIMES, out, **options)


@pytest.fixture(scope="module")
def complete(hostile, models, tmp_path_factory) -> tuple[Path, dict]:
    """The output of a run that nothing disturbed, alone in its folder, and its manifest."""
    out = tmp_path_factory.mktemp("complete") / "scores.csv"
    return out, batch(hostile, models, out).manifest


def test_shards_give_what_one_pass_gives(hostile, models, tmp_path):
    out = tmp_path / "scores.parquet"
    made = batch(hostile, models, out)
    cohort = read_cohort(hostile)
    expected = score_times(cohort, [load_model(m) for m in models], TIMES, explain=True)
    assert_frame_equal(pd.read_parquet(out), expected.reset_index(drop=True), check_exact=True)
    assert made.manifest["counts"]["rows"] == len(expected)
    assert sorted(sentences_of(made.rejected)) == sorted(sentences(cohort.rejected))
    assert {"S00001", "", "=cmd|'/c'!A1"} <= set(expected["patient_id"])


def test_workers_shards_and_parquet_input_change_no_row(hostile, models, tmp_path):
    whole = tmp_path / "whole.csv"
    batch(hostile, models, whole, rows_of_shard=10**9)
    two = tmp_path / "two.csv"
    batch(hostile, models, two, workers=2)
    assert two.read_bytes() == whole.read_bytes()
    again = tmp_path / "two" / "two.csv"
    batch(hostile, models, again)
    assert again.read_bytes() == two.read_bytes()
    manifests = [json.loads(p.with_name("two.csv.manifest.json").read_text()) for p in (two, again)]
    assert [m.pop("seconds") > 0 for m in manifests] == [True, True]
    assert manifests[0] == manifests[1]
    columnar = tmp_path / "columnar"
    columnar.mkdir()
    for name in ("patients", "labs", "events"):
        # The row with too many cells exists in CSV alone.
        table = pd.read_csv(hostile / f"{name}.csv", dtype=str, on_bad_lines="skip")
        table.to_parquet(columnar / f"{name}.parquet")
    batch(columnar, models, tmp_path / "columnar.csv")
    assert (tmp_path / "columnar.csv").read_bytes() == whole.read_bytes()


def test_cells_that_a_spreadsheet_would_run_are_written_as_text(complete):
    ids = pd.read_csv(complete[0], dtype=str, keep_default_na=False)["patient_id"]
    assert "'=cmd|'/c'!A1" in set(ids)
    assert not ids.str.startswith(("=", "+", "-", "@")).any()


def test_the_manifest_says_what_was_used_and_holds_no_patient(complete):
    out, made = complete
    text = out.with_name("scores.csv.manifest.json").read_text(encoding="utf-8")
    assert json.loads(text) == made
    for secret in ("S000", "own product", "cmd", "fifty", "lots"):
        assert secret not in text
    rows = pd.read_csv(out, dtype=str, keep_default_na=False)
    assert made["counts"]["status"] == rows["status"].value_counts().to_dict()
    assert sum(group["rows"] for group in made["counts"]["by_time"]) == len(rows)
    assert made["counts"]["reasons"]["rejected"] == {
        "duplicate_patient": 3,
        "patient_id_missing": 3,
    }
    assert made["counts"]["reasons"]["partial"]["unusable"] == 2
    scored = rows[rows["risk"] != ""].assign(n=lambda t: t["n_missing"].astype(int))
    for told in made["counts"]["missing_inputs"]:
        same = scored[
            (scored["prediction_time_hours"].astype(float) == told["prediction_time_hours"])
            & (scored["model_name"] == told["model"])
        ]["n"]
        assert told["rows"] == len(same) > 0
        assert (told["least"], told["most"]) == (same.min(), same.max())
        assert told["median"] == same.quantile(0.5, interpolation="lower")
    entry = made["models"][1]
    assert entry["inputs"] >= max(scored["n"])
    assert entry["stage"] == "early"
    assert entry["definition_version"]
    assert len(entry["sha256"]) == len(entry["catalogue_sha256"]) == 64
    assert made["options"]["at"] == TIMES
    assert set(made["input"]["files"]) == {"patients.csv", "labs.csv", "events.csv"}
    assert made["packages"]["xgboost"]


def test_a_finished_run_leaves_the_output_and_its_manifest_alone(complete):
    left = sorted(path.name for path in complete[0].parent.iterdir())
    assert left == ["scores.csv", "scores.csv.manifest.json"]


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
    hostile, models, complete, tmp_path
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


STEPS = """
import os, signal, sys
from pathlib import Path
import pyarrow.parquet, xgboost
import riskmodel.features, riskmodel.models
from riskmodel.scoring.batch.run import score_batch

cohort, out, model, *steps = sys.argv[1:]
seen = 0

def run(stop: int, resume: bool) -> int:
    def hook(event, arguments):
        global seen
        if event in ("os.rename", "os.remove", "os.rmdir", "os.mkdir"):
            if Path(out).name in str(arguments[0]):
                seen += 1
                if seen == stop:
                    os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if child == 0:
        sys.addaudithook(hook)
        score_batch(Path(cohort), [model], ["pre-infusion"], Path(out), resume=resume,
                    form="meds", rows_of_shard=10**9)
        print("steps", seen, flush=True)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

for step in map(int, steps):
    code = run(step, False)
    print("killed" if code == -signal.SIGKILL else code, Path(out).read_bytes().hex(), flush=True)
    run(step // 2 or 1, True)
    print(run(0, True), Path(out).read_bytes().hex(), *sorted(os.listdir(Path(out).parent)))
"""


def test_a_kill_before_any_step_at_the_end_leaves_a_run_that_can_go_on(hostile, models, tmp_path):
    complete = tmp_path / "complete" / "scores.csv"
    batch_of = {"explain": False, "form": "meds", "rows_of_shard": 10**9}
    score_batch(hostile, models[:1], ["pre-infusion"], complete, **batch_of)
    names = sorted(path.name for path in complete.parent.iterdir())
    script, out = tmp_path / "steps.py", tmp_path / "out" / "scores.csv"
    script.write_text(STEPS)
    out.parent.mkdir()

    def lines(*steps: int) -> list[list[str]]:
        out.write_text("old\n")
        command = [sys.executable, script, hostile, out, models[0], *steps]
        said = subprocess.run([*map(str, command)], capture_output=True, text=True, check=True)
        return [line.split() for line in said.stdout.splitlines()]

    total = max(int(line[1]) for line in lines(0) if line[0] == "steps")
    assert total > 20
    # The last steps rename the four files and remove the store.
    chosen = [total // 2, total - 9]
    told = [line for line in lines(*chosen) if line[0] != "steps"]
    for first, second in zip(told[::2], told[1::2], strict=True):
        assert first[0] == "killed"
        assert bytes.fromhex(first[1]) in (b"old\n", complete.read_bytes())
        assert second[0] == "0"
        assert bytes.fromhex(second[1]) == complete.read_bytes()
        assert second[2:] == names


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


@pytest.mark.parametrize("limit", [40_000])
def test_a_full_disk_leaves_the_old_file_and_a_run_that_can_go_on(
    hostile, models, complete, tmp_path, limit
):
    out = tmp_path / "scores.csv"
    out.write_text("old\n")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            batch(hostile, models, out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert out.read_text() == "old\n"
    batch(hostile, models, out, resume=True)
    assert out.read_bytes() == complete[0].read_bytes()


def test_a_damaged_part_is_refused_and_the_old_file_stays(hostile, models, tmp_path):
    out = tmp_path / "scores.csv"
    out.write_text("old\n")
    store = tmp_path / ".scores.csv.parts"

    def spoil(what: str, done: int, total: int) -> None:
        labs = store / "shards" / "labs.arrow"
        if what == "score" and done == 0:
            os.truncate(labs, labs.stat().st_size // 2)

    with pytest.raises(SchemaError, match=r"cannot be read: .*Run again without --resume"):
        batch(hostile, models, out, progress=spoil)

    def cut(what: str, done: int, total: int) -> None:
        if what == "write":
            os.truncate(store / "part-000002.parquet", 100)

    with pytest.raises(SchemaError, match=r"Part 2 .* cannot be read"):
        batch(hostile, models, out, progress=cut)
    assert out.read_text() == "old\n"


def test_resume_takes_nothing_from_another_run(hostile, models, tmp_path):
    out = tmp_path / "scores.csv"

    def stop(what: str, done: int, total: int) -> None:
        if what == "write":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        batch(hostile, models, out, progress=stop)
    started = []
    batch(
        hostile, models, out, resume=True, explain=False,
        progress=lambda what, done, total: started.append((what, done)),
    )  # fmt: skip
    assert ("score", 0) in started
    assert "contribution_base" not in pd.read_csv(out).columns


def test_two_runs_do_not_write_one_output(hostile, models, tmp_path):
    out = tmp_path / "scores.csv"

    def second(what: str, done: int, total: int) -> None:
        if what == "read":
            with pytest.raises(SchemaError, match="Another run writes"):
                batch(hostile, models, out)

    batch(hostile, models, out, progress=second)
    assert out.exists()


@pytest.mark.parametrize(("table", "column"), [("labs", "unit"), ("labs", "value")])
def test_what_nothing_foresaw_costs_one_patient_only(
    simulated, models, tmp_path, write_latin, table, column
):
    folder = tmp_path / "cohort"
    folder.mkdir()
    tables = {n: pd.read_csv(simulated / f"{n}.csv", dtype=str) for n in
              ("patients", "labs", "events")}  # fmt: skip
    ids = tables["patients"]["patient_id"].head(12)
    for name, rows in tables.items():
        rows[rows["patient_id"].isin(ids)].to_parquet(folder / f"{name}.parquet", index=False)
    score_batch(folder, models[:1], TIMES[:1], tmp_path / "all.parquet")
    kept = tables[table][tables[table]["patient_id"].isin(ids)].reset_index(drop=True)
    write_latin(kept, column, {"S00007"}, folder / f"{table}.parquet")
    score_batch(folder, models[:1], TIMES[:1], tmp_path / "most.parquet")
    expected = pd.read_parquet(tmp_path / "all.parquet")
    found = pd.read_parquet(tmp_path / "most.parquet")
    lost = found[found["patient_id"] == "S00007"]
    assert lost["status"].tolist() == ["rejected"]
    assert lost["reason"].str.fullmatch("scoring_failed: (Arrow[A-Za-z]+|UnicodeDecodeError)").all()
    assert_frame_equal(
        found[found["patient_id"] != "S00007"].reset_index(drop=True),
        expected[expected["patient_id"] != "S00007"].reset_index(drop=True),
        check_exact=True,
    )


@pytest.mark.parametrize(
    ("table", "text", "said"),
    [
        ("patients", "patient_id\n", "its patients table has no rows"),
        ("labs", "patient_id,value\n", "no column 'hours_from_infusion' or 'time'"),
        ("labs", 'patient_id,time,analyte,value\nA,1,"x,2\n', "never closed"),
        ("events", None, "has no 'events.csv'"),
    ],
)
def test_a_cohort_that_cannot_be_read_is_refused_in_the_readers_words(
    hostile, models, tmp_path, table, text, said
):
    folder = tmp_path / "cohort"
    folder.mkdir()
    for name in ("patients", "labs", "events"):
        (folder / f"{name}.csv").write_bytes((hostile / f"{name}.csv").read_bytes())
    (folder / f"{table}.csv").unlink()
    if text is not None:
        (folder / f"{table}.csv").write_text(text)
    with pytest.raises(SchemaError, match=said):
        batch(folder, models, tmp_path / "scores.csv")
    with pytest.raises(SchemaError, match=said):
        read_cohort(folder)
    assert [p.name for p in tmp_path.iterdir()] == ["cohort"]


def test_an_identifier_that_is_no_text_is_refused_and_nothing_is_left(
    simulated, models, tmp_path, write_latin
):
    folder = tmp_path / "cohort"
    folder.mkdir()
    for name in ("patients", "labs", "events"):
        table = pd.read_csv(simulated / f"{name}.csv", dtype=str)
        table.to_parquet(folder / f"{name}.parquet", index=False)
        if name == "labs":
            write_latin(table, "patient_id", {"S00007"}, folder / "labs.parquet")
            first = int(table.index[table["patient_id"] == "S00007"][0]) + 1
    said = rf"Column 'patient_id' of 'labs\.parquet' .*not UTF-8 \(first: row {first}\)"
    with pytest.raises(SchemaError, match=said):
        score_batch(folder, models[:1], TIMES[:1], tmp_path / "scores.csv")
    assert [p.name for p in tmp_path.iterdir()] == ["cohort"]
