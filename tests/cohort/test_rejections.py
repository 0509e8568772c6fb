"""Rejections: kept with their reason and place, counted, told in sentences."""

import numpy as np
import pandas as pd

from riskmodel.cohort.rejections import (
    REASONS,
    Fault,
    Rejections,
    rejected_cells,
    sentences,
    with_faults,
)

IDS = pd.Series(["P1", None, "P2"])


def test_rows_come_back_by_table_and_row() -> None:
    found = Rejections()
    found.add("events", np.array([True, False, True]), IDS, "unknown_event", column="event")
    found.add("labs", np.array([2]), IDS, "value_missing", detail="ferritin")
    found.note("merged", "labs", 2)
    found.note("merged", "labs")
    found.note("merged", "events", 0)
    frame = found.frame()
    assert frame[["table", "row", "patient_id"]].to_numpy().tolist() == [
        ["labs", 3, "P2"], ["events", 1, "P1"], ["events", 3, "P2"],
    ]  # fmt: skip
    assert found.notes == {"merged": {"labs": 3}}
    assert len(list(rejected_cells(frame))) == 3
    said = sentences(frame)
    assert len(said) == 2
    assert "Rejected 2 rows of events.event [unknown_event] (first: row 1, patient 'P1')" in said[1]


def test_nothing_rejected_is_an_empty_frame() -> None:
    assert Rejections().frame().empty
    assert sentences(Rejections().frame()) == []


def test_every_reason_reads_as_the_end_of_a_sentence() -> None:
    for reason, text in REASONS.items():
        assert text == text.strip(), reason
        assert not text.endswith("."), reason


def test_pieces_of_files_stand_with_the_rows() -> None:
    fault = Fault("a.ndjson", (7, 0), "malformed_json")
    found = with_faults(Rejections().frame(), [fault, Fault("b.json", (1, 4), "file_cut_off")])
    assert found["source"].tolist() == ["b.json:1 entry 4", "a.ndjson:7"]
    assert str(fault) == "file 'a.ndjson', line 7: it is no JSON that can be read"
