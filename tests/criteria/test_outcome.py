import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskmodel.criteria.outcome import horizon_hours, longest_gap
from riskmodel.errors import SchemaError


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(-5, 25)), max_size=15))
def test_longest_gap_is_the_longest_stretch_between_moments(rows: list[tuple[int, int]]) -> None:
    rows = sorted(set(rows))
    patient = np.array([row[0] for row in rows], dtype=np.int64)
    hours = np.array([row[1] for row in rows], dtype=np.float64)
    found = longest_gap(3, patient, hours, 20.0, "left")
    for p in range(3):
        ends = [0.0, *sorted(h for other, h in rows if other == p and 0 <= h < 20), 20.0]
        assert found[p] == max(np.diff(ends))


@pytest.mark.parametrize("days", [0.0, -1.0, float("nan"), float("inf")])
def test_a_horizon_is_positive(days: float) -> None:
    with pytest.raises(SchemaError, match="not positive"):
        horizon_hours(days)
