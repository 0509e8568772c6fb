"""The estimator keeps its promises: exact explanation, determinism, honesty about little signal."""

import itertools
import json
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks

from riskmodel.errors import SchemaError
from riskmodel.models import FewEventsWarning, RiskClassifier
from riskmodel.models.learning.base_learners import MONOTONE, fit_trees
from riskmodel.models.learning.trees import tree_contributions


def log_loss(y, risk):
    return -np.mean(y * np.log(risk) + (1 - y) * np.log1p(-risk))


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


def test_threads_and_row_order_change_no_bit(make, fitted, world):
    _, classifier = make
    order = np.random.default_rng(3).permutation(len(world.y))
    for other in (
        classifier(n_jobs=2).fit(world.X, world.y),
        classifier().fit(world.X.iloc[order], world.y[order]),
    ):
        assert (other.decision_function(world.X) == fitted.decision_function(world.X)).all()
        for ours, theirs in zip(
            fitted.predict_interval(world.X), other.predict_interval(world.X), strict=True
        ):
            assert (ours == theirs).all()


def test_renaming_patients_changes_nothing(make, world):
    _, classifier = make
    X, y = world.X.iloc[:150], world.y[:150]
    pairs = np.arange(150) // 2
    one = classifier().fit(X, y, patient=pairs)
    two = classifier().fit(X, y, patient=[f"P{999 - i}" for i in pairs])
    assert (one.decision_function(X) == two.decision_function(X)).all()
    assert one.n_patients_ == 75


def test_the_scale_of_the_weights_does_not_matter(make, world):
    _, classifier = make
    X, y = world.X.iloc[:150], world.y[:150]
    weight = np.random.default_rng(0).uniform(0.5, 2, 150)
    one = classifier().fit(X, y, sample_weight=weight)
    two = classifier().fit(X, y, sample_weight=8 * weight)
    np.testing.assert_array_equal(one.decision_function(X), two.decision_function(X))


def test_rows_of_weight_zero_are_as_if_absent_from_the_counts(make, world):
    _, classifier = make
    X, y = world.X.iloc[:150], world.y[:150]
    weight = np.ones(150)
    weight[20:40] = 0
    fitted = classifier().fit(X, y, sample_weight=weight)
    assert fitted.n_patients_ == 130
    assert fitted.n_events_ == int(y[weight > 0].sum())


def test_weights_are_shares(fitted):
    assert fitted.weights_.sum() == pytest.approx(1)
    assert (fitted.weights_ >= 0).all()
    assert fitted.calibration_[1] >= 0
    assert fitted.n_folds_ == 5


def test_signal_is_found(make, fitted):
    make_world, _ = make
    unseen = make_world(4000, 2)
    risk = fitted.predict_proba(unseen.X)[:, 1]
    base = log_loss(unseen.risk, unseen.risk.mean())
    share = (base - log_loss(unseen.risk, risk)) / (base - log_loss(unseen.risk, unseen.risk))
    assert share > 0.5


def test_without_signal_the_risk_falls_back_to_the_base_rate(make):
    make_world, classifier = make
    excess = []
    for seed in range(3):
        train = make_world(400, seed, effect=0.0)
        unseen = make_world(2000, 90 + seed, effect=0.0)
        risk = classifier().fit(train.X, train.y).predict_proba(unseen.X)[:, 1]
        base = np.full(len(risk), train.y.mean())
        excess.append(log_loss(unseen.risk, risk) - log_loss(unseen.risk, base))
    assert np.mean(excess) < 0.001


def test_reversed_evidence_is_overcome_at_a_thousand(make):
    make_world, classifier = make
    train, unseen = make_world(1000, 5, effect=-1.0), make_world(4000, 6, effect=-1.0)
    risk = classifier().fit(train.X, train.y).predict_proba(unseen.X)[:, 1]
    base = log_loss(unseen.risk, np.full(len(risk), unseen.risk.mean()))
    limit = log_loss(unseen.risk, unseen.risk)
    assert (base - log_loss(unseen.risk, risk)) / (base - limit) > 0.5


def test_every_booster_under_constraints_is_monotone(make, world):
    _, classifier = make
    model = classifier()
    model.names_ = list(world.X.columns)
    weight = np.ones(len(world.y))
    booster = fit_trees(
        world.X.to_numpy(), world.y.astype(float), weight, model._recipe(), MONOTONE, 3,
        np.full(len(world.y), -2.0),
    )  # fmt: skip
    rows = np.repeat(world.X.iloc[[4]].to_numpy(), 60, axis=0)
    for name, direction in model.directions.items():
        swept = rows.copy()
        swept[:, world.X.columns.get_loc(name)] = np.linspace(-4, 4, 60)
        margin = tree_contributions(booster, swept).sum(axis=1)
        assert (direction * np.diff(margin) >= -1e-5).all()


def test_empty_and_constant_columns_break_nothing(make, world):
    _, classifier = make
    X = world.X.iloc[:150].assign(empty=np.nan, constant=3.0, single=np.nan)
    X.loc[X.index[0], "single"] = 7.0
    evidence = {**classifier().evidence, "constant": (0.5, 0.2, "sd"), "empty": (1, 1, "unit")}
    fitted = classifier(evidence=evidence).fit(X, world.y[:150])
    parts = fitted.contributions(X.assign(constant=50.0, empty=2.0))
    assert np.isfinite(parts.to_numpy()).all()
    assert (parts[["empty", "constant"]] == 0).all(axis=None)


def test_evidence_per_unit_holds_for_what_training_never_varied(make, world):
    """A target never seen in training still counts as print says it does."""
    _, classifier = make
    X = world.X.iloc[:200].assign(cd22=0.0)
    evidence = {**classifier().evidence, "cd22": (1.0, 0.5, "unit")}
    fitted = classifier(evidence=evidence).fit(X, world.y[:200])
    assert (fitted.contributions(X.assign(cd22=1.0))["cd22"] > 0).all()


def test_all_columns_empty_gives_the_base_rate(world):
    X = pd.DataFrame(np.nan, index=range(200), columns=["a", "b"])
    y = world.y[:200]
    fitted = RiskClassifier(evidence={"a": (1, 1, "sd")}, n_bags=2, n_repeats=1).fit(X, y)
    np.testing.assert_allclose(fitted.predict_proba(X)[:, 1], y.mean(), atol=0.01)


def test_few_events_lean_on_the_evidence_and_say_so(make):
    make_world, classifier = make
    train = make_world(80, 8)
    y = np.zeros(80, dtype=int)
    y[[3, 17, 41]] = 1
    with pytest.warns(FewEventsWarning, match="Only 3 patients"):
        fitted = classifier().fit(train.X, y)
    assert fitted.n_folds_ == 0
    assert np.isnan(fitted.out_of_fold_).all()
    order = np.argsort(train.risk)
    risk = fitted.predict_proba(train.X)[:, 1]
    assert risk[order[-20:]].mean() > risk[order[:20]].mean()


def test_folds_shrink_to_the_events(make):
    make_world, classifier = make
    train = make_world(120, 8)
    y = np.zeros(120, dtype=int)
    y[:11] = 1
    assert classifier(n_folds=10).fit(train.X, y).n_folds_ == 5


@pytest.mark.parametrize("only", [0, 1])
def test_one_kind_of_patient_is_refused(make, world, only):
    _, classifier = make
    with pytest.raises(SchemaError, match="at least one with and one without"):
        classifier().fit(world.X, np.full(len(world.y), only))


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


def test_scikit_learn_rules(make, fitted, world):
    _, classifier = make
    model = classifier(n_bags=7)
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert copy.set_params(n_bags=2).n_bags == 2
    with pytest.raises(NotFittedError):
        copy.predict_proba(world.X)
    assert set(fitted.predict(world.X)) <= {0, 1}
    assert fitted.feature_names_in_.tolist() == list(world.X.columns)
    with pytest.raises(ValueError, match="feature names"):
        fitted.predict_proba(world.X.rename(columns={"f0": "other"}))


def test_arrays_and_text_classes_are_taken(world):
    text = np.where(world.y[:150] == 1, "yes", "no")
    fitted = RiskClassifier(n_bags=2, n_repeats=1, n_rounds=10).fit(
        world.X.iloc[:150].to_numpy(), text
    )
    assert fitted.classes_.tolist() == ["no", "yes"]
    assert set(fitted.predict(world.X.iloc[:150].to_numpy())) <= {"no", "yes"}
    assert fitted.contributions(world.X.to_numpy()).columns[0] == "x0"


def test_a_quick_fit_warns_of_nothing(make, world):
    _, classifier = make
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        classifier(n_repeats=1, n_bags=2).fit(world.X, world.y)


@pytest.mark.filterwarnings("ignore::riskmodel.models.estimator.FewEventsWarning")
@parametrize_with_checks(
    [RiskClassifier(n_bags=2, n_repeats=1, n_rounds=5)],
    expected_failed_checks=lambda _: {
        "check_sample_weight_equivalence_on_dense_data": (
            "folds and bootstrap draws are of rows, so a repeated row is not a row of weight 2"
        ),
    },
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


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
