"""Draws of patients: whole ones, the same in any order, and no interval from too few."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from riskmodel.evaluation.measures import bootstrap
from riskmodel.evaluation.measures.bootstrap import (
    bootstrapped,
    drawn_weights,
    estimates,
    interval,
)


def all_draws(weight, patient, draws=30, seed=1):
    return np.concatenate(list(drawn_weights(weight, patient, draws, seed)))


@given(st.integers(1, 12), st.integers(1, 4), st.integers(0, 10**6))
def test_a_draw_holds_as_many_patients_as_there_are_and_all_rows_of_each(people, rows, seed):
    patient = np.repeat(np.arange(people), rows)
    weight = np.random.default_rng(seed).uniform(0.5, 2, len(patient))
    drawn = all_draws(weight, patient, seed=seed) / weight
    times = drawn.reshape(30, people, rows)
    np.testing.assert_allclose(times, times[:, :, :1].repeat(rows, axis=2))
    np.testing.assert_allclose(times[:, :, 0].sum(axis=1), people)
    np.testing.assert_allclose(times, np.round(times), atol=1e-9)


@given(st.integers(0, 10**6))
def test_the_same_patients_give_the_same_draws_in_any_order(seed):
    rng = np.random.default_rng(seed)
    patient = rng.integers(0, 8, 20)
    weight = rng.uniform(0.5, 2, 20)
    order = rng.permutation(20)
    one = all_draws(weight, patient)
    np.testing.assert_array_equal(all_draws(weight[order], patient[order]), one[:, order])
    # Other codes of the same patients, and rows of theirs beside: the same draws.
    np.testing.assert_array_equal(all_draws(weight, 100 + 7 * patient), one)
    twice = all_draws(np.tile(weight, 2), np.tile(patient, 2))
    np.testing.assert_array_equal(twice[:, :20], one)


def test_the_size_of_a_block_changes_no_draw(monkeypatch):
    weight, patient = np.ones(10), np.arange(10)
    one = all_draws(weight, patient, draws=23)
    monkeypatch.setattr(bootstrap, "_CELLS", 40)
    blocks = list(drawn_weights(weight, patient, 23, 1))
    assert [len(block) for block in blocks] == [4, 4, 4, 4, 4, 3]
    np.testing.assert_array_equal(np.concatenate(blocks), one)


def test_nobody_and_no_draw():
    assert list(drawn_weights(np.zeros(0), np.zeros(0, dtype=np.int64), 5, 1)) == []
    values, drawn = bootstrapped(lambda w: w.sum(axis=1), np.ones(3), np.arange(3), draws=0, seed=1)
    assert values == 3
    assert drawn.shape == (0,)
    ((only),) = estimates(values, drawn[:, None])
    assert only.value == 3
    assert np.isnan([only.low, only.high]).all()


def test_a_figure_that_most_draws_cannot_give_has_no_interval():
    some = np.r_[np.arange(49.0), np.full(51, np.nan)]
    assert np.isnan(interval(some)).all()
    low, high = interval(np.r_[np.arange(51.0), np.full(49, np.nan)])
    assert 0 < low < high < 50
    assert np.isnan(interval(np.zeros(0))).all()
    assert interval(np.r_[np.full(9, 2.0), np.inf]) == (2.0, 2.0)


def test_several_figures_come_from_the_same_draws():
    rng = np.random.default_rng(0)
    x = rng.normal(size=40)

    def figure(weights):
        mean = weights @ x / weights.sum(axis=1)
        return np.column_stack([mean, -mean])

    values, drawn = bootstrapped(figure, np.ones(40), np.arange(40), draws=200, seed=3)
    np.testing.assert_allclose(drawn[:, 0], -drawn[:, 1])
    one, other = estimates(values, drawn)
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))
    assert one.low < one.value < one.high
    # Of a mean the spread of the draws is its standard error.
    assert drawn[:, 0].std() == pytest.approx(x.std() / np.sqrt(40), rel=0.2)
