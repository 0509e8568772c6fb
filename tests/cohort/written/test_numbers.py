"""Columns of numbers: as their single cells, and numbers as they are."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort.text_codes import texts
from riskmodel.cohort.written.number_text import POINT, read_number
from riskmodel.cohort.written.numbers import (
    combine_comparators,
    numbers,
    only_possible,
    parse_results,
    read_numbers,
    signs_of,
)

CELL = st.text(alphabet="0123456789.,<> -eHg/", max_size=8)


@given(st.lists(CELL, min_size=1, max_size=8), st.sampled_from(["", ",", ".", POINT]))
def test_a_column_reads_like_its_cells(cells, decimal):
    found = read_numbers(pd.Series(cells, dtype="str"), decimal)
    for k, cell in enumerate(cells):
        alone = read_number(cell, decimal)
        if not cell.strip():
            assert found.fault[k] == 0
            assert np.isnan(found.value[k])
        elif isinstance(alone, str):
            assert found.fault[k] > 0
            assert np.isnan(found.value[k])
        elif np.isfinite(alone.value):
            assert found.value[k] == alone.value
            assert found.comparator[k] == alone.comparator
            assert (found.fault[k] > 0) == (not np.isnan(alone.other))


def test_numbers_of_a_file_are_not_read_again():
    column = pd.Series([1.234, 2.155, np.nan, 9999999.0, -999.0])
    found = read_numbers(column)
    assert found.value[:2].tolist() == [1.234, 2.155]
    assert found.fault.tolist() == [0, 0, 0, 3, 3]
    mixed = read_numbers(pd.Series([1.234, "<1,5", None, "1.234", 3], dtype=object))
    assert mixed.value.tolist()[:2] == [1.234, 1.5]
    assert mixed.fault.tolist() == [0, 0, 0, 2, 0]
    assert mixed.value[4] == 3


@pytest.mark.parametrize(
    ("cells", "signs"),
    [
        (["600", "1.234"], set()),
        (["12,5", "1.234"], {","}),
        (["0,85"], {","}),
        (["1.234,5"], {","}),
        (["3.5", "1,234"], {"."}),
        (["12,345,678"], {"."}),
        (["3.5", "3,5"], {".", ","}),
        (["1234.567"], {"."}),
    ],
)
def test_the_signs_that_a_column_shows(cells, signs):
    assert signs_of(pd.Series(cells, dtype="str")) == signs
    assert signs_of(pd.Series(cells, dtype="category")) == signs


def test_only_the_possible_reading_is_one():
    found = read_numbers(pd.Series(["12,345", "12,345", "1.5"]))
    low = np.array([0, 0, 0])
    high = np.array([30, 1e6, 30])
    value, known = only_possible(found, lambda number: (number >= low) & (number <= high))
    assert known.tolist() == [True, False, True]
    assert value[0] == 12.345
    large = np.array([100, 0, 0])
    value, known = only_possible(found, lambda number: (number >= large) & (number <= 1e6))
    assert value[0] == 12345


def test_hours_may_be_what_results_may_not():
    column = pd.Series(["-9", "-99", "12"])
    assert numbers(column, sentinels=False).tolist() == [-9, -99, 12]
    assert np.isnan(numbers(column)[:2]).all()


def test_parse_results_is_the_short_form():
    value, sign, bad = parse_results(pd.Series(["<1.375", "1,234", "5 ng/mL", ""]))
    assert value[0] == 1.375
    assert sign.tolist() == [-2, 0, 0, 0]
    assert bad.tolist() == [False, True, True, False]


def test_comparators_of_text_and_column():
    stated = texts(pd.DataFrame({"c": [">", "\u2264", "~", "", "="]}), "c")
    found, unknown = combine_comparators(stated, np.array([0, 1, 0, 2, 0], dtype=np.int8))
    assert found[[0, 3, 4]].tolist() == [2, 2, 0]
    assert unknown.tolist() == [False, True, True, False, False]
