"""Batches: as in one pass, whatever the shards, the workers and the faults of the input."""

import json
import resource

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from riskmodel.cli.progress import sentences_of
from riskmodel.cohort import read_cohort, sentences
from riskmodel.models import load_model
from riskmodel.scoring.prediction_times import score_times

TIMES = ["pre-infusion", "day-4", "today"]


def test_shards_give_what_one_pass_gives(batch, hostile, models, tmp_path):
    out = tmp_path / "scores.parquet"
    made = batch(hostile, models, out)
    cohort = read_cohort(hostile)
    expected = score_times(cohort, [load_model(m) for m in models], TIMES, explain=True)
    assert_frame_equal(pd.read_parquet(out), expected.reset_index(drop=True), check_exact=True)
    assert made.manifest["counts"]["rows"] == len(expected)
    assert sorted(sentences_of(made.rejected)) == sorted(sentences(cohort.rejected))
    assert {"S00001", "", "=cmd|'/c'!A1"} <= set(expected["patient_id"])


def test_workers_shards_and_parquet_input_change_no_row(batch, hostile, models, tmp_path):
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


def test_a_finished_run_leaves_the_output_and_its_manifest_alone(complete):
    left = sorted(path.name for path in complete[0].parent.iterdir())
    assert left == ["scores.csv", "scores.csv.manifest.json"]


@pytest.mark.parametrize("limit", [40_000])
def test_a_full_disk_leaves_the_old_file_and_a_run_that_can_go_on(
    batch, hostile, models, complete, tmp_path, limit
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
