"""How the estimator learns: members out of fold, weights, calibration, then the bag on all rows."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xgboost as xgb
from joblib import Parallel, delayed

from riskmodel.arrays import Codes, Floats
from riskmodel.models.learning.base_learners import (
    Recipe,
    fit_linear,
    fit_trees,
    learn_columns,
    out_of_fold,
)
from riskmodel.models.learning.columns import Prior, Scale
from riskmodel.models.learning.folds import bootstrap_weights, deal_folds
from riskmodel.models.learning.shrinkage import log_loss
from riskmodel.models.learning.signal import signal_probability
from riskmodel.models.learning.stacking import affine_calibration, simplex_weights, toward_base_rate


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


@dataclass(frozen=True)
class Learnt:
    """What the rows taught; see the attributes of `RiskClassifier`.

    Attributes
    ----------
    weights : float64[m]
        Of the members, linear ones first.
    calibration : (float, float)
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
    calibration: tuple[float, float]
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
    fitted = fit_linear(X, y, weight, recipe, scale, prior).coefficients
    weights, gain = recipe.prior_weights(), None
    if n_folds:
        members = _out_of_fold(X, y, weight, patient, n_folds, recipe, plan, root, parallel)
        # The base rate is the first member. Expected weights: learnt ones would flatter the gain.
        gain = log_loss(y, members[:, 0], weight) - log_loss(y, members @ weights, weight)
        weights = simplex_weights(
            members, y, weight, weights, plan.stack_strength, len(recipe.forests)
        )
        mixed = members @ weights
        calibration = affine_calibration(
            mixed, y, weight, plan.calibration_sd, plan.calibration_mean
        )
    else:
        # The linear members of all rows stand in for the mean risk of the whole.
        linear = weights[: len(recipe.linear)]
        mixed = scale.standardise(X) @ (linear @ fitted[:, 1:]) + linear @ fitted[:, 0]
        mixed = mixed / linear.sum()
        calibration = (0.0, 1.0)
    signal = signal_probability(X, y, weight, recipe, scale, prior, plan.signal_prior, gain)
    calibration = toward_base_rate(calibration, signal, mixed, y, weight)
    found = calibration[0] + calibration[1] * mixed if n_folds else np.full(len(y), np.nan)
    return _on_all(
        X, y, weight, patient, recipe, plan, root, parallel,
        scale=scale, prior=prior, fitted=fitted, weights=weights,
        known=(calibration, signal, found),
    )  # fmt: skip


def _out_of_fold(
    X: Floats,
    y: Floats,
    weight: Floats,
    patient: Codes,
    n_folds: int,
    recipe: Recipe,
    plan: Plan,
    root: np.random.Generator,
    parallel: Callable[[], Parallel],
) -> Floats:
    """Out-of-fold log-odds of every member, averaged over the repeats."""
    splits = [deal_folds(y, patient, n_folds, root) for _ in range(plan.n_repeats)]
    jobs = [(fold, number) for fold in splits for number in range(n_folds)]
    parts = parallel()(
        delayed(out_of_fold)(X, y, weight, patient, fold, number, recipe, plan.n_draws, rng)
        for (fold, number), rng in zip(jobs, root.spawn(len(jobs)), strict=True)
    )
    total = np.zeros((len(y), len(recipe.linear) + len(recipe.forests)))
    for held_out, log_odds in parts:
        total[held_out] += log_odds
    return total / plan.n_repeats


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
    fitted: Floats,
    weights: Floats,
    known: tuple[tuple[float, float], float, Floats],
) -> Learnt:
    """The bag on bootstrap draws of patients, and all linear members as one."""
    linear_share, forest_share = weights[: len(recipe.linear)], weights[len(recipe.linear) :]
    # Tree margins start from the base rate, the first linear member.
    base = np.zeros(X.shape[1] + 1)
    base[0] = float(forest_share.sum()) * fitted[0, 0]
    mixture = linear_share @ fitted + base
    used = [j for j, s in enumerate(forest_share) if s > 0]

    def draw(rng: np.random.Generator) -> tuple[Floats, list[xgb.Booster]]:
        drawn = weight * bootstrap_weights(y, patient, rng)
        noise = rng.standard_normal(X.shape[1] + 1)
        seed = int(rng.integers(2**31))
        moved = fit_linear(X, y, drawn, recipe, scale, prior, noise).coefficients
        boosters = [fit_trees(X, y, drawn, recipe, recipe.forests[j], seed) for j in used]
        return linear_share @ moved + base, boosters

    draws = parallel()(delayed(draw)(rng) for rng in root.spawn(plan.n_bags))
    calibration, signal, out = known
    return Learnt(
        weights=weights,
        calibration=calibration,
        signal=signal,
        scale=scale,
        intercept=float(mixture[0]),
        coef=mixture[1:],
        bag_coef=np.array([row for row, _ in draws]),
        bag=[[boosters[k] for _, boosters in draws] for k in range(len(used))],
        bag_weights=[float(forest_share[j]) for j in used],
        out_of_fold=out,
    )
