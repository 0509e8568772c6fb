"""Scale and evidence of columns."""

import numpy as np
import pytest

from riskmodel.models.learning.columns import FEWEST_SEEN, MAX_SD, learn_prior, learn_scale


@pytest.fixture
def values():
    rng = np.random.default_rng(0)
    columns = rng.normal(2, 3, size=(200, 4))
    columns[:, 1] = rng.random(200) < 0.3
    columns[:, 2] = np.nan
    columns[:, 3] = columns[:, 0]
    return columns


def prior_of(values, evidence, groups=None):
    scale = learn_scale(values, np.ones(len(values)))
    names = ["a", "b", "c", "d"]
    return learn_prior(names, evidence, groups or {}, scale, scale.standardise(values), 0.25), scale


def test_reference_is_median_or_share(values):
    scale = learn_scale(values, np.ones(200))
    assert scale.reference[0] == np.median(values[:, 0])
    assert scale.reference[1] == values[:, 1].mean()
    assert scale.known.tolist() == [True, True, False, True]


def test_units_do_not_matter_for_standardised_values(values):
    one, two = learn_scale(values, np.ones(200)), learn_scale(values * 1000, np.ones(200))
    np.testing.assert_allclose(one.standardise(values)[:, 0], two.standardise(values * 1000)[:, 0])


def test_rows_of_weight_zero_teach_nothing(values):
    weight = np.ones(200)
    weight[:100] = 0
    np.testing.assert_array_equal(
        learn_scale(values, weight).reference, learn_scale(values[100:], np.ones(100)).reference
    )


def test_values_count_within_a_limit(values):
    scale = learn_scale(values, np.ones(200))
    assert scale.standardise(np.array([[1e9, 0, 5, -1e9]])).tolist()[0][0] == MAX_SD
    assert scale.standardise(np.array([[1e9, 0, 5, -1e9]])).tolist()[0][2:] == [0, -MAX_SD]


def test_a_column_of_few_values_is_left_out():
    values = np.full((50, 1), np.nan)
    values[: FEWEST_SEEN - 1, 0] = np.arange(FEWEST_SEEN - 1)
    assert not learn_scale(values, np.ones(50)).known[0]


def test_evidence_per_unit_and_per_sd(values):
    prior, scale = prior_of(values, {"a": (0.1, 0.05, "unit"), "b": (0.4, 0.2, "sd")})
    assert prior.mean[0] == pytest.approx(0.1 * scale.spread[0])
    assert prior.sd[0] == pytest.approx(0.05 * scale.spread[0])
    assert prior.mean[1] == 0.4
    assert prior.informed.tolist() == [True, True, False, False]
    assert prior.sd[3] == 0.25


def test_twins_of_one_factor_share_their_effect(values):
    evidence = {"a": (0.4, 0.2, "sd"), "d": (0.4, 0.2, "sd")}
    shared, _ = prior_of(values, evidence, {"a": "ferritin", "d": "ferritin"})
    apart, _ = prior_of(values, evidence)
    assert shared.mean[0] + shared.mean[3] == pytest.approx(0.4, rel=0.01)
    assert apart.mean[0] == 0.4


def test_evidence_for_an_empty_column_is_ignored(values):
    prior, _ = prior_of(values, {"c": (1.0, 0.5, "unit")})
    assert not prior.informed.any()
    assert (prior.mean == 0).all()
