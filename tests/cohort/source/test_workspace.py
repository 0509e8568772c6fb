"""Rows on disk come back in their order, by groups; cleaning in parts is cleaning at once."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pandas.testing import assert_frame_equal

from riskmodel.arrays import Flags
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.source.assembly import assemble_stored
from riskmodel.cohort.source.workspace import BATCH, StoredRows, words
from riskmodel.cohort.tables.read import assemble

SCHEMA = pa.schema([("name", words()), ("value", pa.float64())])


def test_rows_keep_their_order_types_and_numbers() -> None:
    with StoredRows(SCHEMA, "name") as rows:
        for k in range(BATCH + 7):
            rows.add((f"n{k % 3}", float(k)))
        rows.append(pa.table({"name": ["new", "n0"], "value": [-1.0, -2.0]}))
        names, counts = rows.keys()
        assert names == ["n0", "n1", "n2", "new"]
        assert counts.sum() == len(rows) == BATCH + 9
        seen = pd.concat(rows.batches(["value"]), ignore_index=True)["value"]
        assert seen.tolist() == [*map(float, range(BATCH + 7)), -1.0, -2.0]
        one, none, other = rows.groups(np.array([2, -1, 0, 2]), 3)
    assert one["name"].unique().tolist() == ["n2"]
    assert none.empty
    assert other["name"].unique().tolist() == ["n0", "new"]
    assert (np.diff(other["row"]) > 0).all()
    assert other["row"].tolist()[-2:] == [BATCH + 7, BATCH + 8]


@pytest.mark.parametrize("count", [1, 3, 700])
def test_every_row_of_any_number_of_groups_comes_back_once(count: int) -> None:
    with StoredRows(SCHEMA, "name") as rows:
        for k in range(2100):
            rows.add((f"n{k % 700}", float(k)))
        group = np.arange(700) % count
        for k, frame in enumerate(rows.groups(group, count)):
            code = frame["name"].astype("str").str.slice(1).astype(int)
            assert (group[code] == k).all()
            assert len(frame) == 3 * (group == k).sum()


def test_nothing_stored_is_nothing_read() -> None:
    with StoredRows(SCHEMA, "name") as rows:
        assert rows.keys()[0] == []
        assert [len(frame) for frame in rows.groups(np.zeros(0, np.int64), 2)] == [0, 0]


def test_the_files_go_with_the_context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def stopped() -> None:
        with StoredRows(SCHEMA, "name") as rows:
            rows.add(("x", 1.0))
            assert list(tmp_path.iterdir())
            raise KeyError

    with pytest.raises(KeyError):
        stopped()
    assert not list(tmp_path.iterdir())


PATIENTS = pd.DataFrame(
    {
        "patient_id": ["A", "A", "B", "C", "D"],
        "infusion_time": "2024-05-10T10:00:00Z",
        "age_years": [60, 61, 50, 300, 40],
    }
)
LABS = pd.DataFrame(
    {
        "patient_id": ["A", "B", "C", "B", "D", "C", "B", "D"],
        "time": "2024-05-09T10:00:00Z",
        "analyte": ["crp", "crp", "ferritin", "crp", "anc", "gold", "crp", "body_weight"],
        "value": [1.0, 2.0, 3.0, -1.0, 5.0, 6.0, 2.0, 7000.0],
        "unit": ["mg/L", "mg/dL", "ng/mL", "mg/L", "10*9/L", "g", "mg/dL", "kg"],
    }
)
EVENTS = pd.DataFrame(
    {
        "patient_id": ["D", "B", "C"],
        "event": ["death", "odd", "crs"],
        "time": "2024-05-12T10:00:00Z",
        "grade": [None, None, "2"],
        "row": [4, 7, 9],
        "source": ["f:1", "f:2", "f:3"],
    }
)
STORED = pa.schema(
    [
        ("patient_id", words()),
        ("time", pa.string()),
        ("analyte", words()),
        ("value", pa.float64()),
        ("unit", words()),
        ("file", words()),
        ("line", pa.int64()),
        ("entry", pa.int8()),
    ]
)


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_parts_give_the_whole(size: int) -> None:
    acts = EVENTS[["patient_id", "event", "time", "grade"]]
    frames = {"patients": PATIENTS, "labs": LABS[:-1], "events": acts}
    whole = assemble(frames, Rejections(), "x")

    def charted(part: pd.DataFrame, _: Rejections) -> tuple[pd.DataFrame, Flags]:
        return part[list(LABS.columns)], np.ones(len(part), dtype=bool)

    with StoredRows(STORED, "patient_id") as rows:
        for line, row in enumerate(LABS.itertuples(index=False), start=1):
            rows.add((*row, "f", line, 0))
        names, _ = rows.keys()
        parts = assemble_stored(rows, names, PATIENTS, EVENTS, charted, "x", rows=size)
    assert_frame_equal(parts.patients, whole.patients)
    assert_frame_equal(parts.labs, whole.labs)
    assert_frame_equal(parts.events, whole.events)
    labs = parts.rejected[parts.rejected["table"] == "labs"].sort_values("row")
    assert labs["row"].tolist() == [1, 4, 6, 8]
    assert labs["source"].tolist() == ["f:1", "f:4", "f:6", "f:8"]
    assert labs["reason"].tolist()[-1] == "value_impossible"
    events = parts.rejected[parts.rejected["table"] == "events"]
    assert events[["row", "source"]].to_numpy().tolist() == [[8, "f:2"]]
