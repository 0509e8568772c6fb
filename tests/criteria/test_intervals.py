from collections.abc import Callable

import numpy as np
from hypothesis import given, strategies as st

from riskmodel.cohort import Cohort
from riskmodel.criteria.intervals import lab_samples, moments, previous, running_max

ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(-3, 6)), max_size=20)


def test_moments_are_the_times_of_labs_and_events_once(cohort_of: Callable[..., Cohort]) -> None:
    found = moments(cohort_of(["ast@5=1; alt@5=1; fever@5; fever@2", "", "fever@-1.5"]))
    assert found.patients == 3
    assert list(zip(found.patient, found.hours, strict=True)) == [(0, 2.0), (0, 5.0), (2, -1.5)]


@given(rows=ROWS, asked=ROWS)
def test_latest_is_the_last_record_at_or_before(
    rows: list[tuple[int, int]], asked: list[tuple[int, int]], cohort_of: Callable[..., Cohort]
) -> None:
    lines = ["; ".join(f"fever@{h}" for p, h in rows if p == patient) for patient in range(4)]
    when = moments(cohort_of(lines))
    patient, hours = (np.array([row[k] for row in asked], dtype=float) for k in (0, 1))
    keys = when.keys(patient.astype(np.int64), hours + 0.25)
    found = when.latest(when.keys(when.patient, when.hours), keys)
    for (p, h), position in zip(asked, found, strict=True):
        before = [hour for other, hour in rows if other == p and hour <= h + 0.25]
        if before:
            assert (when.patient[position], when.hours[position]) == (p, max(before))
        else:
            assert position == -1


def test_results_at_one_time_become_one_sample(cohort_of: Callable[..., Cohort]) -> None:
    samples = lab_samples(
        cohort_of(["ast@1=10/30; ast@1=20/50; ast@1=20; ast@2=>5; ast@2=10; ast@3=<4; ast@3=<=4"]),
        "ast",
    )
    found = samples.interval
    assert samples.hours.tolist() == [1, 2, 3]
    assert samples.value.tolist() == [15, 10, 4]
    assert found.low.tolist() == [15, 5, 0]
    assert found.high.tolist() == [15, np.inf, 4]
    assert found.low_open.tolist() == [False, True, False]
    assert found.high_open.tolist() == [False, False, False]
    assert samples.reference_high[0] == 50
    assert np.isnan(samples.reference_high[1:]).all()


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9)), max_size=12), st.integers(0, 3))
def test_previous_and_running_max_stay_within_the_patient(
    rows: list[tuple[int, int]], steps: int
) -> None:
    rows = sorted(rows, key=lambda row: row[0])
    patient = np.array([row[0] for row in rows], dtype=np.int64)
    values = np.array([row[1] for row in rows], dtype=np.float64)
    earlier, highest = previous(values, patient, -1.0, steps), running_max(values, patient)
    for p in range(3):
        own = values[patient == p]
        shifted = [-1.0] * steps + list(own)
        assert earlier[patient == p].tolist() == shifted[: len(own)]
        assert highest[patient == p].tolist() == [max(own[: k + 1]) for k in range(len(own))]
