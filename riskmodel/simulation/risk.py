"""The true risk: log-odds of IEC-HS from latent factors, calibrated to published incidences."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import expit, ndtr, ndtri

from riskmodel.arrays import Codes, Floats
from riskmodel.simulation.settings import Settings

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(41)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()
_KNOTS = 1001


@dataclass(frozen=True)
class Risk:
    """Risk of IEC-HS in one world.

    The log-odds of ever having it are
    ``intercept[population] + effects . z + tet2 + t_cell_selected + (interactions)``.
    """

    settings: Settings

    @cached_property
    def weights(self) -> Floats:
        """Log-odds per SD of each latent factor."""
        return self.settings.loading({n: self.effect(n) for n in self.settings.factors})

    def effect(self, name: str) -> float:
        """Log-odds per SD of a latent factor, or of a yes against a no."""
        return float(self.settings.multipliers[name] * self.settings.constants["effects"][name])

    @cached_property
    def tet2_prevalence(self) -> Floats:
        """Share with a TET2 mutation, by population."""
        return np.asarray(self.settings.column("tet2") * self.settings.world.tet2_prevalence)

    @cached_property
    def selected_share(self) -> Floats:
        """Share with a T-cell-selected product, by population; recorded for CD22 products only."""
        shares = [p.get("t_cell_selected", 0.0) for p in self.settings.populations]
        return np.array(shares, dtype=float)

    @cached_property
    def _cd28(self) -> Floats:
        return np.asarray(self.settings.words("domain") == "CD28", dtype=np.float64)

    def slopes(self, population: Codes, tet2: Floats) -> Floats:
        """Log-odds per SD of each factor, per patient: shape (n, factors)."""
        factors = list(self.settings.factors)
        world = self.settings.world
        found = np.tile(self.weights, (len(population), 1))
        found[:, factors.index("burden")] += world.cd28_burden * self._cd28[population]
        found[:, factors.index("inflammation")] += world.tet2_inflammation * tet2
        return found

    def offsets(self, population: Codes, tet2: Floats, selected: Floats) -> Floats:
        """Log-odds of a patient at the mean of every factor, per patient: shape (n,)."""
        return (
            self.intercepts[population]
            + self.effect("tet2") * tet2
            + self.effect("t_cell_selected") * selected
        )

    @cached_property
    def incidence(self) -> Floats:
        """Target incidence at any time, by population.

        A world moves each product's log-odds away from the mix's mean by its multiplier: 1 keeps
        the published distance, 0 removes it, -1 reverses it.
        """
        published = self.settings.column("incidence")
        if self.settings.world.autoimmune:
            return published
        log_odds = np.log(published / (1 - published))
        mean = float(self.settings.shares @ log_odds)
        world = self.settings.world
        names = self.settings.words("name")
        multiplier = np.array([self.settings.multipliers[name] for name in names])
        return np.asarray(expit(mean + multiplier * (log_odds - mean) + world.log_odds))

    def _flags(self, k: int) -> Iterator[tuple[float, float, float]]:
        for tet2, p in ((0.0, 1 - self.tet2_prevalence[k]), (1.0, self.tet2_prevalence[k])):
            for selected, q in ((0.0, 1 - self.selected_share[k]), (1.0, self.selected_share[k])):
                yield tet2, selected, float(p * q)

    @cached_property
    def intercepts(self) -> Floats:
        """Intercepts at which the mean risk of each population is its incidence (bisection)."""
        found = np.full(len(self.settings.populations), -np.inf)
        for k, target in enumerate(self.incidence):
            if target <= 0:
                continue
            terms = []
            for tet2, selected, weight in self._flags(k):
                slope = self.slopes(np.array([k]), np.array([tet2]))[0]
                sd = float(np.sqrt(slope @ self.settings.correlation @ slope))
                shift = self.effect("tet2") * tet2
                shift += self.effect("t_cell_selected") * selected
                terms.append((shift + sd * _NODES, weight * _WEIGHTS))
            x = np.concatenate([t[0] for t in terms])
            w = np.concatenate([t[1] for t in terms])
            low, high = -30.0, 30.0
            for _ in range(60):
                middle = (low + high) / 2
                low, high = (middle, high) if w @ expit(middle + x) < target else (low, middle)
            found[k] = (low + high) / 2
        return found

    @cached_property
    def onset(self) -> Floats:
        """Days at equally spaced quantiles of onset, by population: shape (populations, knots).

        A cut log-normal distribution, or quantiles from print. At no effect at all, where no
        product may differ from another, each has the mix's mean quantiles.
        """
        found = np.array([_onset_quantiles(p["onset"]) for p in self.settings.populations])
        if self.settings.world.effect == 0:
            found = np.tile(self.settings.shares @ found, (len(found), 1))
        return found

    @cached_property
    def onset_median(self) -> Floats:
        """Median onset of each population, days."""
        return np.asarray(self.onset[:, _KNOTS // 2])

    def onset_days(self, population: Codes, uniform: Floats) -> Floats:
        """Quantile of the onset distribution: days, shape (n,)."""
        position = uniform * (_KNOTS - 1)
        below = np.minimum(position.astype(np.int64), _KNOTS - 2)
        low, high = self.onset[population, below], self.onset[population, below + 1]
        return np.asarray(low + (high - low) * (position - below))

    @cached_property
    def before_horizon(self) -> Floats:
        """Probability, given that IEC-HS would come, that it comes before the horizon.

        Death and a further cell therapy or transplant may come first, at constant hazards.
        """
        competing = self.settings.constants["competing"]
        hazard = competing["death"] + competing["next_therapy"]
        days = self.settings.constants["horizon"]["days"]
        uniform = (np.arange(4000) + 0.5) / 4000
        found = np.zeros(len(self.settings.populations))
        for k in range(len(found)):
            onset = self.onset_days(np.full(len(uniform), k), uniform)
            found[k] = np.mean(np.exp(-hazard * onset) * (onset < days))
        return found


def _onset_quantiles(onset: Mapping[str, Any]) -> Floats:
    """Days at `_KNOTS` equally spaced quantiles."""
    share = np.linspace(0, 1, _KNOTS)
    if "quantiles" in onset:
        knots = np.array(onset["quantiles"], dtype=float)
        return np.asarray(np.interp(share, knots[:, 0], knots[:, 1]))
    mean, sigma = np.log(onset["median"]), onset["sigma"]
    below, above = ndtr((np.log([onset["low"], onset["high"]]) - mean) / sigma)
    return np.asarray(np.exp(mean + sigma * ndtri(below + share * (above - below))))
