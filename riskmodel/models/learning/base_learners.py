"""The members of the stack: what each says of log-odds, fitted on any weighted part of the rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xgboost as xgb

from riskmodel.arrays import Codes, Floats, logit
from riskmodel.models.learning.columns import Prior, Scale, learn_prior, learn_scale
from riskmodel.models.learning.folds import bootstrap_weights
from riskmodel.models.learning.shrinkage import shrunken_logistic
from riskmodel.models.learning.trees import TreeSettings, directions_of, grow, tree_margin

BASE = "base_rate"
SCORE = "evidence_score"
MONOTONE = "trees_monotone"
FREE = "trees_free"

PRIOR_SHARE: Mapping[str, float] = {
    BASE: 0.01,
    SCORE: 0.05,
    "evidence": 0.64,
    "zero": 0.13,
    MONOTONE: 0.085,
    FREE: 0.085,
}
"""Weights of the stack before any out-of-fold prediction is seen; chosen on simulated cohorts with
a known truth. Members of one kind share its weight."""


@dataclass(frozen=True)
class Recipe:
    """What is fitted in every part: settings and outside knowledge, no data."""

    names: Sequence[str]
    evidence: Mapping[str, tuple[float, float, str]]
    groups: Mapping[str, str]
    directions: Mapping[str, int]
    evidence_strengths: Sequence[float]
    zero_strengths: Sequence[float]
    slope_sd: float
    default_sd: float
    trees: TreeSettings

    @property
    def linear(self) -> list[str]:
        """Names of the linear members, base rate first."""
        names = [BASE]
        if any(name in self.evidence for name in self.names):
            names += [SCORE, *(f"evidence_{s:g}" for s in self.evidence_strengths)]
        return names + [f"zero_{s:g}" for s in self.zero_strengths]

    @property
    def forests(self) -> list[str]:
        """Names of the tree members."""
        constrained = any(directions_of(self.names, self.directions))
        return [MONOTONE, FREE] if constrained else [FREE]

    def prior_weights(self) -> Floats:
        """Weight of every member before data, linear members first; sums to 1."""
        members = self.linear + self.forests
        kinds = [name if name in PRIOR_SHARE else name.split("_")[0] for name in members]
        shares = np.array([PRIOR_SHARE[kind] / kinds.count(kind) for kind in kinds])
        return np.asarray(shares / shares.sum(), dtype=np.float64)


@dataclass(frozen=True)
class LinearMembers:
    """Coefficients of the linear members on standardised columns: float64[m, p + 1]."""

    scale: Scale
    coefficients: Floats

    def log_odds(self, X: Floats) -> Floats:
        """float64[n, m]."""
        return np.asarray(
            self.scale.standardise(X) @ self.coefficients[:, 1:].T + self.coefficients[:, 0]
        )


def learn_columns(X: Floats, weight: Floats, recipe: Recipe) -> tuple[Scale, Prior]:
    """Scale of the columns and the evidence on it, from the rows of positive weight."""
    scale = learn_scale(X, weight)
    Z = scale.standardise(X[weight > 0])
    prior = learn_prior(recipe.names, recipe.evidence, recipe.groups, scale, Z, recipe.default_sd)
    return scale, prior


def fit_linear(
    X: Floats,
    y: Floats,
    weight: Floats,
    recipe: Recipe,
    scale: Scale,
    prior: Prior,
    noise: Floats | None = None,
) -> LinearMembers:
    """Fit every linear member.

    The evidence members hold one free slope of the evidence score and a deviation from it per
    column, so that evidence which is too strong, too weak or reversed as a whole costs one
    parameter, not one per column.

    Parameters
    ----------
    X, y, weight : float64[n, p], float64[n], float64[n]
    recipe : Recipe
    scale, prior : Scale, Prior
        From `learn_columns` on the same rows.
    noise : float64[p + 1], optional
        Standard normal draws: the expected slope and coefficients are moved by as much as the
        least shrunken member lets them lie elsewhere, which makes a bag over bootstrap draws
        spread as the knowledge does and not only as the shrunken estimates do.
    """
    p = X.shape[1]
    noise = np.zeros(p + 1) if noise is None else noise
    Z = scale.standardise(X)
    rate = float(weight @ y) / float(weight.sum())
    rows = []
    before: dict[str, Floats] = {}  # of a member of the same kind, from where the next one starts
    for name in recipe.linear:
        row = np.zeros(p + 1)
        if name == BASE:
            row[0] = float(logit(rate))
        else:
            expected = expect(name, Z, recipe, scale, prior, noise)
            kind = name.partition("_")[0] if name != SCORE else SCORE
            fitted = shrunken_logistic(
                expected.columns, y, weight, expected.mean, expected.sd, before.get(kind)
            )
            before[kind] = fitted
            row[0], row[1:] = fitted[0], fitted[1:] @ expected.back
        rows.append(row)
    return LinearMembers(scale, np.array(rows))


@dataclass(frozen=True)
class Expected:
    """What one linear member is fitted on, and what is expected of its coefficients.

    Attributes
    ----------
    columns : float64[n, k]
    mean, sd : float64[k]
    back : float64[k, p]
        Turns its coefficients into those of the standardised columns.
    """

    columns: Floats
    mean: Floats
    sd: Floats
    back: Floats


def expect(
    name: str, Z: Floats, recipe: Recipe, scale: Scale, prior: Prior, noise: Floats
) -> Expected:
    """Expectation of a member other than the base rate; parameters as in `fit_linear`."""
    p = Z.shape[1]
    active = np.flatnonzero(scale.varied | prior.informed)
    own = np.eye(p)[active]
    kind, _, strength = name.partition("_")
    if kind == "zero":
        least = recipe.default_sd / np.sqrt(min(recipe.zero_strengths))
        near = np.full(len(active), recipe.default_sd / np.sqrt(float(strength)))
        return Expected(Z[:, active], noise[1:][active] * least, near, own)
    mean = np.where(prior.informed, prior.mean, 0.0)
    score = (Z @ mean)[:, None]
    slope_mean, slope_sd = np.array([1.0 + recipe.slope_sd * noise[0]]), np.array([recipe.slope_sd])
    if name == SCORE:
        return Expected(score, slope_mean, slope_sd, mean[None, :])
    least = prior.sd[active] / np.sqrt(min(recipe.evidence_strengths))
    return Expected(
        np.column_stack([score, Z[:, active]]),
        np.concatenate([slope_mean, noise[1:][active] * least]),
        np.concatenate([slope_sd, prior.sd[active] / np.sqrt(float(strength))]),
        np.vstack([mean, own]),
    )


def fit_trees(
    X: Floats, y: Floats, weight: Floats, recipe: Recipe, member: str, seed: int
) -> xgb.Booster:
    """One booster of a tree member."""
    directions = directions_of(recipe.names, recipe.directions) if member == MONOTONE else None
    return grow(X, y, weight, directions, recipe.trees, seed)


def out_of_fold(
    X: Floats,
    y: Floats,
    weight: Floats,
    patient: Codes,
    fold: Codes,
    number: int,
    recipe: Recipe,
    n_draws: int,
    rng: np.random.Generator,
) -> tuple[npt.NDArray[np.bool_], Floats]:
    """Log-odds of every member on one fold, from the other folds only.

    Returns
    -------
    held_out : bool[n]
    log_odds : float64[held_out.sum(), m]
    """
    held_out = fold == number
    inside = np.where(held_out, 0.0, weight)
    scale, prior = learn_columns(X, inside, recipe)
    linear = fit_linear(X, y, inside, recipe, scale, prior).log_odds(X[held_out])
    rate = float(logit(float(inside @ y) / float(inside.sum())))
    forests = np.full((int(held_out.sum()), len(recipe.forests)), rate)
    for _ in range(n_draws):
        drawn = inside * bootstrap_weights(y, patient, rng)
        seed = int(rng.integers(2**31))
        for j, member in enumerate(recipe.forests):
            booster = fit_trees(X, y, drawn, recipe, member, seed)
            forests[:, j] += tree_margin(booster, X[held_out]) / n_draws
    return held_out, np.column_stack([linear, forests])
