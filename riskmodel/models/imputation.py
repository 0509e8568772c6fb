"""What an unknown feature may be, given the known ones: learnt in training, without its rows.

A Gaussian copula: each feature by its quantiles, all together by the correlation of their normal
scores.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri
from scipy.stats import rankdata

from riskmodel.arrays import Flags, Floats

LEVELS = np.linspace(0.05, 0.95, 19)
"""Quantiles that are stored. Values beyond the outer ones are not taken as plausible."""

FEWEST = 20
"""A feature with fewer observed values has no stored quantiles, which would be patients' values."""

STEADIER = 50.0
"""A correlation from n pairs counts n / (n + this), so that a chance one does not decide."""

_SMALLEST_OWN = 0.02
"""Share of a feature's variation that no other feature tells."""


@dataclass(frozen=True)
class Plausible:
    """Distribution of the features in training.

    Attributes
    ----------
    quantiles : float64[p, len(LEVELS)]
        Of the observed values; NaN where too few were observed. Of a 0/1 feature, all the share
        of 1, from which its values are drawn.
    two_valued : bool[p]
        Only 0 and 1 were observed.
    correlation : float64[p, p]
        Of the normal scores, over the pairs that were both observed.
    """

    quantiles: Floats
    two_valued: Flags
    correlation: Floats

    @property
    def known(self) -> Flags:
        """Features whose values can be drawn, bool[p]."""
        return ~np.isnan(self.quantiles[:, 0])

    def scores(self, x: Floats) -> Floats:
        """Normal scores of one row, float64[p]; NaN where the value or its quantiles are."""
        found = np.full(len(x), np.nan)
        normal = ndtri(LEVELS)
        for j in np.flatnonzero(self.known & ~np.isnan(x)):
            if self.two_valued[j]:
                found[j] = _score_of_side(float(self.quantiles[j, 0]), bool(x[j] > 0.5))
            else:
                # The middle of a run of equal quantiles stands for the value they share.
                low = np.interp(x[j], self.quantiles[j], normal)
                high = -np.interp(-x[j], -self.quantiles[j][::-1], -normal[::-1])
                found[j] = 0.5 * (low + high)
        return found

    def values(self, j: int, scores: Floats) -> Floats:
        """Values of feature `j` at normal scores, float64[m]."""
        if self.two_valued[j]:
            return np.asarray(ndtr(scores) > 1.0 - self.quantiles[j, 0], dtype=np.float64)
        return np.asarray(np.interp(ndtr(scores), LEVELS, self.quantiles[j]))

    def draw(self, x: Floats, noise: Floats) -> Floats:
        """Rows like `x` with its missing values drawn given the observed ones.

        Parameters
        ----------
        x : float64[p]
            One row. What is missing and has no quantiles stays missing.
        noise : float64[m, p]
            Standard normal draws.

        Returns
        -------
        float64[m, p]
        """
        rows = np.repeat(x[None, :], len(noise), axis=0)
        asked = np.flatnonzero(np.isnan(x) & self.known)
        if not len(asked):
            return rows
        scores = self.scores(x)
        given = np.flatnonzero(~np.isnan(scores))
        R = self.correlation
        mean, cover = np.zeros(len(asked)), R[np.ix_(asked, asked)]
        if len(given):
            weights = np.linalg.solve(R[np.ix_(given, given)], R[np.ix_(given, asked)])
            mean = scores[given] @ weights
            cover = cover - R[np.ix_(asked, given)] @ weights
        root = np.linalg.cholesky(cover + 1e-9 * np.eye(len(asked)))
        drawn = mean + noise[:, asked] @ root.T
        for k, j in enumerate(asked.tolist()):
            rows[:, j] = self.values(j, drawn[:, k])
        return rows


def _score_of_side(share: float, above: bool) -> float:
    """Mean of a standard normal above (below) the cut that leaves `share` above it."""
    if not 0.0 < share < 1.0:
        return 0.0
    cut = float(ndtri(1.0 - share))
    density = float(np.exp(-0.5 * cut**2) / np.sqrt(2.0 * np.pi))
    return density / share if above else -density / (1.0 - share)


def learn_plausible(X: Floats, weight: Floats) -> Plausible:
    """Quantiles and correlation of the columns.

    Parameters
    ----------
    X : float64[n, p]
        NaN is missing.
    weight : float64[n]
        Rows of weight 0 are left out; the other weights change nothing.
    """
    X = X[weight > 0]
    p = X.shape[1]
    seen = ~np.isnan(X)
    quantiles = np.full((p, len(LEVELS)), np.nan)
    two_valued = np.zeros(p, dtype=np.bool_)
    scores = np.zeros(X.shape)
    for j in range(p):
        values = X[seen[:, j], j]
        if len(values) < FEWEST:
            continue
        two_valued[j] = bool(np.all((values == 0) | (values == 1)))
        quantiles[j] = values.mean() if two_valued[j] else np.quantile(values, LEVELS)
        quantiles[j] = [float(f"{value:.6g}") for value in quantiles[j]]
        ranked = ndtri(rankdata(values) / (len(values) + 1.0))
        scores[seen[:, j], j] = ranked - ranked.mean()
    return Plausible(quantiles, two_valued, _correlation(scores, seen & ~np.isnan(quantiles[:, 0])))


def _correlation(scores: Floats, seen: Flags) -> Floats:
    """Pairwise correlation, drawn to none where pairs are few, made positive definite."""
    mask = seen.astype(np.float64)
    pairs = mask.T @ mask
    products = scores.T @ scores
    own = (scores**2).T @ mask  # squares of column i over the rows that have j too
    length = np.sqrt(own * own.T)
    R = np.divide(products, length, out=np.zeros_like(products), where=length > 0)
    R = np.clip(R, -1.0, 1.0) * pairs / (pairs + STEADIER)
    np.fill_diagonal(R, 1.0)
    value, vector = np.linalg.eigh(R)
    R = (vector * np.maximum(value, _SMALLEST_OWN)) @ vector.T
    size = np.sqrt(np.diag(R))
    R = R / np.outer(size, size)
    # Four decimals are more than a cohort tells, and keep the model folder small.
    return np.asarray(np.round((R + R.T) / 2.0, 4))
