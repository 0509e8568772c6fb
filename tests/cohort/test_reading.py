"""Cleaning some patients at a time is cleaning all of them at once."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pandas.testing import assert_frame_equal

from riskmodel.cohort.reading import Rows, assemble_in_parts, words
from riskmodel.cohort.rejection import Rejections
from riskmodel.cohort.tables import assemble

PATIENTS = pd.DataFrame(
    {
        "patient_id": ["B", "A", "C", "A", "D"],
        "infusion_time": "2024-05-10T10:00:00Z",
        "age_years": [50, 60, 300, 61, 40],
    }
)
LABS = pd.DataFrame(
    {
        "patient_id": ["A", "B", "C", "B", "D", "C", "X", "B"],
        "time": "2024-05-11T10:00:00Z",
        "analyte": ["crp", "crp", "ferritin", "crp", "anc", "gold", "crp", "crp"],
        "value": [1.0, 2.0, 3.0, -1.0, 5.0, 6.0, 7.0, 2.0],
        "unit": ["mg/L", "mg/dL", "ng/mL", "mg/L", "10*9/L", "g", "mg/L", "mg/dL"],
    }
)
EVENTS = pd.DataFrame(
    {
        "patient_id": ["D", "B", "C"],
        "event": ["death", "odd", "crs"],
        "time": "2024-05-12T10:00:00Z",
        "grade": [None, None, "2"],
    }
)
FRAMES = {"patients": PATIENTS, "labs": LABS, "events": EVENTS}


@pytest.mark.parametrize("rows", [1, 2, 3, 1000])
def test_parts_give_the_whole(rows: int) -> None:
    whole = assemble(FRAMES, Rejections(), "x")
    parts = assemble_in_parts(FRAMES, "x", rows=rows)
    order = parts.patients["patient_id"].tolist()
    assert sorted(order) == sorted(whole.patients["patient_id"])
    key = ["patient_id", "hours"]
    for table in ("labs", "events"):
        one, other = (
            getattr(c, table).assign(patient_id=c.patient_id[getattr(c, table)["patient"]])
            for c in (whole, parts)
        )
        assert_frame_equal(
            other.drop(columns="patient").sort_values(key, kind="stable", ignore_index=True),
            one.drop(columns="patient").sort_values(key, kind="stable", ignore_index=True),
        )
    told = ["table", "row", "column"]
    assert_frame_equal(
        parts.rejected.sort_values(told, ignore_index=True),
        whole.rejected.sort_values(told, ignore_index=True),
    )
    assert parts.notes == whole.notes


def test_rows_keep_their_order_and_types(tmp_path: Path) -> None:
    rows = Rows(pa.schema([("name", words()), ("value", pa.float64())]))
    for k in range(70_000):
        rows.add((f"n{k % 3}", float(k)))
    frame = rows.frame()
    assert frame["value"].tolist() == [float(k) for k in range(70_000)]
    assert frame["name"].cat.categories.tolist() == ["n0", "n1", "n2"]
    assert Rows(pa.schema([("name", words())])).frame().empty
