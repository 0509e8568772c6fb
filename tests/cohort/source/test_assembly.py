"""Parts of patients, cleaned one after the other, give the whole."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pandas.testing import assert_frame_equal

from riskmodel.arrays import Flags
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.source.assembly import assemble_stored
from riskmodel.cohort.source.workspace import StoredRows, words
from riskmodel.cohort.tables.cohort import assemble

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
