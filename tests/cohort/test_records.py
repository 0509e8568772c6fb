"""First and last records: windows with both ends, what is no event, nobody without records."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort import (
    Cohort,
    cohort_of,
    earliest,
    first_event,
    last_record,
    latest,
    lymphodepletion_start,
)


def cohort(*events: tuple[str, float], grade: str = "", labs: tuple[float, ...] = ()) -> Cohort:
    rows = [
        {"patient_id": "p", "event": name, "hours_from_infusion": str(h), "grade": grade}
        for name, h in events
    ]
    results = [
        {"patient_id": "p", "analyte": "crp", "hours_from_infusion": str(h), "value": "9",
         "unit": "mg/L"}
        for h in labs
    ]  # fmt: skip
    return cohort_of([{"patient_id": "p"}, {"patient_id": "nobody"}], results, rows)


@pytest.mark.parametrize(
    ("hours", "since", "until", "first"),
    [
        ((30.0, 5.0, 60.0), -np.inf, np.inf, 5.0),
        ((5.0, 30.0), 5.0, np.inf, 5.0),
        ((5.0, 30.0), 5.1, np.inf, 30.0),
        ((-3.0, 30.0), 0.0, 30.0, 30.0),
        ((-3.0, 30.0), 0.0, 29.9, np.inf),
        ((), -np.inf, np.inf, np.inf),
    ],
)
def test_the_first_event_of_a_window_with_both_ends(hours, since, until, first):
    found = first_event(
        cohort(*(("death", h) for h in hours)), ("death",), since=since, until=until
    )
    assert found.tolist() == [first, np.inf]


def test_of_several_kinds_the_first_counts_and_others_do_not():
    found = cohort(("transplant", 50.0), ("death", 40.0), ("fever", 1.0))
    assert first_event(found, ("death", "transplant"))[0] == 40.0


def test_the_end_of_an_event_is_no_event():
    assert first_event(cohort(("crs", 8.0), grade="0"), ("crs",))[0] == np.inf
    assert first_event(cohort(("crs", 8.0), grade="1"), ("crs",))[0] == 8.0


@pytest.mark.parametrize(
    ("hours", "start", "why"),
    [
        ((-120.0, -96.0), -120.0, "each day charted: the first"),
        ((-800.0, -96.0), -96.0, "an earlier therapy's is none of this one's"),
        ((-336.0,), -336.0, "exactly as far back as the convention reaches"),
        ((-336.1,), np.nan, "further"),
        ((0.0,), 0.0, "at the infusion"),
        ((0.1,), np.nan, "after it"),
    ],
)
def test_lymphodepletion_begins_with_its_first_record_before_this_infusion(hours, start, why):
    found = lymphodepletion_start(cohort(*(("lymphodepletion_start", h) for h in hours)))
    np.testing.assert_equal(found, [start, np.nan], err_msg=why)


def test_the_window_can_be_another():
    charted = cohort(("lymphodepletion_start", -100.0))
    assert np.isnan(lymphodepletion_start(charted, 99.0)[0])
    assert lymphodepletion_start(charted, 100.0)[0] == -100.0


def test_the_last_record_is_a_result_or_an_event_up_to_a_time():
    found = cohort(("fever", 20.0), labs=(10.0, 30.0))
    assert last_record(found).tolist() == [30.0, -np.inf]
    assert last_record(found, 30.0)[0] == 30.0
    assert last_record(found, 29.0)[0] == 20.0
    assert last_record(found, 19.0)[0] == 10.0
    assert last_record(found, 9.0)[0] == -np.inf


@given(st.lists(st.tuples(st.integers(0, 4), st.floats(-1e4, 1e4)), max_size=12))
def test_earliest_and_latest_are_the_least_and_the_greatest(rows):
    patient = np.array([who for who, _ in rows], dtype=np.int64)
    hours = np.array([at for _, at in rows], dtype=np.float64)
    for k in range(5):
        own = [at for who, at in rows if who == k]
        assert earliest(5, patient, hours)[k] == min(own, default=np.inf)
        assert latest(5, patient, hours)[k] == max(own, default=-np.inf)
