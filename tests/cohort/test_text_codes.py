"""Columns of text, each distinct one once."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort.text_codes import distinct_cells, matches, text_column, texts


@given(st.lists(st.sampled_from(["a", " a ", "b", "", "  ", None]), max_size=9))
def test_texts_are_the_stripped_cells(cells: list) -> None:
    table = pd.DataFrame({"c": pd.Series(cells, dtype="str")})
    found = texts(table, "c")
    plain = [(cell or "").strip() for cell in cells]
    assert found.at(np.arange(len(cells))).tolist() == plain
    assert found.empty.tolist() == [not text for text in plain]
    assert text_column(table, "c").fillna("").tolist() == plain
    assert len(set(found.words)) == len(found.words)
    assert found.each(len, 0)[found.codes].tolist() == [len(text) for text in plain]


def test_an_absent_column_is_empty() -> None:
    table = pd.DataFrame({"a": [1, 2]})
    assert texts(table, "c").empty.all()
    assert text_column(table, "c").isna().all()


def test_numbers_are_told_from_texts_where_they_are_kept() -> None:
    column = pd.Series([1.5, "1.5", None, 2, "x"], dtype=object)
    codes, distinct = distinct_cells(column, keep_numbers=True)
    back = [None if k < 0 else distinct.iloc[k] for k in codes]
    assert back == [1.5, "1.5", None, 2, "x"]
    codes, distinct = distinct_cells(column)
    assert distinct.iloc[codes[0]] == distinct.iloc[codes[1]] == "1.5"


@pytest.mark.parametrize("dtype", ["str", "object"])
def test_patterns_hold_or_are_the_whole(dtype: str) -> None:
    column = pd.Series(["a1", "1", None, ""], dtype=dtype)
    assert matches(column, r"\d").tolist() == [True, True, False, False]
    assert matches(column, r"\d", whole=True).tolist() == [False, True, False, False]
