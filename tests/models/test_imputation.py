"""What an unknown feature may be: quantiles and correlation, no rows."""

import numpy as np
import pytest

from riskmodel.models.imputation import LEVELS, learn_plausible


@pytest.fixture(scope="module")
def rows():
    """Two columns that move together, one of its own, one 0/1, one nearly empty."""
    rng = np.random.default_rng(7)
    common = rng.normal(size=2000)
    X = np.column_stack(
        [
            np.exp(common + 0.3 * rng.normal(size=2000)),
            100 - 10 * common,
            rng.normal(size=2000),
            (common + rng.normal(size=2000) > 1).astype(float),
            np.full(2000, np.nan),
        ]
    )
    X[:10, 4] = 1.0
    X[rng.random(X.shape) < 0.1] = np.nan
    return X


@pytest.fixture(scope="module")
def learnt(rows):
    return learn_plausible(rows, np.ones(len(rows)))


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(1).standard_normal((4000, 5))


def test_what_is_known_stays_and_what_was_hardly_seen_stays_missing(learnt, noise):
    x = np.array([np.nan, 100.0, np.nan, 1.0, np.nan])
    drawn = learnt.draw(x, noise)
    assert (drawn[:, 1] == 100).all()
    assert (drawn[:, 3] == 1).all()
    assert np.isnan(drawn[:, 4]).all()
    assert learnt.known.tolist() == [True] * 4 + [False]


def test_without_knowledge_the_draws_are_as_in_training(rows, learnt, noise):
    drawn = learnt.draw(np.full(5, np.nan), noise)
    for j in range(3):
        seen = rows[~np.isnan(rows[:, j]), j]
        np.testing.assert_allclose(
            np.quantile(drawn[:, j], [0.25, 0.5, 0.75]),
            np.quantile(seen, [0.25, 0.5, 0.75]),
            atol=0.12 * seen.std(),
        )
        assert drawn[:, j].min() >= learnt.quantiles[j, 0]
        assert drawn[:, j].max() <= learnt.quantiles[j, -1]
    assert drawn[:, 3].mean() == pytest.approx(np.nanmean(rows[:, 3]), abs=0.03)
    assert set(np.unique(drawn[:, 3])) == {0.0, 1.0}


def test_a_known_companion_narrows_and_moves_the_draws(learnt, noise):
    free = learnt.draw(np.full(5, np.nan), noise)[:, 0]
    x = np.full(5, np.nan)
    x[1] = 85.0  # far down, where the first column is high
    told = learnt.draw(x, noise)[:, 0]
    assert np.median(told) > np.quantile(free, 0.8)
    x[1] = 100.0
    assert np.log(learnt.draw(x, noise)[:, 0]).std() < 0.6 * np.log(free).std()
    x[1] = np.nan
    x[2] = 2.0
    assert np.median(learnt.draw(x, noise)[:, 0]) == pytest.approx(np.median(free), rel=0.1)


def test_a_yes_moves_its_companions(learnt, noise):
    x = np.full(5, np.nan)
    medians = []
    for x[3] in (0.0, 1.0):
        medians.append(np.median(learnt.draw(x, noise)[:, 0]))
    assert medians[1] > 1.5 * medians[0]


def test_the_correlation_is_one(learnt):
    R = learnt.correlation
    np.testing.assert_allclose(np.diag(R), 1.0)
    np.testing.assert_allclose(R, R.T)
    assert np.linalg.eigvalsh(R).min() > 0
    assert R[0, 1] < -0.8
    assert abs(R[0, 2]) < 0.1


def test_constant_columns_and_rows_of_weight_zero():
    rng = np.random.default_rng(0)
    X = np.column_stack([np.full(100, 3.0), rng.normal(size=100)])
    weight = np.ones(100)
    weight[50:] = 0
    one, two = learn_plausible(X, weight), learn_plausible(X[:50], np.ones(50))
    np.testing.assert_array_equal(one.quantiles, two.quantiles)
    np.testing.assert_array_equal(one.correlation, two.correlation)
    drawn = one.draw(np.full(2, np.nan), rng.standard_normal((50, 2)))
    assert (drawn[:, 0] == 3.0).all()


def test_scores_run_with_the_values(learnt):
    x = np.full((30, 5), np.nan)
    x[:, 2] = np.linspace(-3, 3, 30)
    scores = np.array([learnt.scores(row)[2] for row in x])
    assert (np.diff(scores) >= 0).all()
    middle = np.abs(x[:, 2]) < 1.4
    np.testing.assert_allclose(scores[middle], x[middle, 2], atol=0.15)
    assert scores.max() <= 1.65 + 1e-2  # the outer stored quantile
    assert LEVELS[-1] == 0.95
