"""How the estimator learns: members out of fold, weights, calibration, then the bag on all rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import xgboost as xgb
from joblib import Parallel, delayed

from riskmodel.arrays import Codes, Floats
from riskmodel.models.learning.base_learners import (
    BASE,
    Recipe,
    fit_linear,
    fit_trees,
    learn_columns,
    level_over_time,
    out_of_fold,
)
from riskmodel.models.learning.columns import Prior, Scale
from riskmodel.models.learning.folds import bootstrap_weights, deal_folds
from riskmodel.models.learning.shrinkage import log_loss
from riskmodel.models.learning.signal import reversal_odds, signal_probability
from riskmodel.models.learning.stacking import (
    affine_calibration,
    simplex_weights,
    slope_deviation,
    toward_base_rate,
)


@dataclass(frozen=True)
class Plan:
    """How much is drawn, and how firmly what is learnt is held to what is expected.

    Attributes as the parameters of `RiskClassifier`, of the same names.
    """

    n_bags: int
    n_repeats: int
    n_draws: int
    stack_strength: float
    calibration_mean: float
    calibration_sd: float
    signal_prior: float
    overrule_nats: float


@dataclass(frozen=True)
class Learnt:
    """What the rows taught; see the attributes of `RiskClassifier`.

    Attributes
    ----------
    weights : float64[m]
        Of the members, linear ones first.
    calibration : (float, float)
    overruled : bool
        Whether the data went against declared directions, beyond doubt.
    signal : float
        Probability that the features tell anything.
    scale : Scale
    intercept, coef : float, float64[p]
    bag_coef : float64[n_bags, p + 1]
    bag : list of list of Booster
    bag_weights : list of float
    out_of_fold : float64[n]
        Calibrated log-odds; NaN where weights were not learnt.
    """

    weights: Floats
    overruled: bool
    calibration: tuple[float, float]
    slope_sd: float
    signal: float
    scale: Scale
    intercept: float
    coef: Floats
    bag_coef: Floats
    bag: list[list[xgb.Booster]]
    bag_weights: list[float]
    out_of_fold: Floats


def learn(
    X: Floats,
    y: Floats,
    weight: Floats,
    patient: Codes,
    n_folds: int,
    recipe: Recipe,
    plan: Plan,
    seed: int,
    parallel: Callable[[], Parallel],
) -> Learnt:
    """Learn from rows in their canonical order.

    Parameters
    ----------
    X : float64[n, p]
    y, weight : float64[n]
        Both outcomes have weight; weights total the number of patients.
    patient : int64[n]
    n_folds : int
        0 takes the expected weights and slope: events are too few to learn them.
    recipe : Recipe
    plan : Plan
    seed : int
    parallel : callable
        Makes the pool of threads; changes no figure.
    """
    root = np.random.default_rng(seed)
    scale, prior = learn_columns(X, weight, recipe)
    base = None
    if recipe.is_clock().any():
        base = fit_linear(X, y, weight, recipe, scale, prior, members=[BASE]).log_odds(X)[:, 0]
    recipes = [recipe]
    reversed_by = -np.inf
    if any(recipe.held()):
        recipes.append(replace(recipe, overruled=True))
        reversed_by = reversal_odds(X, y, weight, recipe, scale, prior)
    likelier = recipes[-1] if reversed_by > plan.overrule_nats else recipe
    stack = _expected_stack(likelier, X, y, weight, scale, prior)
    if n_folds:
        found = _out_of_fold(X, y, weight, patient, n_folds, recipes, plan, root, parallel)
        stacks = [
            _learnt_stack(one, members, y, weight, plan, base)
            for one, members in zip(recipes, found, strict=True)
        ]
        stack = stacks[0]
        gain = stack.loss - stacks[-1].loss
        if gain > 0 and max(gain, reversed_by) > plan.overrule_nats:
            stack = stacks[-1]
    recipe = stack.recipe
    signal = signal_probability(X, y, weight, recipe, scale, prior, plan.signal_prior, stack.gain)
    calibration = toward_base_rate(stack.calibration, signal, stack.log_odds, y, weight, base)
    slope_sd = slope_deviation(
        stack.log_odds, y, weight, plan.calibration_sd, stack.calibration, base
    )
    a, b = calibration
    told, level = b * stack.log_odds + a, np.zeros(X.shape[1] + 1)
    if base is not None:
        departure = b * (stack.log_odds - base)
        calibration, level = (
            (0.0, b),
            level_over_time(X, departure, y, weight, recipe, scale, prior),
        )
        told = scale.standardise(X) @ level[1:] + level[0] + departure
    return _on_all(
        X, y, weight, patient, recipe, plan, root, parallel,
        scale=scale, prior=prior, weights=stack.weights, level=level,
        known=(calibration, slope_sd, signal, told if n_folds else np.full(len(y), np.nan)),
    )  # fmt: skip


@dataclass(frozen=True)
class _Stack:
    """The weights of one recipe's members, and what they say together.

    Attributes
    ----------
    log_odds : float64[n]
        Out of fold, or of all rows where weights are not learnt; before calibration.
    loss : float
        Log-loss of it after calibration.
    gain : float or None
        By how much the members, at their expected weights, beat the base rate out of fold.
    """

    recipe: Recipe
    weights: Floats
    log_odds: Floats
    calibration: tuple[float, float]
    loss: float
    gain: float | None


def _expected_stack(
    recipe: Recipe, X: Floats, y: Floats, weight: Floats, scale: Scale, prior: Prior
) -> _Stack:
    """Expected weights and slope; the linear members of all rows stand in for the whole."""
    weights = recipe.prior_weights()
    linear = weights[: len(recipe.linear)]
    log_odds = fit_linear(X, y, weight, recipe, scale, prior).log_odds(X) @ linear / linear.sum()
    return _Stack(recipe, weights, log_odds, (0.0, 1.0), np.inf, None)


def _learnt_stack(
    recipe: Recipe, members: Floats, y: Floats, weight: Floats, plan: Plan, base: Floats | None
) -> _Stack:
    """Weights and calibration from log-odds out of fold."""
    expected = recipe.prior_weights()
    # The base rate is the first member. Expected weights: learnt ones would flatter the gain.
    gain = log_loss(y, members[:, 0], weight) - log_loss(y, members @ expected, weight)
    weights = simplex_weights(
        members, y, weight, expected, plan.stack_strength, len(recipe.forests)
    )
    mixed = members @ weights
    a, b = affine_calibration(mixed, y, weight, plan.calibration_sd, plan.calibration_mean, base)
    centre = 0.0 if base is None else (1.0 - b) * base
    loss = log_loss(y, a + b * mixed + centre, weight)
    return _Stack(recipe, weights, mixed, (a, b), loss, gain)


def _out_of_fold(
    X: Floats,
    y: Floats,
    weight: Floats,
    patient: Codes,
    n_folds: int,
    recipes: Sequence[Recipe],
    plan: Plan,
    root: np.random.Generator,
    parallel: Callable[[], Parallel],
) -> list[Floats]:
    """Out-of-fold log-odds of every member of each recipe, averaged over the repeats."""
    splits = [deal_folds(y, patient, n_folds, root) for _ in range(plan.n_repeats)]
    jobs = [(fold, number) for fold in splits for number in range(n_folds)]
    parts = parallel()(
        delayed(out_of_fold)(X, y, weight, patient, fold, number, recipes, plan.n_draws, rng)
        for (fold, number), rng in zip(jobs, root.spawn(len(jobs)), strict=True)
    )
    totals = [np.zeros((len(y), len(one.linear) + len(one.forests))) for one in recipes]
    for held_out, found in parts:
        for total, log_odds in zip(totals, found, strict=True):
            total[held_out] += log_odds
    return [total / plan.n_repeats for total in totals]


def _on_all(
    X: Floats,
    y: Floats,
    weight: Floats,
    patient: Codes,
    recipe: Recipe,
    plan: Plan,
    root: np.random.Generator,
    parallel: Callable[[], Parallel],
    *,
    scale: Scale,
    prior: Prior,
    weights: Floats,
    level: Floats,
    known: tuple[tuple[float, float], float, float, Floats],
) -> Learnt:
    """The bag on bootstrap draws of patients, and all linear members as one."""
    linear_share, forest_share = weights[: len(recipe.linear)], weights[len(recipe.linear) :]
    calibration, slope_sd, signal, out = known
    whole = fit_linear(X, y, weight, recipe, scale, prior)
    fitted, base = whole.coefficients, whole.log_odds(X)[:, 0]
    # Tree margins start from the base rate, the first linear member. With a clock the calibration
    # moves only the departures from that, and the level at each time is stated by itself.
    start = forest_share.sum() * fitted[0]
    if recipe.is_clock().any():
        start = start - fitted[0] + level / calibration[1]
    mixture = linear_share @ fitted + start
    used = [j for j, s in enumerate(forest_share) if s > 0]

    def draw(rng: np.random.Generator) -> tuple[Floats, list[xgb.Booster]]:
        drawn = weight * bootstrap_weights(y, patient, rng)
        noise = rng.standard_normal(X.shape[1] + 1)
        seed = int(rng.integers(2**31))
        moved = fit_linear(X, y, drawn, recipe, scale, prior, noise).coefficients
        boosters = [fit_trees(X, y, drawn, recipe, recipe.forests[j], seed, base) for j in used]
        return linear_share @ moved + start, boosters

    draws = parallel()(delayed(draw)(rng) for rng in root.spawn(plan.n_bags))
    return Learnt(
        weights=weights,
        overruled=recipe.overruled,
        calibration=calibration,
        slope_sd=slope_sd,
        signal=signal,
        scale=scale,
        intercept=float(mixture[0]),
        coef=mixture[1:],
        bag_coef=np.array([row for row, _ in draws]),
        bag=[[boosters[k] for _, boosters in draws] for k in range(len(used))],
        bag_weights=[float(forest_share[j]) for j in used],
        out_of_fold=out,
    )
