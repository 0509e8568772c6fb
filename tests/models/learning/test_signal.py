"""How likely it is that the features tell anything."""

import numpy as np
import pytest

from riskmodel.models import RiskClassifier
from riskmodel.models.learning.base_learners import learn_columns
from riskmodel.models.learning.shrinkage import log_evidence, shrunken_logistic
from riskmodel.models.learning.signal import reversal_odds, signal_probability


def ready(make, n, seed, effect, **changes):
    make_world, classifier = make
    rows = make_world(n, seed, effect=effect)
    model = classifier(**changes)
    model.names_ = list(rows.X.columns)
    recipe, X, weight = model._recipe(), rows.X.to_numpy(), np.ones(n)
    return X, rows.y.astype(float), weight, recipe, *learn_columns(X, weight, recipe)


def probability(make, n, seed, effect, before=0.75, unseen_gain=None, **changes):
    return signal_probability(*ready(make, n, seed, effect, **changes), before, unseen_gain)


def test_few_patients_tell_that_the_evidence_is_reversed_and_only_where_it_is(make):
    for effect, low, high in ((-1.0, 3.0, np.inf), (1.0, -np.inf, -3.0)):
        odds = [reversal_odds(*ready(make, 150, s, effect)) for s in range(4)]
        assert low < min(odds) <= max(odds) < high
    assert max(reversal_odds(*ready(make, 150, s, 0.0)) for s in range(8)) < 3.0
    assert reversal_odds(*ready(make, 150, 0, -1.0, evidence={})) == -np.inf


def test_signal_is_believed_and_noise_is_not(make):
    with_signal = [probability(make, 400, s, 1.0) for s in range(5)]
    without = [probability(make, 400, s, 0.0) for s in range(5)]
    assert min(with_signal) > 0.95
    assert np.mean(without) < 0.5


def test_more_rows_settle_it(make):
    """Without signal the probability falls with the rows."""
    few, many = (np.mean([probability(make, n, s, 0.0) for s in range(6)]) for n in (100, 3000))
    assert many < few < 0.75
    assert many < 0.25


def test_reversed_evidence_is_a_signal_too(make):
    assert min(probability(make, 600, s, -1.0) for s in range(3)) > 0.95


def test_without_any_evidence_effects_around_zero_show_it(make):
    assert probability(make, 600, 1, 1.0, evidence={}) > 0.9


def test_what_predicts_unseen_rows_counts_and_what_does_not_costs_little(make):
    alone = probability(make, 300, 2, 0.0)
    assert probability(make, 300, 2, 0.0, unseen_gain=6.0) > 0.95
    assert 0.7 * alone < probability(make, 300, 2, 0.0, unseen_gain=-30.0) < alone


def test_one_process_behind_many_columns_is_a_signal():
    """Kinetics: marginal likelihoods pay for eighty columns, unseen rows show the one process."""
    rng = np.random.default_rng(0)
    process = rng.normal(size=(300, 1))
    X = 0.9 * process + np.sqrt(1 - 0.81) * rng.normal(size=(300, 80))
    y = (rng.random(300) < 1 / (1 + np.exp(2.6 - 0.5 * process[:, 0]))).astype(float)
    model = RiskClassifier(n_bags=2, n_repeats=2).fit(X, y)
    recipe, weight = model._recipe(), np.ones(300)
    scale, prior = learn_columns(X, weight, recipe)
    alone = signal_probability(X, y, weight, recipe, scale, prior, model.signal_prior)
    assert model.signal_ > alone + 0.1


@pytest.mark.parametrize("before", [1.0, 1e-6])
def test_certainty_before_stays(make, before):
    assert probability(make, 200, 1, 0.0, before) == pytest.approx(before, abs=1e-4)


def test_the_evidence_of_a_normal_approximation_is_exact_where_it_is_normal():
    """One column of weight so small that the likelihood is flat: the prior integrates to one."""
    rng = np.random.default_rng(0)
    Z, y, weight = rng.normal(size=(50, 1)), np.arange(50) % 2 * 1.0, np.full(50, 1e-6)
    mean, sd = np.zeros(1), np.array([0.5])
    beta = shrunken_logistic(Z, y, weight, mean, sd)
    flat = shrunken_logistic(Z[:, :0], y, weight, mean[:0], sd[:0])
    with_column = log_evidence(Z, y, weight, mean, sd, beta)
    without = log_evidence(Z[:, :0], y, weight, mean[:0], sd[:0], flat)
    assert with_column == pytest.approx(without, abs=1e-4)
