"""Columns gathered by clinical factor."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from riskmodel.errors import SchemaError
from riskmodel.models.learning.factors import (
    by_factor,
    factor_columns,
    factor_key,
    factors_of,
    spread_of,
)

NAMES = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=6, unique=True)
GROUPS = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["one", "two"]))


@given(NAMES, GROUPS, st.integers(0, 5))
def test_a_factor_is_the_sum_of_its_columns_and_nothing_is_lost(names, groups, n):
    columns = np.random.default_rng(n).normal(size=(n, len(names)))
    found = by_factor(columns, names, groups)
    assert list(found) == list(dict.fromkeys(factors_of(names, groups)))
    total = sum(found.values(), np.zeros(n))
    np.testing.assert_allclose(total, columns.sum(axis=1), atol=1e-12)


def test_columns_beyond_the_names_and_the_input_stay_as_they_are():
    columns = np.array([[1.0, 2.0, 9.0]])
    assert by_factor(columns, ["a", "b"], {"a": "one", "b": "one"})["one"].tolist() == [3.0]
    assert columns.tolist() == [[1.0, 2.0, 9.0]]
    assert by_factor(columns, ["a", "b"], None).keys() == {"a", "b"}


def test_spread_is_of_the_rows_that_have_the_column():
    X = np.array([[1.0, np.nan, np.nan], [2.0, 5.0, np.nan], [3.0, 6.0, np.nan]])
    parts = np.array([[1.0, 100.0, 7.0], [2.0, 1.0, 8.0], [3.0, 1.0, 9.0]])
    found = spread_of(parts, X)
    assert found[0] == pytest.approx(np.std([1, 2, 3]))
    assert found[1:].tolist() == [0.0, 0.0]
    assert parts[0, 1] == 100.0
    assert spread_of(np.zeros((0, 2)), np.zeros((0, 2))).tolist() == [0.0, 0.0]


def test_every_factor_has_a_column_of_its_own():
    found = factor_columns(["NK cells", "\u94c1\u86cb\u767d", "Gr\u00f6\u00dfe", "CRP / IL-6"])
    assert len(set(found.values())) == 4
    assert found["CRP / IL-6"] == "contribution_crp_il_6"
    assert factor_columns([]) == {}


@pytest.mark.parametrize(
    ("factors", "named", "why"),
    [
        (["NK cells", "nk-cells"], "nk-cells", "same letters"),
        (["a", "b", "A!"], "A!", "with others between"),
        (["base"], "base", "the base has that column"),
        (["Base"], "Base", "in any case"),
        (["!?"], r"!\?", "no letter at all"),
    ],
)
def test_factors_that_cannot_be_told_apart_are_refused(factors, named, why):
    with pytest.raises(SchemaError, match=f"factor '{named}' has the column"):
        factor_columns(factors)


@given(st.text())
def test_a_key_is_stable(factor):
    assert factor_key(factor_key(factor)) == factor_key(factor)
