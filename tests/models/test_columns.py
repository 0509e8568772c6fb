"""Scale and evidence of columns."""

import numpy as np
import pytest

from riskmodel.models.columns import FEWEST_SEEN, MAX_SD, learn_prior, learn_scale


@pytest.fixture
def X():
    rng = np.random.default_rng(0)
    values = rng.normal(2, 3, size=(200, 4))
    values[:, 1] = rng.random(200) < 0.3
    values[:, 2] = np.nan
    values[:, 3] = values[:, 0]
    return values


def prior_of(X, evidence, groups=None):
    scale = learn_scale(X, np.ones(len(X)))
    names = ["a", "b", "c", "d"]
    return learn_prior(names, evidence, groups or {}, scale, scale.standardise(X), 0.25), scale


def test_reference_is_median_or_share(X):
    scale = learn_scale(X, np.ones(200))
    assert scale.reference[0] == np.median(X[:, 0])
    assert scale.reference[1] == X[:, 1].mean()
    assert scale.known.tolist() == [True, True, False, True]


def test_units_do_not_matter_for_standardised_values(X):
    one, two = learn_scale(X, np.ones(200)), learn_scale(X * 1000, np.ones(200))
    np.testing.assert_allclose(one.standardise(X)[:, 0], two.standardise(X * 1000)[:, 0])


def test_rows_of_weight_zero_teach_nothing(X):
    weight = np.ones(200)
    weight[:100] = 0
    np.testing.assert_array_equal(
        learn_scale(X, weight).reference, learn_scale(X[100:], np.ones(100)).reference
    )


def test_values_count_within_a_limit(X):
    scale = learn_scale(X, np.ones(200))
    assert scale.standardise(np.array([[1e9, 0, 5, -1e9]])).tolist()[0][0] == MAX_SD
    assert scale.standardise(np.array([[1e9, 0, 5, -1e9]])).tolist()[0][2:] == [0, -MAX_SD]


def test_a_column_of_few_values_is_left_out():
    X = np.full((50, 1), np.nan)
    X[: FEWEST_SEEN - 1, 0] = np.arange(FEWEST_SEEN - 1)
    assert not learn_scale(X, np.ones(50)).known[0]


def test_evidence_per_unit_and_per_sd(X):
    prior, scale = prior_of(X, {"a": (0.1, 0.05, "unit"), "b": (0.4, 0.2, "sd")})
    assert prior.mean[0] == pytest.approx(0.1 * scale.spread[0])
    assert prior.sd[0] == pytest.approx(0.05 * scale.spread[0])
    assert prior.mean[1] == 0.4
    assert prior.informed.tolist() == [True, True, False, False]
    assert prior.sd[3] == 0.25


def test_twins_of_one_factor_share_their_effect(X):
    evidence = {"a": (0.4, 0.2, "sd"), "d": (0.4, 0.2, "sd")}
    shared, _ = prior_of(X, evidence, {"a": "ferritin", "d": "ferritin"})
    apart, _ = prior_of(X, evidence)
    assert shared.mean[0] + shared.mean[3] == pytest.approx(0.4, rel=0.01)
    assert apart.mean[0] == 0.4


def test_evidence_for_an_empty_column_is_ignored(X):
    prior, _ = prior_of(X, {"c": (1.0, 0.5, "unit")})
    assert not prior.informed.any()
    assert (prior.mean == 0).all()
