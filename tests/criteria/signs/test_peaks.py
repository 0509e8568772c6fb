"""Peaks against a slow reading: reached at some sample of the window so far."""

from collections.abc import Callable

import numpy as np
from hypothesis import given, strategies as st

from riskmodel.cohort import Cohort
from riskmodel.criteria.signs.peaks import PeakSign, Window, so_far
from riskmodel.criteria.signs.sign import LabSign, Threshold
from riskmodel.criteria.truth import MET, NOT_ASSESSABLE, NOT_MET

SIGN = LabSign("high", (Threshold("ferritin", ">", 1000.0, "ng/mL", ""),), 48.0)
VALUES = {"500": NOT_MET, "2000": MET, ">700": NOT_ASSESSABLE}
SAMPLES = st.lists(
    st.tuples(st.integers(-3, 12), st.sampled_from(sorted(VALUES))),
    max_size=8,
    unique_by=lambda sample: sample[0],
).map(sorted)


def slowly(samples: list[tuple[int, str]], begin: float, end: float) -> list[int]:
    found = []
    for k, (_, value) in enumerate(samples):
        inside = [VALUES[v] for hours, v in samples[: k + 1] if begin <= hours <= end]
        if not inside:
            found.append(NOT_ASSESSABLE if VALUES[value] == MET else VALUES[value])
        elif MET in inside:
            found.append(MET)
        else:
            found.append(NOT_ASSESSABLE if NOT_ASSESSABLE in inside else NOT_MET)
    return found


@given(patients=st.lists(SAMPLES, min_size=1, max_size=4), crs=st.integers(0, 5))
def test_a_peak_as_read_slowly(
    patients: list[list[tuple[int, str]]], crs: int, cohort_of: Callable[..., Cohort]
) -> None:
    lines = ["; ".join(f"ferritin@{h}={v}" for h, v in samples) for samples in patients]
    expected = [state for samples in patients for state in slowly(samples, 0, 6)]
    (series,) = PeakSign(SIGN, Window(None, 0.0, 6.0)).judge(cohort_of(lines)).series
    assert series.state.tolist() == expected
    after = [f"{line}; crs@{crs}#1" for line in lines]
    expected = [state for samples in patients for state in slowly(samples, crs, crs + 4)]
    (series,) = PeakSign(SIGN, Window("crs", 0.0, 4.0)).judge(cohort_of(after)).series
    assert series.state.tolist() == expected
    (series,) = PeakSign(SIGN, Window("crs", 0.0, 4.0)).judge(cohort_of(lines)).series
    assert MET not in series.state


def test_a_peak_shows_what_met_it_and_stays(cohort_of: Callable[..., Cohort]) -> None:
    cohort = cohort_of(["ferritin@1=500; ferritin@2=2000; ferritin@3=100", "ferritin@1=3000"])
    (current,) = SIGN.judge(cohort).series
    found = so_far(current, np.ones(4, dtype=bool))
    assert found.value.tolist() == [500, 2000, 2000, 3000]
    assert found.taken is not None
    assert found.taken.tolist() == [1, 2, 2, 1]
    assert found.carry.tolist() == [48, np.inf, np.inf, np.inf]


def test_samples_that_say_nothing_of_the_past_do_not_hold_it_open(
    cohort_of: Callable[..., Cohort],
) -> None:
    (current,) = SIGN.judge(cohort_of(["ferritin@1=>700; ferritin@2=500"])).series
    inside = np.ones(2, dtype=bool)
    assert so_far(current, inside).state.tolist() == [NOT_ASSESSABLE, NOT_ASSESSABLE]
    counted = np.array([False, True])
    assert so_far(current, inside, counted).state.tolist() == [NOT_ASSESSABLE, NOT_MET]
