"""A cohort split by patient: every row once, whole patients, and the reader's own refusals."""

import shutil

import numpy as np
import pandas as pd
import pytest

from riskmodel.cohort import TABLES, read_cohort
from riskmodel.errors import SchemaError
from riskmodel.scoring.batch.run import score_batch
from riskmodel.scoring.batch.shards import file_digests, load_shards, read_shard, split

TIMES = ["pre-infusion", "day-4", "today"]


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
    batch, hostile, models, tmp_path, table, text, said
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


@pytest.mark.parametrize("decimal", ["", ",", "."])
def test_a_stated_decimal_sign_is_that_of_every_shard(simulated, tmp_path, decimal):
    found, _ = split(simulated, tmp_path / "shards", 300, decimal)
    kept = load_shards(tmp_path / "shards")
    assert kept is not None
    for shards in (found, kept):
        assert shards.notation.decimal("labs", "value") == (decimal or ".")


@pytest.mark.parametrize("rows", [1, 300, 1200, 10**9])
def test_every_row_stands_in_one_shard_and_a_patient_in_one_only(hostile, tmp_path, rows):
    made, rejections = split(hostile, tmp_path / "shards", rows)
    assert load_shards(tmp_path / "shards") == made
    found = [read_shard(tmp_path / "shards", made, k) for k in range(len(made))]
    assert made.patients == [len(frames["patients"]) for frames, _ in found]
    assert (len(made) == 1) == (rows == 10**9)
    for table in TABLES:
        lines = (hostile / f"{table}.csv").read_text().splitlines()[1:]
        places = np.concatenate([places[table] for _, places in found])
        # One line of the events holds too many cells: the reader's own rejection.
        assert len(np.unique(places)) == len(places) == len(lines) - (table == "events")
    homes: dict[str, set[int]] = {}
    for k, (frames, _) in enumerate(found):
        for frame in frames.values():
            for name in frame["patient_id"].dropna().str.strip().unique():
                homes.setdefault(name, set()).add(k)
    known = pd.read_csv(hostile / "patients.csv", dtype=str)["patient_id"].dropna().str.strip()
    assert all(len(homes[name]) == 1 for name in known)
    assert len(rejections.frame()) == 1


def test_every_shard_knows_how_the_whole_file_writes_its_numbers(simulated, tmp_path):
    """One comma anywhere says what a comma is everywhere."""
    folder = tmp_path / "cohort"
    folder.mkdir()
    for name in TABLES:
        table = pd.read_csv(simulated / f"{name}.csv", dtype=str)
        if name == "labs":
            table.loc[len(table) - 1, "value"] = "12,75"
        table.to_csv(folder / f"{name}.csv", index=False)
    made, _ = split(folder, tmp_path / "shards", 1200)
    whole, _ = split(folder, tmp_path / "whole", 10**9)
    assert len(made) > 1
    assert made.notation == whole.notation


def test_an_interrupted_split_has_no_index(hostile, tmp_path):
    assert load_shards(tmp_path) is None
    split(hostile, tmp_path / "shards", 1200)
    (tmp_path / "shards" / "shards.json").unlink()
    assert load_shards(tmp_path / "shards") is None


def test_the_digest_is_of_the_files_read(hostile, tmp_path):
    before = file_digests(hostile)
    assert set(before) == {"patients.csv", "labs.csv", "events.csv"}
    folder = tmp_path / "cohort"
    shutil.copytree(hostile, folder)
    assert file_digests(folder) == before
    with (folder / "labs.csv").open("a") as file:
        file.write("\n")
    assert file_digests(folder)["labs.csv"] != before["labs.csv"]
    assert file_digests(folder)["events.csv"] == before["events.csv"]
