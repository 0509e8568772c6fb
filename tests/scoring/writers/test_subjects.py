"""Whole numbers of patients."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from riskmodel.errors import SchemaError
from riskmodel.scoring.writers.subjects import check_distinct, subject_id, subject_ids


def test_a_number_for_a_text_is_stable_and_its_own():
    assert subject_id("1042") == 1042
    assert subject_id("-7") == -7
    for text in ("01042", "S00001", "", "9" * 30, "४२", str(1 << 62)):
        number = subject_id(text)
        assert (1 << 62) <= number < (1 << 63)
        assert subject_ids(pd.Series([text])).dtype == np.int64
    assert subject_id("S00001") == 5170273778986020402
    with pytest.raises(SchemaError, match="'A' and 'B' would have the same whole number"):
        check_distinct(pd.Series(["A", "C", "B"]), np.array([5, 6, 5]))


@given(st.text(), st.text())
def test_two_texts_never_share_a_number(one, two):
    assert (subject_id(one) == subject_id(two)) == (one == two)
    assert -(1 << 62) < subject_id(one) < (1 << 63)


@given(st.integers(-(1 << 62) + 1, (1 << 62) - 1))
def test_a_whole_number_stays_itself(number):
    assert subject_id(str(number)) == number


def test_the_same_patient_twice_and_nobody_are_no_clash():
    check_distinct(pd.Series(["A", "A", "B"]), np.array([1, 1, 2]))
    check_distinct(pd.Series([], dtype="str"), np.array([], dtype=np.int64))
    assert subject_ids(pd.Series([], dtype="str")).dtype == np.int64
