"""Constants of a simulated world: read once, the same whichever products are chosen."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from riskmodel.errors import SchemaError
from riskmodel.simulation import worlds
from riskmodel.simulation.settings import REGIMES, settings, uniform


@pytest.mark.parametrize("world", worlds())
def test_every_world_is_whole(world):
    found = settings(world)
    assert found.world.name == world
    assert found.world.about
    assert found.shares.sum() == pytest.approx(1)
    assert (found.shares > 0).all()
    assert len({p["name"] for p in found.populations}) == len(found.populations)
    assert all(bool(p.get("autoimmune")) == found.world.autoimmune for p in found.populations)
    for analyte in found.analytes:
        assert not np.isnan(found.levels(analyte)).any(), (world, analyte)


def test_factors_are_correlated_as_a_covariance_can_be():
    correlation = settings("literature").correlation
    np.testing.assert_array_equal(correlation, correlation.T)
    np.testing.assert_array_equal(np.diag(correlation), 1)
    assert np.linalg.eigvalsh(correlation).min() > 0


@pytest.mark.parametrize(
    ("world", "multiplier"), [("literature", 1), ("null", 0), ("contrary", -1)]
)
def test_a_world_multiplies_every_published_effect(world, multiplier):
    found = settings(world).multipliers
    assert set(found.values()) == {multiplier}
    effects = set(settings(world).constants["effects"]) - {"source"}
    assert effects <= set(found)
    assert {p["name"] for p in settings(world).populations} <= set(found)


@pytest.mark.parametrize("world", ["literature", "perturbed"])
def test_choosing_products_changes_no_effect(world):
    whole, few = settings(world, seed=5), settings(world, ["CD22"], seed=5)
    assert few.multipliers == whole.multipliers
    assert len(few.populations) < len(whole.populations)
    assert few.shares.sum() == pytest.approx(1)


def test_the_seed_draws_the_effects_of_the_perturbed_world_alone():
    assert settings("perturbed", seed=1).multipliers == settings("perturbed", seed=1).multipliers
    assert settings("perturbed", seed=1).multipliers != settings("perturbed", seed=2).multipliers
    assert settings("literature", seed=1).multipliers == settings("literature", seed=2).multipliers


def test_a_level_of_a_population_goes_before_that_of_its_group():
    found = settings("literature")
    for analyte, table in found.analytes.items():
        for population, level in zip(found.populations, found.levels(analyte), strict=True):
            own = population.get("levels", {}).get(analyte)
            assert level == (table["level"][population["group"]] if own is None else own)


def test_weights_of_factors_stand_in_the_order_of_the_factors():
    found = settings("literature")
    for k, name in enumerate(found.factors):
        expected = np.eye(len(found.factors))[k] * 2.5
        np.testing.assert_array_equal(found.loading({name: 2.5, "source": "print"}), expected)


@given(ends=st.tuples(st.floats(-9, 9), st.floats(0.1, 9)), seed=st.integers(0, 99))
def test_uniform_draws_lie_between_the_two_ends(ends, seed):
    low, high = ends[0], ends[0] + ends[1]
    drawn = uniform(np.random.default_rng(seed), [low, high], (7, 3))
    assert drawn.shape == (7, 3)
    assert low <= drawn.min() <= drawn.max() <= high


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("mars",), "World 'mars' is unknown. Allowed: literature, perturbed"),
        (("literature", None, 0, "weekly"), "Sampling 'weekly' is unknown. Allowed: ward, daily"),
        (("literature", ["aspirin"]), "Product 'aspirin' is not simulated in this world."),
        (("literature", []), "No product was named."),
        (("autoimmune", ["ide-cel"]), "Product 'ide-cel' is not simulated in this world."),
    ],
)
def test_what_is_unknown_is_refused_with_what_is_allowed(arguments, said):
    with pytest.raises(SchemaError) as error:
        settings(*arguments)
    assert said in str(error.value)


def test_every_regime_has_its_numbers():
    regimes = settings("literature").constants["regimes"]
    assert set(regimes) - {"source"} == set(REGIMES[1:-1])
