"""The compiled pass against the same sums written plainly."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from riskmodel.models.tree_pass import add_trees


def plainly(feature, threshold, missing_right, parts, value, X):
    """What each row gets from each tree of three questions: contributions, and the margin."""
    total, margin = np.zeros((len(X), X.shape[1] + 1)), np.zeros(len(X))
    for i, x in enumerate(X):
        for t in range(len(feature)):
            answers = [
                bool(missing_right[t, k]) if np.isnan(x[j]) else bool(x[j] >= threshold[t, k])
                for k, j in enumerate(feature[t])
            ]
            code = sum(answer << k for k, answer in enumerate(answers))
            for k, j in enumerate(feature[t]):
                total[i, j] += parts[t, k, code]
            margin[i] += value[t, code]
    return total, margin


def world(seed, rows, trees, p=4):
    rng = np.random.default_rng(seed)
    values = np.array([-1.0, 0.0, 0.5, 2.0, np.nan, np.inf, -np.inf], dtype=np.float32)
    return (
        rng.integers(0, p, (trees, 3)),
        rng.choice(values[:4], (trees, 3)),
        rng.random((trees, 3)) < 0.5,
        rng.normal(size=(trees, 3, 8)),
        rng.normal(size=(trees, 8)),
        rng.choice(values, (rows, p)),
    )


@given(st.integers(0, 10**6), st.integers(0, 6), st.integers(0, 5))
def test_it_adds_what_plain_sums_give(seed, rows, trees):
    """Ties with a threshold, missing and infinite values among them."""
    tables = world(seed, rows, trees)
    total, margins = np.zeros((rows, 5)), np.zeros((rows, 2))
    add_trees(*tables, total, margins, 1)
    expected, margin = plainly(*tables)
    np.testing.assert_allclose(total, expected, atol=1e-12)
    np.testing.assert_allclose(margins[:, 1], margin, atol=1e-12)
    assert not margins[:, 0].any()


def test_it_adds_to_what_is_there():
    tables = world(1, 3, 2)
    once, twice = np.zeros((3, 5)), np.zeros((3, 5))
    margins = np.zeros((3, 1))
    add_trees(*tables, once, margins, 0)
    for _ in range(2):
        add_trees(*tables, twice, margins, 0)
    np.testing.assert_allclose(twice, 2 * once, atol=1e-12)


@pytest.mark.parametrize("position", [0, 5])
def test_another_type_is_refused_not_read_as_other_bytes(position):
    tables = list(world(0, 2, 1))
    tables[position] = tables[position].astype(np.int32 if position == 0 else np.float64)
    with pytest.raises(TypeError):
        add_trees(*tables, np.zeros((2, 5)), np.zeros((2, 1)), 0)
