"""One part of a cohort: what nothing foresaw costs one patient, never the others."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from riskmodel.cohort import TABLES
from riskmodel.models import load_model
from riskmodel.scoring.batch.parts import TOLD, counted, failed, score_part
from riskmodel.scoring.batch.run import score_batch
from riskmodel.scoring.writers.formats import PLACE

TIMES = ["pre-infusion", "day-4", "today"]


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


def test_counted_rejections_are_the_same_however_often_they_are_counted():
    raw = pd.DataFrame(
        {
            "table": "labs",
            "column": ["unit", "unit", "value"],
            "reason": "unknown",
            "detail": ["a", "a", ""],
            "row": [7, 3, 5],
            "patient_id": ["P2", "P1", "P3"],
        }
    )
    once = counted(raw).set_index(["column", "detail"])
    assert once.loc[("unit", "a"), ["count", "row", "patient_id"]].tolist() == [2, 3, "P1"]
    assert once.loc[("value", ""), "count"] == 1
    assert_frame_equal(counted(counted(raw)), counted(raw))
    twice = counted(pd.concat([counted(raw), counted(raw)])).set_index(["column", "detail"])
    assert twice["count"].to_dict() == (2 * once["count"]).to_dict()
    assert counted(raw.iloc[:0]).columns.tolist() == TOLD


def test_whoever_could_not_be_scored_leaves_once_with_a_kind_of_error_and_no_value():
    ids = pd.Series(["A", "B", "A", None, None], dtype="str")
    part = failed(ids, np.array([10, 11, 12, 13, 14]), ValueError("secret 42"), [], explain=False)
    assert part.rows["patient_id"].tolist() == ["A", "B", "", ""]
    assert set(part.rows["status"]) == {"rejected"}
    assert set(part.rows["reason"]) == {"scoring_failed: ValueError"}
    assert part.rows[PLACE].tolist() == [11, 12, 14, 15]
    assert part.rows["risk"].isna().all()
    assert len(part.rejected) == 0


def test_patients_are_scored_alike_alone_and_together(simulated, models):
    frames = {n: pd.read_csv(simulated / f"{n}.csv", dtype=str) for n in TABLES}
    ids = frames["patients"]["patient_id"].head(6)
    loaded = [load_model(models[0])]

    def part_of(names):
        own = {n: f[f["patient_id"].isin(names)].reset_index(drop=True) for n, f in frames.items()}
        places = {n: np.arange(len(f)) for n, f in own.items()}
        return score_part(own, places, "cohort", loaded, ["pre-infusion"]).rows

    together = part_of(ids)
    alone = pd.concat([part_of([name]) for name in ids], ignore_index=True)
    assert_frame_equal(alone, together, check_exact=True)
