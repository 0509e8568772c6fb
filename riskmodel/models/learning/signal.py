"""How likely it is that the features tell anything about the outcome."""

import numpy as np

from riskmodel.arrays import Floats, expit, logit
from riskmodel.models.learning.base_learners import SCORE, Recipe, expect
from riskmodel.models.learning.columns import Prior, Scale
from riskmodel.models.learning.shrinkage import log_evidence, log_loss, shrunken_logistic


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
    rate = float(weight @ y) / float(weight.sum())
    base = -log_loss(y, np.full(len(y), float(logit(rate))), weight)
    base -= 0.5 * float(np.log(weight.sum() * rate * (1.0 - rate)))
    found = []
    for name in _models(recipe):
        expected = expect(name, Z, recipe, scale, prior, still)
        columns, mean, sd = expected.columns, expected.mean, expected.sd
        beta = shrunken_logistic(columns, y, weight, mean, sd)
        found.append(log_evidence(columns, y, weight, mean, sd, beta))
    ratios = [one - base for one in found] + ([] if unseen_gain is None else [unseen_gain])
    ratio = float(np.logaddexp.reduce(ratios)) - np.log(len(ratios))
    return float(expit(np.asarray(ratio + logit(before))))


def _models(recipe: Recipe) -> list[str]:
    """One linear member of each kind that holds a signal, of middling strength."""
    score = [name for name in recipe.linear if name == SCORE]
    evidence = [m for m in recipe.linear if m.startswith("evidence_") and m != SCORE]
    zero = [m for m in recipe.linear if m.startswith("zero_")]
    return score + [names[len(names) // 2] for names in (evidence, zero) if names]
