"""The estimator keeps its promises: exact explanation, determinism, honesty about little signal."""

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
