"""Constants of the simulation: worlds, populations, analytes and charting styles, from TOML."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from riskmodel.arrays import Floats, Texts
from riskmodel.cohort import find_product
from riskmodel.errors import SchemaError
from riskmodel.files import read_toml

# Child of the cohort's seed that draws a world's effects; draw_cohort spawns those before it.
_EFFECTS_STREAM = 7


def uniform(rng: np.random.Generator, ends: Sequence[float], size: int | tuple[int, int]) -> Floats:
    """Uniform draws between the two ends that a file names."""
    low, high = ends
    return rng.uniform(low, high, size)


REGIMES = ("ward", "daily", "outpatient", "severity", "mixed")
"""How blood is drawn: `ward` in the numbers of [sampling], the others in those of [regimes]."""


@dataclass(frozen=True)
class World:
    """What is true of a simulated cohort: one table of worlds.toml."""

    name: str
    about: str
    effect: float
    effect_range: Sequence[float] | None = None
    log_odds: float = 0.0
    cd28_burden: float = 0.0
    tet2_inflammation: float = 0.0
    tet2_prevalence: float = 1.0
    units: str = ""
    missing: float = 1.0
    autoimmune: bool = False


@dataclass(frozen=True)
class Settings:
    """Everything that one simulated cohort is drawn from.

    Attributes
    ----------
    world : World
    populations : tuple of mappings
        The tables of populations.toml that take part.
    multipliers : mapping of str to float
        What the world multiplies each published effect by: one per effect of constants.toml and one
        per population, for the distance of its incidence from the mix's mean.
    constants, analytes, measures, charting : mapping
        The TOML files of the same names.
    sampling : str
        One of `REGIMES`.
    """

    world: World
    populations: tuple[Mapping[str, Any], ...]
    multipliers: Mapping[str, float]
    constants: Mapping[str, Any]
    analytes: Mapping[str, Mapping[str, Any]]
    measures: Mapping[str, Mapping[str, Any]]
    charting: Mapping[str, Any]
    sampling: str = "ward"

    @property
    def shares(self) -> Floats:
        """Share of each population in the mix, summing to 1."""
        share = self.column("share")
        return np.asarray(share / share.sum())

    @property
    def factors(self) -> Sequence[str]:
        """Names of the latent factors, in the order of the columns of z."""
        names: Sequence[str] = self.constants["latent"]["factors"]
        return names

    def column(self, *keys: str) -> Floats:
        """One number per population, found under these keys."""
        return np.array([_dig(population, keys) for population in self.populations], dtype=float)

    def words(self, key: str) -> Texts:
        """One word per population, found under this key."""
        return np.array([population[key] for population in self.populations], dtype=object)

    def by_group(self, level: Mapping[str, float]) -> Floats:
        """One level per population by its disease group, NaN where the group has none."""
        return np.array([level.get(group, np.nan) for group in self.words("group")])

    def levels(self, analyte: str) -> Floats:
        """Level of an analyte by population: its own, else that of its disease group."""
        found = self.by_group(self.analytes[analyte]["level"])
        own = [population.get("levels", {}).get(analyte, np.nan) for population in self.populations]
        return np.where(np.isnan(own), found, own)

    def loading(self, weights: Mapping[str, float]) -> Floats:
        """Weights by factor name as a vector over the latent factors."""
        return np.array([float(weights.get(name, 0.0)) for name in self.factors])

    @property
    def correlation(self) -> Floats:
        """Correlation matrix of the latent factors."""
        return np.array(self.constants["latent"]["correlation"], dtype=float)


def _dig(table: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    return table[keys[0]] if len(keys) == 1 else _dig(table[keys[0]], keys[1:])


@cache
def _file(name: str) -> Mapping[str, Any]:
    return read_toml(Path(__file__).parent / "tables" / f"{name}.toml")


def worlds() -> tuple[str, ...]:
    """Names of the worlds that a cohort can be drawn from.

    Examples
    --------
    >>> worlds()
    ('literature', 'perturbed', 'interaction', 'shifted', 'null', 'contrary', 'autoimmune')
    """
    return tuple(_file("worlds"))


def _fold(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", text.casefold())


def _product_names(populations: Sequence[Mapping[str, Any]]) -> list[str]:
    """Short names of the marketed products, then the targets, each once."""
    names = [name for p in populations for name in p["names"] if name.endswith("-cel")]
    return list(dict.fromkeys([*names, *(p["target"] for p in populations)]))


def _chosen(
    populations: Sequence[Mapping[str, Any]], products: Sequence[str]
) -> tuple[Mapping[str, Any], ...]:
    chosen: set[str] = set()
    for text in products:
        known = find_product(text)
        wanted = {_fold(text)} | ({_fold(known.name)} if known else set())
        found = {
            population["name"]
            for population in populations
            if wanted & {_fold(n) for n in (*population["names"], population["product"])}
            or _fold(text) == _fold(population["target"])
        }
        if not found:
            raise SchemaError(
                f"Product '{text}' is not simulated in this world. "
                f"Allowed: {', '.join(_product_names(populations))}. "
                "Name one of them or leave products out."
            )
        chosen |= found
    return tuple(p for p in populations if p["name"] in chosen)


def _multipliers(world: World, seed: int) -> Mapping[str, float]:
    """Multiplier of every published effect: the world's own, or one draw per effect and seed.

    Drawn for every effect and product of the files, so that choosing products changes none.
    """
    effects = [name for name in _file("constants")["effects"] if name != "source"]
    names = [*effects, *(p["name"] for p in _file("populations")["population"])]
    if world.effect_range is None:
        return dict.fromkeys(names, world.effect)
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_EFFECTS_STREAM,)))
    low, high = world.effect_range
    drawn = rng.uniform(low, high, len(names))
    return dict(zip(names, drawn.tolist(), strict=True))


def settings(
    world: str, products: Sequence[str] | None = None, seed: int = 0, sampling: str = "ward"
) -> Settings:
    """Read the constants for one world.

    Parameters
    ----------
    world : str
        A name of `worlds`.
    products : sequence of str, optional
        Generic, brand or short names, or a target antigen; all of the world's products if None.
    seed : int
        Seed of the cohort; it decides the effects of a world that draws them.
    sampling : str
        One of `REGIMES`.

    Raises
    ------
    SchemaError
        When the world, a product or the sampling is unknown.
    """
    if sampling not in REGIMES:
        raise SchemaError(
            f"Sampling '{sampling}' is unknown. Allowed: {', '.join(REGIMES)}. Choose one of them."
        )
    if world not in worlds():
        raise SchemaError(
            f"World '{world}' is unknown. Allowed: {', '.join(worlds())}. Choose one of them."
        )
    chosen = World(name=world, **_file("worlds")[world])
    populations: tuple[Mapping[str, Any], ...] = tuple(
        p
        for p in _file("populations")["population"]
        if p.get("autoimmune", False) == chosen.autoimmune
    )
    if products is not None:
        populations = _chosen(populations, products)
    if not populations:
        raise SchemaError("No product was named. Name at least one or leave products out.")
    return Settings(
        chosen,
        populations,
        _multipliers(chosen, seed),
        _file("constants"),
        _file("analytes"),
        _file("measures"),
        _file("charting"),
        sampling,
    )
