"""The rate of rise against a slow reading of its words, one sample after the other."""

from collections.abc import Callable

from hypothesis import given, strategies as st

from riskmodel.cohort import Cohort
from riskmodel.criteria.intervals import lab_samples
from riskmodel.criteria.signs.ferritin import Rise, rising
from riskmodel.criteria.truth import MET, NOT_ASSESSABLE, NOT_MET

RISE = Rise(">=", 100.0, ">", 12.0, "")
SERIES = st.lists(
    # hours, rise beyond 100 per hour, bound
    st.tuples(
        st.integers(1, 14),
        st.sampled_from([-500, -1, 0, 0, 1, 800]),
        st.sampled_from(["", "", ">"]),
    ),
    min_size=1,
    max_size=8,
)


def slowly(hours: list[int], values: list[int], capped: list[bool]) -> list[int]:
    states = [NOT_ASSESSABLE]
    for last in range(1, len(hours)):
        certain = possible = 0
        sure = True
        for k in range(last, 0, -1):
            dt, rise = hours[k] - hours[k - 1], values[k] - values[k - 1]
            lowest = rise if not capped[k - 1] else float("-inf")
            highest = rise if not capped[k] else float("inf")
            # An open end at the limit itself: just under it does not reach the rate.
            reachable = highest > 100 * dt or (highest == 100 * dt and not capped[k - 1])
            if not reachable:
                break
            sure = sure and lowest >= 100 * dt
            certain += dt if sure else 0
            possible += dt
        states.append(MET if certain > 12 else NOT_ASSESSABLE if possible > 12 else NOT_MET)
    return states


@given(first=st.lists(SERIES, min_size=1, max_size=3))
def test_rising_as_read_slowly(
    first: list[list[tuple[int, int, str]]], cohort_of: Callable[..., Cohort]
) -> None:
    lines, expected = [], []
    for steps in first:
        hours, values, bounds = [-20], [50000], [""]
        for dt, rise, bound in steps:
            hours.append(hours[-1] + dt)
            values.append(values[-1] + 100 * dt + rise)
            bounds.append(bound)
        rows = zip(hours, values, bounds, strict=True)
        lines.append("; ".join(f"ferritin@{h}={bound}{value}" for h, value, bound in rows))
        expected += slowly(hours, values, [bool(b) for b in bounds])
    assert rising(lab_samples(cohort_of(lines), "ferritin"), RISE).tolist() == expected
