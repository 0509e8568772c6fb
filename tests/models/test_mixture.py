"""What a fitted mixture answers: exact sums, and intervals that cover."""

import itertools
import json

import numpy as np
import pandas as pd
import pytest

from riskmodel.errors import SchemaError


def odd_rows(X):
    """Rows that break careless code: nothing known, far outside, one value only."""
    rows = X.iloc[:4].copy()
    rows.iloc[0] = np.nan
    rows.iloc[1] = 1e6
    rows.iloc[2] = -1e6
    rows.iloc[3, 1:] = np.nan
    return rows


def test_contributions_sum_to_the_log_odds(fitted, world):
    rows = pd.concat([world.X, odd_rows(world.X)])
    parts = fitted.contributions(rows)
    assert list(parts.columns) == [*world.X.columns, "base"]
    assert parts.index.equals(rows.index)
    np.testing.assert_allclose(parts.sum(axis=1), fitted.decision_function(rows), atol=1e-9)
    risk = fitted.predict_proba(rows)[:, 1]
    np.testing.assert_allclose(np.log(risk / (1 - risk)), parts.sum(axis=1), atol=1e-6)


def test_contributions_of_ten_thousand_patients_sum_to_the_log_odds(make, fitted):
    make_world, _ = make
    rows = make_world(10_000, 9).X
    rows.iloc[::100] = np.nan
    risk = fitted.predict_proba(rows)[:, 1]
    parts = fitted.contributions(rows)
    np.testing.assert_allclose(np.log(risk / (1 - risk)), parts.sum(axis=1), atol=1e-6)
    factors = fitted.factor_contributions(rows)
    np.testing.assert_allclose(factors.sum(axis=1), parts.sum(axis=1), atol=1e-9)


def test_contributions_are_shapley_values_of_the_whole_model(make, world):
    """All coalitions of four columns; unknown is the reference, and in trees the cover."""
    _, classifier = make
    columns = ["f0", "f3", "f4", "f5"]
    model = classifier(n_bags=2, n_rounds=15).fit(world.X[columns], world.y)
    a, b = model.calibration_
    shares = [w / model.n_bags for w in model.bag_weights_ for _ in range(model.n_bags)]
    boosters = [booster for row in model.bag_ for booster in row]

    def worth(x, known):
        Z = model.scale_.standardise(x[None, :])[0]
        linear = model.linear_intercept_ + sum(Z[j] * model.linear_coef_[j] for j in known)
        trees = sum(s * expectation(t, x, known) for s, t in zip(shares, boosters, strict=True))
        return a + b * (linear + trees)

    found = model.contributions(world.X[columns].iloc[:6]).to_numpy()
    for x, parts in zip(world.X[columns].iloc[:6].to_numpy(), found, strict=True):
        value = {
            frozenset(s): worth(x, s) for k in range(5) for s in itertools.combinations(range(4), k)
        }
        orders = list(itertools.permutations(range(4)))
        for j in range(4):
            ahead = [frozenset(order[: order.index(j)]) for order in orders]
            own = np.mean([value[s | {j}] - value[s] for s in ahead])
            assert parts[j] == pytest.approx(own, abs=1e-9)
        assert parts[-1] == pytest.approx(value[frozenset()], abs=1e-9)


def expectation(booster, x, known):
    """Margin of a booster where only these columns are known."""
    stored = json.loads(bytes(booster.save_raw("json")))["learner"]["gradient_booster"]["model"]

    def below(tree, node):
        left, right = tree["left_children"][node], tree["right_children"][node]
        condition = np.float32(tree["split_conditions"][node])
        if left < 0:
            return float(condition)
        column = tree["split_indices"][node]
        if column in known:
            value = np.float32(x[column])
            goes_left = tree["default_left"][node] if np.isnan(value) else value < condition
            return below(tree, left if goes_left else right)
        sides = tree["sum_hessian"][left], tree["sum_hessian"][right]
        return (sides[0] * below(tree, left) + sides[1] * below(tree, right)) / sum(sides)

    return sum(below(tree, 0) for tree in stored["trees"])


def test_factors_hold_the_same_sum(fitted, world):
    factors = fitted.factor_contributions(world.X)
    assert {"inflammation", "burden", "f1"} < set(factors.columns)
    assert "f3" not in factors.columns
    np.testing.assert_allclose(factors.sum(axis=1), fitted.decision_function(world.X), atol=1e-9)


def test_a_missing_value_adds_nothing_to_the_linear_part(fitted, world):
    empty = pd.DataFrame(np.nan, index=[0], columns=world.X.columns)
    assert (fitted.scale_.standardise(empty.to_numpy()) == 0).all()


def test_a_row_alone_scores_as_among_others(fitted, world):
    together = fitted.decision_function(world.X)
    alone = [fitted.decision_function(world.X.iloc[[i]])[0] for i in (0, 7, 299)]
    assert together[[0, 7, 299]].tolist() == alone


def test_the_interval_holds_the_risk_and_widens_for_what_is_missing(fitted, world):
    X = world.X.dropna().iloc[:20]
    low, high = fitted.predict_interval(X)
    risk = fitted.predict_proba(X)[:, 1]
    assert ((low < risk) & (risk < high)).all()
    narrow = fitted.predict_interval(X, level=0.5)
    assert ((narrow[0] > low) & (narrow[1] < high)).all()

    def width(rows):
        a, b = fitted.predict_interval(rows)
        return np.log(b / (1 - b)) - np.log(a / (1 - a))

    assert width(X.assign(f3=np.nan, f4=np.nan, f0=np.nan)).mean() > width(X).mean()


def test_the_interval_covers_the_true_risk_of_most_patients(make):
    make_world, classifier = make
    covered = []
    for seed in (11, 12):
        train, unseen = make_world(300, seed), make_world(1000, 50 + seed)
        low, high = classifier(n_bags=6).fit(train.X, train.y).predict_interval(unseen.X, 0.9)
        covered.append(np.mean((low <= unseen.risk) & (unseen.risk <= high)))
    assert np.mean(covered) > 0.8


def test_an_impossible_level_is_refused(fitted, world):
    with pytest.raises(SchemaError, match=r"level is 1\.5"):
        fitted.predict_interval(world.X, level=1.5)


def test_intervals_cover_the_true_risks(make):
    """Nominal 90%, on worlds whose risk is known."""
    make_world, classifier = make
    covered = []
    for seed in range(6):
        effect = (1.0, 0.6, 1.4)[seed % 3]
        train, unseen = make_world(300, 50 + seed, effect), make_world(2000, 90 + seed, effect)
        low, high = classifier(n_bags=10).fit(train.X, train.y).predict_interval(unseen.X)
        covered.append(np.mean((low <= unseen.risk) & (unseen.risk <= high)))
    assert 0.85 <= np.mean(covered) <= 0.97
    assert min(covered) >= 0.6
