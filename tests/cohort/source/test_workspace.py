"""Rows on disk and in memory, handed out by groups."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from riskmodel.cohort.source.workspace import BATCH, StoredRows, words

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
