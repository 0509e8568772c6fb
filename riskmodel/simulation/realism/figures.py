"""Published figures beside simulated ones: figures.toml read, measured and judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import beta

from riskmodel.arrays import Flags
from riskmodel.cohort import find_product
from riskmodel.files import read_toml
from riskmodel.simulation.cohort import draw_cohort
from riskmodel.simulation.realism.observed import Observed, observe
from riskmodel.simulation.realism.statistics import STATISTICS, Estimate

_WORDS = {"title", "cohort", "statistic", "unit", "source", "rows", "unverified"}
_WORDS |= {"published", "interval", "factor", "within", "of", "shown_only"}
_IN_WORDS: Mapping[tuple[str, str], str] = {
    ("quantile", "0.0"): "lowest",
    ("quantile", "0.25"): "first quartile",
    ("quantile", "0.5"): "median",
    ("quantile", "0.75"): "third quartile",
    ("quantile", "1.0"): "highest",
    ("least", ""): "grade {} or more",
    ("lineages", ""): "{} or more lineages",
}


@dataclass(frozen=True)
class Figure:
    """One published figure.

    Attributes
    ----------
    title, cohort, statistic, unit, source : str
        The cohort is a key of the file's cohorts, the statistic a name of `STATISTICS`.
    arguments : mapping
        Further arguments of the statistic.
    published : float
    interval : pair of float, optional
        Quartiles or range in print.
    allowed : pair of float, optional
        Where the simulated figure must lie, both ends included; None where it is shown alone.
    tolerance : str
        The same in words, or why there is none.
    unverified : bool
    """

    title: str
    cohort: str
    statistic: str
    unit: str
    source: str
    arguments: Mapping[str, Any]
    published: float
    interval: tuple[float, float] | None
    allowed: tuple[float, float] | None
    tolerance: str
    unverified: bool

    @property
    def words(self) -> str:
        """The arguments in words."""
        parts: list[str] = []
        for name, value in self.arguments.items():
            text = " to ".join(map(str, value)) if isinstance(value, list) else str(value)
            known = _IN_WORDS.get((name, text)) or _IN_WORDS.get((name, ""), name + " {}")
            parts.append(text if isinstance(value, str) else known.format(text))
        return ", ".join(parts)


@dataclass(frozen=True)
class Comparison:
    """A published figure and the simulated one."""

    figure: Figure
    found: Estimate

    @property
    def holds(self) -> bool | None:
        """Whether the simulated figure lies where it must; None where none is asked."""
        if self.figure.allowed is None:
            return None
        low, high = self.figure.allowed
        return bool(low <= self.found.value <= high)


def _allowed(row: Mapping[str, Any]) -> tuple[tuple[float, float] | None, str]:
    published = float(row["published"])
    if "factor" in row:
        factor = float(row["factor"])
        return (published / factor, published * factor), f"factor {factor:g}"
    if "within" in row:
        within = float(row["within"])
        return (published - within, published + within), f"\N{PLUS-MINUS SIGN}{within:g}"
    if "of" in row:
        k, n = row["of"]
        low = float(beta.ppf(0.025, k, n - k + 1)) if k else 0.0
        high = float(beta.ppf(0.975, k + 1, n - k)) if k < n else 1.0
        return (low, high), f"95% interval of {k} of {n}"
    return None, str(row["shown_only"])


@cache
def _file() -> Mapping[str, Any]:
    return read_toml(Path(__file__).parent.parent / "tables" / "figures.toml")


def figures() -> tuple[Figure, ...]:
    """Every published figure of figures.toml."""
    found: list[Figure] = []
    for table in _file()["set"]:
        for row in table["rows"]:
            words = {**table, **row}
            allowed, tolerance = _allowed(row)
            ends = row.get("interval")
            found.append(
                Figure(
                    title=words["title"],
                    cohort=words["cohort"],
                    statistic=words["statistic"],
                    unit=words["unit"],
                    source=words["source"],
                    arguments={k: v for k, v in words.items() if k not in _WORDS},
                    published=float(row["published"]),
                    interval=(float(ends[0]), float(ends[1])) if ends else None,
                    allowed=allowed,
                    tolerance=tolerance,
                    unverified=bool(words.get("unverified", False)),
                )
            )
    return tuple(found)


def drawn(names: Sequence[str] | None = None, seed: int = 0) -> dict[str, Observed]:
    """The cohorts that the figures are about, in the world `literature`.

    Parameters
    ----------
    names : sequence of str, optional
        Keys of the file's cohorts; all if None.
    seed : int
        Added to the seed of each.
    """
    tables: Mapping[str, Mapping[str, Any]] = _file()["cohorts"]
    found: dict[str, Observed] = {}
    for name in names or tables:
        table = tables[name]
        key = table.get("part_of", name)
        whole = found.get(key) or _draw(tables[key], seed)
        found.setdefault(key, whole)
        found[name] = whole
        if "product" in table:
            found[name] = whole.among(_has_product(whole, str(table["product"])))
    return found


def _draw(table: Mapping[str, Any], seed: int) -> Observed:
    products: Sequence[str] | None = table.get("products")
    cohort = draw_cohort(table["patients"], table["seed"] + seed, products=products)
    return observe(cohort, table.get("disease"))


def _has_product(observed: Observed, product: str) -> Flags:
    wanted = find_product(product)
    return np.array([find_product(p) == wanted for p in observed.cohort.patients["product"]])


def compare(observed: Mapping[str, Observed]) -> tuple[Comparison, ...]:
    """Measure every figure whose cohort is at hand."""
    return tuple(
        Comparison(f, STATISTICS[f.statistic](observed[f.cohort], **f.arguments))
        for f in figures()
        if f.cohort in observed
    )
