"""How likely it is that the features tell anything about the outcome."""

from dataclasses import replace

import numpy as np
from scipy.special import log_ndtr

from riskmodel.arrays import Floats, expit, logit
from riskmodel.models.learning.base_learners import BASE, SCORE, Recipe, expect
from riskmodel.models.learning.columns import Prior, Scale
from riskmodel.models.learning.shrinkage import log_evidence, precision_of, shrunken_logistic


def signal_probability(
    X: Floats,
    y: Floats,
    weight: Floats,
    recipe: Recipe,
    scale: Scale,
    prior: Prior,
    before: float,
    unseen_gain: float | None = None,
) -> float:
    """Probability, given the rows, that risk differs between patients in a way that is modelled.

    Bayes' rule with the likelihoods of the base rate alone, and of models that hold a signal in
    equal parts. Three count by their marginal likelihood: the evidence as one score, the evidence
    with deviations, and effects around zero. It uses all rows to fit and to judge, so that
    without signal it settles with fewer of them; but where many columns share few effects, as
    with kinetics beside reversed evidence, it is paid for every column. The fourth is the whole
    stack with the weights expected before the data, by how it predicts rows that it has not seen.

    Parameters
    ----------
    X, y, weight : float64[n, p], float64[n], float64[n]
    recipe : Recipe
    scale, prior : Scale, Prior
    before : float
        The probability before the rows are seen, between 0 and 1; 1 stays 1.
    unseen_gain : float, optional
        By how much the stack's log-loss of rows out of fold, summed, is below the base rate's.
    """
    if before >= 1.0:
        return 1.0
    Z, still = scale.standardise(X), np.zeros(X.shape[1] + 1)
    base, *found = [
        _evidence_of(name, Z, y, weight, replace(recipe, overruled=True), scale, prior, still)
        for name in _models(recipe)
    ]
    ratios = [one - base for one in found] + ([] if unseen_gain is None else [unseen_gain])
    ratio = float(np.logaddexp.reduce(ratios)) - np.log(len(ratios))
    return float(expit(np.asarray(ratio + logit(before))))


def reversal_odds(
    X: Floats, y: Floats, weight: Floats, recipe: Recipe, scale: Scale, prior: Prior
) -> float:
    """Logarithm of the odds that the published evidence, as one score, points the wrong way.

    By Laplace's method from the slope of the score, which is expected at 1, give or take
    `slope_sd`, and is free to turn round. It is one parameter, so that few events can tell it
    where a loss out of fold, paid for every column, cannot. Minus infinity without evidence.
    """
    if SCORE not in recipe.linear:
        return -np.inf
    free = replace(recipe, overruled=True)
    still = np.zeros(X.shape[1] + 1)
    expected = expect(SCORE, scale.standardise(X), free, scale, prior, still)
    beta = shrunken_logistic(expected.columns, y, weight, expected.mean, expected.spread)
    design = np.column_stack([np.ones(len(y)), expected.columns])
    risk = expit(design @ beta)
    hessian = (design * (weight * risk * (1.0 - risk))[:, None]).T @ design
    hessian[1:, 1:] += precision_of(expected.spread)
    deviation = float(np.sqrt(np.linalg.inv(hessian)[1, 1]))
    below, above = log_ndtr([-beta[1] / deviation, beta[1] / deviation])
    return float(below - above)


def _evidence_of(
    name: str,
    Z: Floats,
    y: Floats,
    weight: Floats,
    recipe: Recipe,
    scale: Scale,
    prior: Prior,
    still: Floats,
) -> float:
    """Logarithm of a member's marginal likelihood, all directions free."""
    expected = expect(name, Z, recipe, scale, prior, still)
    columns, mean, spread = expected.columns, expected.mean, expected.spread
    beta = shrunken_logistic(columns, y, weight, mean, spread)
    return log_evidence(columns, y, weight, mean, spread, beta)


def _models(recipe: Recipe) -> list[str]:
    """The base rate, and one member of middling strength of each kind that holds a signal."""
    score = [name for name in recipe.linear if name == SCORE]
    evidence = [m for m in recipe.linear if m.startswith("evidence_") and m != SCORE]
    zero = [m for m in recipe.linear if m.startswith("zero_")]
    return [BASE, *score] + [names[len(names) // 2] for names in (evidence, zero) if names]
