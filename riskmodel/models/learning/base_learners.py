"""The members of the stack: what each says of log-odds, fitted on any weighted part of the rows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xgboost as xgb

from riskmodel.arrays import Codes, Flags, Floats
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

FIXED_SD = 1e-4
"""Deviation of a coefficient that is not to be learnt again."""

CLOCK_SD = 2.0
"""How far the effect of time, per standard deviation, may lie from what is expected: nearly free.
With the horizon fixed, the odds of an onset at least halve whenever the days left do."""


@dataclass(frozen=True)
class Recipe:
    """What is fitted in every part: settings and outside knowledge, no data.

    Attributes
    ----------
    names, evidence, groups, directions, clock, severity
        Of the columns, as the parameters of `RiskClassifier`.
    overruled : bool
        Whether the data may go against the declared directions, those of severity excepted.
    """

    names: Sequence[str]
    evidence: Mapping[str, tuple[float, float, str]]
    groups: Mapping[str, str]
    directions: Mapping[str, int]
    evidence_strengths: Sequence[float]
    zero_strengths: Sequence[float]
    slope_sd: float
    default_sd: float
    trees: TreeSettings
    clock: Collection[str] = ()
    severity: Collection[str] = ()
    overruled: bool = False

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
        if not any(directions_of(self.names, self.directions)):
            return [FREE]
        return [MONOTONE, FREE] if self.overruled else [MONOTONE]

    def prior_weights(self) -> Floats:
        """Weight of every member before data, linear members first; sums to 1."""
        members = self.linear + self.forests
        kinds = [name if name in PRIOR_SHARE else name.split("_")[0] for name in members]
        shares = np.array([PRIOR_SHARE[kind] / kinds.count(kind) for kind in kinds])
        return np.asarray(shares / shares.sum(), dtype=np.float64)

    def held(self) -> list[int]:
        """Direction that each column's effect must keep, 0 where it is free."""
        declared = directions_of(self.names, self.directions)
        if not self.overruled:
            return declared
        return [d * (name in self.severity) for name, d in zip(self.names, declared, strict=True)]

    def tree_directions(self, member: str) -> list[int]:
        """Monotone constraint of each column in a tree member."""
        declared = directions_of(self.names, self.directions)
        return declared if member == MONOTONE else self.held()

    def bounds(self) -> tuple[Floats, Floats]:
        """Lowest and highest coefficient of each column, float64[p] each."""
        held = np.array(self.held())
        return np.where(held > 0, 0.0, -np.inf), np.where(held < 0, 0.0, np.inf)

    def is_clock(self) -> Flags:
        """Columns that tell the time of the prediction, bool[p]."""
        return np.array([name in self.clock for name in self.names], dtype=np.bool_)


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
    scale = learn_scale(X, weight, np.flatnonzero(recipe.is_clock()).tolist())
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
    members: Sequence[str] = (),
) -> LinearMembers:
    """Fit every linear member, or those named.

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
    members : sequence of str, optional
        All by default.
    """
    p = X.shape[1]
    noise = np.zeros(p + 1) if noise is None else noise
    Z = scale.standardise(X)
    rows = []
    before: dict[str, Floats] = {}  # of a member of the same kind, from where the next one starts
    for name in members or recipe.linear:
        expected = expect(name, Z, recipe, scale, prior, noise)
        kind = name.partition("_")[0] if name != SCORE else SCORE
        fitted = shrunken_logistic(
            expected.columns, y, weight, expected.mean, expected.spread, before.get(kind),
            low=expected.low, high=expected.high,
        )  # fmt: skip
        before[kind] = fitted
        rows.append(np.concatenate([fitted[:1], fitted[1:] @ expected.back]))
    return LinearMembers(scale, np.array(rows))


@dataclass(frozen=True)
class Expected:
    """What one linear member is fitted on, and what is expected of its coefficients.

    Attributes
    ----------
    columns : float64[n, k]
    mean : float64[k]
    spread : float64[k] or float64[k, k]
        Standard deviations, or a covariance.
    low, high : float64[k]
        Bounds that hold the declared directions.
    back : float64[k, p]
        Turns its coefficients into those of the standardised columns.
    """

    columns: Floats
    mean: Floats
    spread: Floats
    low: Floats
    high: Floats
    back: Floats


def expect(
    name: str, Z: Floats, recipe: Recipe, scale: Scale, prior: Prior, noise: Floats
) -> Expected:
    """Expectation of a member; parameters as in `fit_linear`.

    Columns that tell the time are in every member, the base rate included, and are hardly shrunk:
    how much time is left is no question of how much the patients tell.
    """
    own, clock = np.eye(Z.shape[1]), recipe.is_clock()
    timed = np.flatnonzero(clock & scale.varied)
    low, high = recipe.bounds()
    mean = np.where(prior.informed & ~clock, prior.mean, 0.0)
    timed_mean, timed_sd = (
        np.where(prior.informed, prior.mean, 0.0)[timed],
        np.full(len(timed), CLOCK_SD),
    )
    if name == BASE:
        return Expected(Z[:, timed], timed_mean, timed_sd, low[timed], high[timed], own[timed])
    slope_mean = 1.0 + recipe.slope_sd * noise[0]
    if name == SCORE:
        # What must hold its direction has no part in a score whose slope may turn round, and
        # evidence that points against it none in any.
        score = np.where(np.array(recipe.held()) != 0, 0.0, mean)
        score = score if recipe.overruled else np.clip(mean, low, high)
        return Expected(
            np.column_stack([Z @ score, Z[:, timed]]),
            np.concatenate([[slope_mean], timed_mean]),
            np.concatenate([[recipe.slope_sd], timed_sd]),
            np.concatenate([[-np.inf if recipe.overruled else 0.0], low[timed]]),
            np.concatenate([[np.inf], high[timed]]),
            np.vstack([score, own[timed]]),
        )
    kind, _, strength = name.partition("_")
    active = np.flatnonzero((scale.varied | prior.informed) & ~clock)
    if kind == "zero":
        sd, least = np.full(len(active), recipe.default_sd), min(recipe.zero_strengths)
        centre, slope = np.zeros(len(active)), np.zeros(len(active))
    else:
        sd, least = prior.sd[active], min(recipe.evidence_strengths)
        centre, slope = slope_mean * mean[active], recipe.slope_sd * mean[active]
    spread = np.diag(sd**2 / float(strength)) + np.outer(slope, slope)
    kept = np.concatenate([active, timed])
    whole = np.diag(np.concatenate([np.zeros(len(active)), timed_sd**2]))
    whole[: len(active), : len(active)] = spread
    return Expected(
        Z[:, kept],
        np.concatenate([centre + noise[1:][active] * sd / np.sqrt(least), timed_mean]),
        whole,
        low[kept],
        high[kept],
        own[kept],
    )


def level_over_time(
    X: Floats,
    departure: Floats,
    y: Floats,
    weight: Floats,
    recipe: Recipe,
    scale: Scale,
    prior: Prior,
) -> Floats:
    """Intercept and effects of time beside departures from the base rate: float64[p + 1].

    Risks that differ more on some days have a higher mean on those at the same mean log-odds, so
    the level of the base rate is not yet the level of the whole.

    Parameters
    ----------
    X, y, weight : float64[n, p], float64[n], float64[n]
    departure : float64[n]
        Calibrated log-odds, out of fold, less those of the base rate.
    recipe, scale, prior
        As in `fit_linear`.
    """
    still = np.zeros(X.shape[1] + 1)
    timed = expect(BASE, scale.standardise(X), recipe, scale, prior, still)
    fitted = shrunken_logistic(
        np.column_stack([departure, timed.columns]), y, weight,
        np.concatenate([[1.0], timed.mean]), np.concatenate([[FIXED_SD], timed.spread]),
    )  # fmt: skip
    return np.concatenate([fitted[:1], fitted[2:] @ timed.back])


def fit_trees(
    X: Floats, y: Floats, weight: Floats, recipe: Recipe, member: str, seed: int, base: Floats
) -> xgb.Booster:
    """One booster of a tree member, which starts from the log-odds `base`, float64[n]."""
    return grow(X, y, weight, recipe.tree_directions(member), recipe.trees, seed, base)


def out_of_fold(
    X: Floats,
    y: Floats,
    weight: Floats,
    patient: Codes,
    fold: Codes,
    number: int,
    recipes: Sequence[Recipe],
    n_draws: int,
    rng: np.random.Generator,
) -> tuple[Flags, list[Floats]]:
    """Log-odds of every member of some recipes on one fold, from the other folds only.

    The recipes share the draws, and boosters of the same directions.

    Returns
    -------
    held_out : bool[n]
    log_odds : list of float64[held_out.sum(), m]
        One array per recipe.
    """
    held_out = fold == number
    inside = np.where(held_out, 0.0, weight)
    scale, prior = learn_columns(X, inside, recipes[0])
    members = [fit_linear(X, y, inside, recipe, scale, prior) for recipe in recipes]
    base = members[0].log_odds(X)[:, 0]
    grown: dict[tuple[int, ...], Floats] = {}
    for _ in range(n_draws):
        drawn = inside * bootstrap_weights(y, patient, rng)
        seed = int(rng.integers(2**31))
        directions = {
            tuple(recipe.tree_directions(m)) for recipe in recipes for m in recipe.forests
        }
        for one in sorted(directions):
            booster = grow(X, y, drawn, one, recipes[0].trees, seed, base)
            margin = tree_margin(booster, X[held_out]) / n_draws
            grown[one] = grown.get(one, base[held_out]) + margin
    found = []
    for recipe, linear in zip(recipes, members, strict=True):
        forests = [grown[tuple(recipe.tree_directions(member))] for member in recipe.forests]
        found.append(np.column_stack([linear.log_odds(X[held_out]), *forests]))
    return held_out, found
