"""Limits of normal of a labs table, in the unit of their row."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, strategies as st

from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.tables.limits import reference_limits
from riskmodel.cohort.text_codes import texts
from riskmodel.cohort.written.notation import PLAIN, notation_of


def read(high: list, low: list | None = None, unit: str = "U/L", notation=PLAIN):
    table = {"patient_id": ["P1"] * len(high), "unit": [unit] * len(high), "reference_high": high}
    if low is not None:
        table["reference_low"] = low
    raw = pd.DataFrame(table)
    rejections = Rejections()
    usable = np.ones(len(raw), dtype=bool)
    ids, units = texts(raw, "patient_id"), texts(raw, "unit")
    found = reference_limits(raw, usable, units, ids, rejections, notation)
    return *found, rejections.frame()["reason"].tolist()


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("35", np.nan, 35),
        ("60 U/L", np.nan, 60),
        ("60 IU/l", np.nan, 60),
        ("<=35", np.nan, 35),
        ("0-35", 0, 35),
        ("10 - 35", 10, 35),
        ("12,5", np.nan, 12.5),
    ],
)
def test_limits_are_read_as_printed(text, low, high):
    found_low, found_high, told = read([text])
    np.testing.assert_equal([found_low[0], found_high[0], told], [low, high, []])


@pytest.mark.parametrize("cell", ["0", "-1", "9999999", "60 mg/dL", "see note", ">60"])
def test_what_is_no_limit_is_emptied_and_told(cell):
    _, high, told = read([cell])
    assert np.isnan(high[0])
    assert told == ["not_a_limit"]


def test_numbers_that_are_no_limits_are_emptied_too():
    _, high, told = read([35.0, 0.0, -1.0, 9999999.0, np.nan])
    assert high[0] == 35
    assert np.isnan(high[1:]).all()
    assert told == ["not_a_limit"] * 3


def test_a_lower_limit_stands_beside_and_may_be_0():
    low, high, told = read(["35", "10-35", "35"], ["0", "", "40"])
    np.testing.assert_equal(low, [0, 10, np.nan])
    np.testing.assert_equal(high, [35, 35, np.nan])
    assert told == ["not_a_limit"]


def test_the_file_says_what_a_point_is():
    raw = pd.DataFrame({"reference_high": ["1.200", "12,5"]})
    assert read(["1.200"], notation=notation_of({"labs": raw}))[1].tolist() == [1200]


@given(st.floats(0.001, 1e5), st.floats(1.0, 10.0))
def test_a_range_in_one_cell_is_two_cells(low, times):
    high = low * times + 1
    assume({"9"} not in [set(str(int(limit))) for limit in (low, high)])  # stands for no limit
    one = read([f"{low!r} - {high!r}"], notation=notation_of({}, "."))
    two = read([repr(high)], [repr(low)], notation=notation_of({}, "."))
    np.testing.assert_equal(one[0], two[0])
    np.testing.assert_equal(one[1], two[1])
