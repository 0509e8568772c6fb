"""Which records belong to the cohort, and what is refused of them."""

import pandas as pd

from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.source.selection import (
    known_by,
    listed_in_source,
    no_infusion,
    of_cohort,
    refuse,
)

ROWS = pd.DataFrame(
    {
        "patient_id": ["P", "", "P", "Q"],
        "refusal": ["", "", "not_final", "cancelled"],
        "kind": ["crs", "fever", "crs", "crs"],
        "current": [True, True, True, False],
    }
)


def test_refused_rows_have_a_reason_and_replaced_ones_are_not_told() -> None:
    own = Rejections()
    assert refuse("events", ROWS, "kind", own).tolist() == [True, False, False, False]
    told = own.frame()[["row", "reason", "detail"]].to_numpy().tolist()
    assert told == [[2, "not_a_patient", "fever"], [3, "not_final", "crs"]]


def test_rows_of_others_are_counted_and_strangers_of_a_list_rejected() -> None:
    own = Rejections()
    assert of_cohort(ROWS, {"P"}, "events", own).tolist() == [True, False, True, False]
    assert own.notes["records of patients without an infusion (not used)"] == {"events": 1}
    listed = pd.DataFrame({"patient_id": ["P", "Z"], "infusion_time": ["2024-01-01"] * 2})
    assert listed_in_source(listed, {"P"}, own)["patient_id"].tolist() == ["P"]
    assert own.frame()["reason"].tolist() == ["not_in_source"]


def test_what_was_known_at_the_infusion() -> None:
    assert known_by("", "2024-05-10T10:00:00")
    assert known_by("2024-05-10", "2024-05-10T10:00:00")
    assert not known_by("2024-05-10T10:00:01", "2024-05-10T10:00:00")
    assert "--infusions" in str(no_infusion("x", 3))
