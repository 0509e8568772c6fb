"""Study days: day 1 is the reference start, and there is no day 0."""

from datetime import date, timedelta

import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort.sdtm.study_days import dated, day_of


@given(st.integers(-400, 400).filter(bool))
def test_days_count_as_the_guide_has_them(day: int) -> None:
    start = date(2024, 5, 10)
    after = day - 1 if day > 0 else day
    assert day_of("2024-05-10T10:00", str(day)) == (start + timedelta(days=after)).isoformat()
    assert day_of("2024-05-10", f"{day}.0") == day_of("2024-05-10", str(day))


@pytest.mark.parametrize(
    ("start", "day"),
    [("2024-05-10", "0"), ("2024-05", "3"), ("", "3"), ("2024-05-10", "x"), ("2024-05-10", "nan"),
     ("2024-05-10", "1e300"), ("2024-05-10", "99999999"), ("2024-13-10", "3")],
)  # fmt: skip
def test_what_names_no_day(start: str, day: str) -> None:
    assert day_of(start, day) == ""
    assert dated("", day, start) == ("", "")
