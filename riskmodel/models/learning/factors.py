"""Columns gathered by clinical factor, and how far the contribution of each column spreads."""

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from riskmodel.arrays import Floats
from riskmodel.errors import SchemaError


def factors_of(names: Sequence[str], groups: Mapping[str, str] | None) -> list[str]:
    """Clinical factor of each column; one that no group names is its own."""
    return [(groups or {}).get(name, name) for name in names]


def factor_key(factor: str) -> str:
    """Column part of a clinical factor's name.

    Examples
    --------
    >>> factor_key("Blood counts before infusion")
    'blood_counts_before_infusion'
    """
    return re.sub(r"[\W_]+", "_", factor.casefold()).strip("_")


def factor_columns(factors: Iterable[str]) -> dict[str, str]:
    """Name of the column that holds each clinical factor's contribution.

    Raises
    ------
    SchemaError
        When two factors, or a factor and the base, would share a column: one contribution would
        stand for both.

    Examples
    --------
    >>> factor_columns(["NK cells", "Inflammation", "NK cells"])
    {'NK cells': 'contribution_nk_cells', 'Inflammation': 'contribution_inflammation'}
    """
    holder = {"base": "base"}
    for factor in dict.fromkeys(factors):
        other = holder.setdefault(factor_key(factor), factor)
        if other != factor or factor == "base" or not factor_key(factor):
            beside = f", as has '{other}'" if other != factor else ""
            raise SchemaError(
                f"The clinical factor '{factor}' has the column 'contribution_{factor_key(factor)}'"
                f"{beside}, which cannot tell it from others. Use another 'group' in the feature "
                "catalogue."
            )
    return {factor: f"contribution_{key}" for key, factor in holder.items() if key != "base"}


def by_factor(
    columns: Floats, names: Sequence[str], groups: Mapping[str, str] | None
) -> dict[str, Floats]:
    """Columns summed by clinical factor, in order of first appearance.

    Parameters
    ----------
    columns : float64[n, p or more]
        Those beyond the names are left out.
    names : sequence of str of length p
    groups : mapping of str to str, optional

    Examples
    --------
    >>> by_factor(np.array([[1.0, 2.0, 4.0]]), ["a", "b", "c"], {"a": "one", "c": "one"})
    {'one': array([5.]), 'b': array([2.])}
    """
    summed: dict[str, Floats] = {}
    for j, factor in enumerate(factors_of(names, groups)):
        part = columns[:, j]
        summed[factor] = summed[factor] + part if factor in summed else part
    return summed


def spread_of(parts: Floats, X: Floats) -> Floats:
    """Standard deviation of each column's contribution over the rows that have it, float64[p].

    0 where no row has it.
    """
    shown = np.where(np.isnan(X), np.nan, parts)
    seen = ~np.isnan(X).all(axis=0)
    spread = np.zeros(X.shape[1])
    spread[seen] = np.nanstd(shown[:, seen], axis=0)
    return spread
