"""One file from the parts of a run: complete or not at all, whenever the run is killed."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskmodel.scoring.batch.output import RELATIVE_NOTE, leaving, merge, put_in_place
from riskmodel.scoring.batch.run import score_batch
from riskmodel.scoring.batch.store import write_part
from riskmodel.scoring.score_table import rows_of
from riskmodel.scoring.writers.formats import FORMATS, INFUSION, OUTCOME, PLACE
from riskmodel.scoring.writers.subjects import subject_id


def test_cells_that_a_spreadsheet_would_run_are_written_as_text(complete):
    ids = pd.read_csv(complete[0], dtype=str, keep_default_na=False)["patient_id"]
    assert "'=cmd|'/c'!A1" in set(ids)
    assert not ids.str.startswith(("=", "+", "-", "@")).any()


STEPS = """
import os, signal, sys
from pathlib import Path
import pyarrow.parquet, xgboost
import riskmodel.features, riskmodel.models
from riskmodel.scoring.batch.run import score_batch

cohort, out, model = sys.argv[1:]
told = Path(__file__).with_suffix(".steps")
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
        told.write_text(str(seen))
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

run(0, False)
total = int(told.read_text())
print(total)
# The last steps rename the four files and remove the store.
for step in (total // 2, total - 9):
    Path(out).write_text("old\\n")
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

    command = [sys.executable, script, hostile, out, models[0]]
    said = subprocess.run([*map(str, command)], capture_output=True, text=True, check=True)
    (total,), *told = [line.split() for line in said.stdout.splitlines()]
    assert int(total) > 20
    assert len(told) == 4
    for first, second in zip(told[::2], told[1::2], strict=True):
        assert first[0] == "killed"
        assert bytes.fromhex(first[1]) in (b"old\n", complete.read_bytes())
        assert second[0] == "0"
        assert bytes.fromhex(second[1]) == complete.read_bytes()
        assert second[2:] == names


def part_rows(names: list[str], risks: list[float]) -> pd.DataFrame:
    """Score rows with what the writers need; a patient without a risk could not enter."""
    n = len(names)
    table = {"patient_id": names, "status": "scored", "reason": "", "risk": risks, "stage": "early"}
    rows = rows_of(table, n, None, 24.0)
    place = np.where(np.isnan(risks), np.arange(1, n + 1), -1)
    never = np.datetime64("NaT", "us")
    return rows.assign(**{INFUSION: never, OUTCOME: "event", PLACE: place})


@pytest.fixture
def store(tmp_path: Path) -> Path:
    folder = tmp_path / ".store"
    folder.mkdir()
    nobody = pd.DataFrame()
    write_part(folder, 0, part_rows(["A", "x", "B"], [0.1, np.nan, 0.2]), nobody)
    write_part(folder, 1, part_rows(["C"], [0.3]), nobody)
    return folder


def silent(what: str, done: int, total: int) -> None:
    """Nobody watches."""


def test_who_could_not_enter_comes_last_and_the_digest_is_of_the_file(store, tmp_path):
    out = tmp_path / "scores.csv"
    merged = merge(store, 2, out, FORMATS["cohort"], silent)
    assert not out.exists()
    put_in_place(merged, {"output": merged.outputs}, store, out)
    rows = pd.read_csv(out)
    assert rows["patient_id"].tolist() == ["A", "B", "C", "x"]
    assert not {INFUSION, OUTCOME, PLACE} & set(rows.columns)
    assert merged.counts["rows"] == 4
    assert merged.outputs["bytes"] == out.stat().st_size
    assert merged.outputs["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    told = json.loads((tmp_path / "scores.csv.manifest.json").read_text())
    assert told["output"] == merged.outputs


def test_a_dated_form_of_a_cohort_without_dates_says_from_when_it_counts(store, tmp_path):
    merged = merge(store, 2, tmp_path / "scores.parquet", FORMATS["meds"], silent)
    assert merged.outputs["times"] == RELATIVE_NOTE
    assert {path.name for path in merged.files.values()} == {
        "scores.parquet", "scores.unlabelled.parquet", "scores.parquet.patients.csv"
    }  # fmt: skip
    listed = pd.read_csv(store / "patients.csv")
    assert listed["patient_id"].tolist() == ["A", "B", "C", "x"]
    assert listed["dated"].all()


def test_only_numbered_forms_list_their_patients():
    rows = part_rows(["A", "1042"], [0.1, 0.2])
    assert len(leaving(rows, FORMATS["fhir"])) == 0
    told = leaving(rows, FORMATS["omop"])
    assert told["subject_id"].tolist() == [subject_id("A"), 1042]
    assert not told["dated"].any()
    assert "risk" not in told
