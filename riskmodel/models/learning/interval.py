"""The interval of each risk: spread of the bag, the base rate, and what is missing."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

from riskmodel.arrays import Floats, expit, row_sums
from riskmodel.errors import SchemaError


def interval(centre: Floats, draws: Floats, others: Floats, level: float) -> tuple[Floats, Floats]:
    """Lower and upper probability around log-odds.

    Parameters
    ----------
    centre : float64[n]
        Log-odds of the risk.
    draws : float64[n, m]
        Log-odds of the bag's draws.
    others : float64[n]
        Variance that the bag does not show.
    level : float
        Coverage aimed at, between 0 and 1.

    Raises
    ------
    SchemaError
        When `level` is not between 0 and 1.
    """
    if not 0.0 < level < 1.0:
        raise SchemaError(f"Interval level is {level}. Allowed: between 0 and 1. Use 0.9.")
    m = draws.shape[1]
    away = draws - (row_sums(draws) / m)[:, None]
    variance = row_sums(away**2) / max(m - 1, 1) + others
    reach = student.ppf(0.5 + level / 2.0, max(m - 1, 1)) * np.sqrt(variance)
    return expit(centre - reach), expit(centre + reach)


def missing_variance(
    missing: npt.NDArray[np.bool_],
    spread: Floats,
    names: Sequence[str],
    groups: Mapping[str, str],
) -> Floats:
    """Variance of the log-odds for what is missing, float64[n].

    A clinical factor's missing inputs are taken to move together, factors as independent.

    Parameters
    ----------
    missing : bool[n, p]
    spread : float64[p]
        Standard deviation of each feature's contribution.
    names : sequence of str
    groups : mapping of str to str
        Clinical factor of a feature; a feature without one is its own factor.
    """
    together: dict[str, Floats] = {}
    for j, name in enumerate(names):
        factor = groups.get(name, name)
        part = missing[:, j] * spread[j]
        together[factor] = together[factor] + part if factor in together else part
    return np.asarray(sum((part**2 for part in together.values()), np.zeros(len(missing))))
