"""Which conditioning drug starts the lymphodepletion."""

import pandas as pd
import pytest

from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.source.lymphodepletion import CONDITIONING, start_lymphodepletion

PATIENTS = pd.DataFrame({"patient_id": ["P"], "infusion_time": ["2024-05-20T10:00:00"]})

CASES = [
    (["2024-05-15T08:00:00", "2024-05-16T08:00:00"], "2024-05-15T08:00:00", "the first"),
    (["2024-05-16", "2024-05-15"], "2024-05-15", "in whatever order"),
    (["2024-05-06"], "2024-05-06", "14 days before, by the calendar"),
    (["2024-05-05T23:59:00"], None, "15 days before"),
    (["2024-05-20T09:59:00"], "2024-05-20T09:59:00", "the same day, before"),
    (["2024-05-20T10:00:00"], None, "with the infusion"),
    (["2024-06-01"], None, "after it: a treatment of something else"),
    (["2024-04-01", "2024-05-17"], "2024-05-17", "an earlier line does not count"),
]


@pytest.mark.parametrize(("times", "expected", "why"), CASES)
def test_the_start(times: list[str], expected: str | None, why: str) -> None:
    drugs = pd.DataFrame({"patient_id": "P", "event": CONDITIONING, "time": times, "value": "x"})
    death = pd.DataFrame({"patient_id": ["P"], "event": ["death"], "time": ["2025-01-01"]})
    events = pd.concat([death, drugs], ignore_index=True)
    own = Rejections()
    found = start_lymphodepletion(events, PATIENTS, own)
    starts = found[found["event"] == "lymphodepletion_start"]["time"].tolist()
    assert starts == ([expected] if expected else []), why
    assert set(found["event"]) <= {"death", "lymphodepletion_start"}
    left = len(times) - len(starts)
    told = own.notes.get("conditioning drugs after the first, or long before", {})
    assert told.get("events", 0) == left
