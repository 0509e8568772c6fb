"""The risk estimator: published evidence and the centre's own patients, on the log-odds scale."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import xgboost as xgb
from joblib import Parallel, delayed
from scipy.stats import t as student
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
from threadpoolctl import threadpool_limits

from riskmodel.errors import SchemaError
from riskmodel.models.blend import calibrate, simplex_weights
from riskmodel.models.columns import Scale
from riskmodel.models.folds import (
    Codes,
    bootstrap_weights,
    canonical_order,
    deal_folds,
    patient_codes,
    patients_with_event,
)
from riskmodel.models.members import Recipe, fit_linear, fit_trees, learn_columns, out_of_fold
from riskmodel.models.plausible import Plausible, learn_plausible
from riskmodel.models.shrinkage import expit, row_sums
from riskmodel.models.trees import TreeSettings, tree_contributions

Floats = npt.NDArray[np.float64]

FEWEST_EVENTS = 10
"""Patients with the rarer outcome below which weights are not learnt but taken as expected."""


class FewEventsWarning(UserWarning):
    """The cohort holds too few events to learn how much each part of the model should count."""


class RiskClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Evidence-informed logistic and bagged monotone boosting for small cohorts.

    ``logit(risk) = a + b * (intercept + coefficients . z + trees(x))``, where z are the
    standardised columns with missing values at their reference. The coefficients are a weighted
    mean of logistics that lean on the evidence to different degrees, down to none; the trees a
    bag of shallow boosters. Weights, a and b come from out-of-fold log-odds, and the base rate is
    one of the members, so that without signal the risk falls back to it.

    Parameters
    ----------
    evidence : mapping of str to (mean, sd, "unit" or "sd"), optional
        Expected log-odds of a feature and its standard deviation, per unit of the feature or per
        standard deviation of it in the training data.
    directions : mapping of str to {-1, 0, 1}, optional
        Monotone direction of risk of a feature.
    groups : mapping of str to str, optional
        Clinical factor of a feature; a feature without one is its own factor.
    n_bags : int
        Boosters per tree member and draws of the coefficients; also carries the interval.
    n_repeats, n_folds : int
        Repeats of the inner cross-validation, and folds in each. Folds shrink to what the events
        allow.
    n_draws : int
        Boosters per tree member and inner fold.
    evidence_strengths, zero_strengths : sequence of float
        Multipliers of the penalty around the evidence, and around zero.
    slope_sd : float
        How far the slope of the whole evidence may lie from 1.
    default_sd : float
        Deviation, around zero, of a standardised coefficient without evidence.
    stack_strength : float
        How firmly the weights are held to the expected ones, in units of log-loss.
    calibration_sd : float
        How far from 1 the calibration slope b may lie.
    signal_prior : float
        Probability, before the data, that the model beats the base rate.
    max_depth, n_rounds, learning_rate, reg_lambda, min_child_weight, subsample, colsample
        Of the boosters, in XGBoost's words (``colsample`` is per node).
    random_state : int
        Seed of every draw. The fit depends on it and on the rows, not on their order.
    n_jobs : int, optional
        Threads; changes no figure.

    Attributes
    ----------
    weights_ : Series
        Weight of each member of the stack, summing to 1.
    calibration_ : (float, float)
        a and b.
    scale_ : Scale
        Reference and spread of the columns.
    intercept_, coef_ : float, float64[p]
        Of the linear part, per standard deviation, before a and b.
    bag_coef_ : float64[n_bags, p + 1]
        Intercept and coefficients of each draw.
    bag_ : list of list of Booster
        The tree members that count, each with one booster per draw.
    bag_weights_ : list of float
        Weight of each tree member in ``bag_``.
    spread_ : float64[p]
        Standard deviation of each feature's contribution over the training rows that have it.
    plausible_ : Plausible
        What a missing feature may be, given the known ones.
    n_patients_, n_events_, n_folds_ : int
        Patients, patients with an event, inner folds used (0 when weights were not learnt).
    out_of_fold_ : float64[n]
        Calibrated log-odds of the training rows from the inner folds, in the order given; NaN
        when weights were not learnt. Not stored with the model.

    References
    ----------
    DESIGN.md, section Model.
    """

    def __init__(
        self,
        *,
        evidence: Mapping[str, tuple[float, float, str]] | None = None,
        directions: Mapping[str, int] | None = None,
        groups: Mapping[str, str] | None = None,
        n_bags: int = 10,
        n_repeats: int = 4,
        n_folds: int = 5,
        n_draws: int = 1,
        evidence_strengths: Sequence[float] = (2.0, 8.0, 32.0),
        zero_strengths: Sequence[float] = (2.0, 4.0, 16.0),
        slope_sd: float = 1.0,
        default_sd: float = 0.25,
        stack_strength: float = 2.0,
        calibration_sd: float = 0.25,
        signal_prior: float = 0.25,
        max_depth: int = 2,
        n_rounds: int = 70,
        learning_rate: float = 0.08,
        reg_lambda: float = 20.0,
        min_child_weight: float = 1.0,
        subsample: float = 0.7,
        colsample: float = 0.2,
        random_state: int = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.evidence = evidence
        self.directions = directions
        self.groups = groups
        self.n_bags = n_bags
        self.n_repeats = n_repeats
        self.n_folds = n_folds
        self.n_draws = n_draws
        self.evidence_strengths = evidence_strengths
        self.zero_strengths = zero_strengths
        self.slope_sd = slope_sd
        self.default_sd = default_sd
        self.stack_strength = stack_strength
        self.calibration_sd = calibration_sd
        self.signal_prior = signal_prior
        self.max_depth = max_depth
        self.n_rounds = n_rounds
        self.learning_rate = learning_rate
        self.reg_lambda = reg_lambda
        self.min_child_weight = min_child_weight
        self.subsample = subsample
        self.colsample = colsample
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any, sample_weight: Any = None, patient: Any = None) -> Self:
        """Fit on training rows.

        Parameters
        ----------
        X : DataFrame or array, float (n, p)
            NaN is missing; columns may be constant or empty.
        y : array (n,)
            Two classes; the second in sorted order is the event.
        sample_weight : array (n,), optional
            Any scale: weights are rescaled to total the number of patients, so that six rows of
            one patient are not six patients.
        patient : array (n,), optional
            Identifier of each row's patient, for the folds; every row its own patient by default.

        Raises
        ------
        SchemaError
            When the rows hold no patient with the event, or none without.
        """
        X, y = validate_data(
            self, X, y, dtype=np.float64, ensure_all_finite="allow-nan", ensure_min_samples=2
        )
        check_classification_targets(y)
        weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        self.classes_, event = _two_classes(y)
        self.names_ = self._names()
        labels = None if patient is None else np.asarray(patient)
        order = canonical_order(X, event, weight)
        X, event, weight = X[order], event[order], weight[order]
        codes = patient_codes(None if labels is None else labels[order], len(X))
        self._learn(X, event, weight, codes, order)
        return self

    def _learn(self, X: Floats, y: Floats, weight: Floats, patient: Codes, order: Codes) -> None:
        counted = weight > 0
        affected = patients_with_event(np.where(counted, y, 0.0), patient)
        present = np.unique(patient[counted])
        self.n_patients_ = len(present)
        self.n_events_ = int(affected.sum())
        rarer = min(self.n_events_, self.n_patients_ - self.n_events_)
        if self.n_events_ == 0 or not np.any(y[counted] == 0):
            raise SchemaError(
                f"The training rows hold {self.n_patients_} patients, {self.n_events_} with the "
                "event: one class only. A fit needs at least one with and one without it, of "
                "positive weight. Use a larger cohort or another definition."
            )
        weight = weight * (self.n_patients_ / weight.sum())
        recipe = self._recipe()
        root = np.random.default_rng(self.random_state)
        prior = recipe.prior_weights()
        out = np.full(len(y), np.nan)
        # One thread inside linear algebra: sums then have one order on every machine.
        with threadpool_limits(limits=1):
            if rarer < FEWEST_EVENTS:
                warnings.warn(
                    f"Only {rarer} patients have the rarer outcome; at least {FEWEST_EVENTS} are "
                    "needed to learn how much each part of the model counts, so the expected "
                    "weights are used, which lean on the published evidence.",
                    FewEventsWarning,
                    stacklevel=3,
                )
                self.n_folds_, weights, self.calibration_ = 0, prior, (0.0, 1.0)
            else:
                self.n_folds_ = max(2, min(self.n_folds, rarer // 2))
                members = self._out_of_fold(X, y, weight, patient, recipe, root)
                weights = simplex_weights(
                    members, y, weight, prior, self.stack_strength, len(recipe.forests)
                )
                mixed = members @ weights
                self.calibration_ = calibrate(
                    mixed, y, weight, self.calibration_sd, self.signal_prior
                )
                out[order] = self.calibration_[0] + self.calibration_[1] * mixed
            self.out_of_fold_ = out
            self.weights_ = pd.Series(weights, index=recipe.linear + recipe.forests)
            self._fit_parts(X, y, weight, patient, recipe, root)
            self.spread_ = self._spread(X)
            self.plausible_: Plausible = learn_plausible(X, weight)

    def _names(self) -> list[str]:
        if hasattr(self, "feature_names_in_"):
            return [str(name) for name in self.feature_names_in_]
        return [f"x{j}" for j in range(self.n_features_in_)]

    def _recipe(self) -> Recipe:
        return Recipe(
            names=self.names_,
            evidence=dict(self.evidence or {}),
            groups=dict(self.groups or {}),
            directions=dict(self.directions or {}),
            evidence_strengths=tuple(self.evidence_strengths),
            zero_strengths=tuple(self.zero_strengths),
            slope_sd=self.slope_sd,
            default_sd=self.default_sd,
            trees=TreeSettings(
                self.max_depth,
                self.n_rounds,
                self.learning_rate,
                self.reg_lambda,
                self.min_child_weight,
                self.subsample,
                self.colsample,
            ),
        )

    def _out_of_fold(
        self,
        X: Floats,
        y: Floats,
        weight: Floats,
        patient: Codes,
        recipe: Recipe,
        root: np.random.Generator,
    ) -> Floats:
        """Out-of-fold log-odds of every member, averaged over the repeats."""
        splits = [deal_folds(y, patient, self.n_folds_, root) for _ in range(self.n_repeats)]
        jobs = [(fold, number) for fold in splits for number in range(self.n_folds_)]
        parts = self._parallel()(
            delayed(out_of_fold)(X, y, weight, patient, fold, number, recipe, self.n_draws, rng)
            for (fold, number), rng in zip(jobs, root.spawn(len(jobs)), strict=True)
        )
        total = np.zeros((len(y), len(recipe.linear) + len(recipe.forests)))
        for held_out, log_odds in parts:
            total[held_out] += log_odds
        return total / self.n_repeats

    def _fit_parts(
        self,
        X: Floats,
        y: Floats,
        weight: Floats,
        patient: Codes,
        recipe: Recipe,
        root: np.random.Generator,
    ) -> None:
        """Fit the members on all rows, and the bag on bootstrap draws of patients."""
        share = self.weights_.to_numpy()
        linear_share = share[: len(recipe.linear)]
        forest_share = share[len(recipe.linear) :]
        scale, prior = learn_columns(X, weight, recipe)
        fitted = fit_linear(X, y, weight, recipe, scale, prior).coefficients
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

        draws = self._parallel()(delayed(draw)(rng) for rng in root.spawn(self.n_bags))
        self.scale_: Scale = scale
        self.intercept_, self.coef_ = float(mixture[0]), mixture[1:]
        self.bag_coef_ = np.array([row for row, _ in draws])
        self.bag_ = [[boosters[k] for _, boosters in draws] for k in range(len(used))]
        self.bag_weights_ = [float(forest_share[j]) for j in used]

    def _parallel(self) -> Parallel:
        return Parallel(n_jobs=self.n_jobs, prefer="threads")

    def _spread(self, X: Floats) -> Floats:
        parts = self._contributions(X)[:, :-1]
        parts[np.isnan(X)] = np.nan
        spread = np.zeros(X.shape[1])
        seen = ~np.isnan(X).all(axis=0)
        spread[seen] = np.nanstd(parts[:, seen], axis=0)
        return spread

    def _checked(self, X: Any) -> Floats:
        check_is_fitted(self)
        return np.asarray(
            validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        )

    def _trees(self, X: Floats) -> list[Floats]:
        """Per draw, the weighted contributions of the trees: float64[n, p + 1] each."""
        draws = [np.zeros((X.shape[0], X.shape[1] + 1)) for _ in range(self.n_bags)]
        for share, boosters in zip(self.bag_weights_, self.bag_, strict=True):
            for total, booster in zip(draws, boosters, strict=True):
                total += share * tree_contributions(booster, X)
        return draws

    def _contributions(self, X: Floats, trees: Sequence[Floats] | None = None) -> Floats:
        """float64[n, p + 1], the base last; the decision value is their sum, by definition."""
        a, b = self.calibration_
        total = np.zeros((X.shape[0], X.shape[1] + 1))
        for part in self._trees(X) if trees is None else trees:
            total += part
        total /= self.n_bags
        total[:, :-1] += self.scale_.standardise(X) * self.coef_
        total[:, -1] += self.intercept_
        total *= b
        total[:, -1] += a
        return total

    def contributions(self, X: Any) -> pd.DataFrame:
        """How much each feature moves the log-odds, and the base; a row sums to logit(risk).

        The reference of the linear part is the median patient; of the trees, the average over
        the training rows as in SHAP's path-dependent values.

        Returns
        -------
        DataFrame (n, p + 1)
            One column per feature, then ``base``; indexed as X.
        """
        values = self._contributions(self._checked(X))
        return pd.DataFrame(values, columns=[*self.names_, "base"], index=_index(X))

    def factor_contributions(self, X: Any) -> pd.DataFrame:
        """Contributions summed by clinical factor, in order of first appearance, then ``base``."""
        return self._by_factor(self._contributions(self._checked(X)), _index(X))

    def _by_factor(self, parts: Floats, index: pd.Index | None) -> pd.DataFrame:
        groups = self.groups or {}
        summed: dict[str, Floats] = {}
        for j, name in enumerate(self.names_):
            factor = groups.get(name, name)
            summed[factor] = summed[factor] + parts[:, j] if factor in summed else parts[:, j]
        return pd.DataFrame({**summed, "base": parts[:, -1]}, index=index)

    def explain(self, X: Any, level: float = 0.9) -> tuple[pd.DataFrame, Floats, Floats]:
        """`factor_contributions` and `predict_interval` from one pass over the trees.

        Returns
        -------
        contributions : DataFrame (n, factors + 1)
        low, high : float64[n], float64[n]
        """
        rows = self._checked(X)
        trees = self._trees(rows)
        parts = self._contributions(rows, trees)
        low, high = self._interval(rows, parts, trees, level)
        return self._by_factor(parts, _index(X)), low, high

    def decision_function(self, X: Any) -> Floats:
        """Log-odds of the event, float64[n]."""
        return row_sums(self._contributions(self._checked(X)))

    def predict_proba(self, X: Any) -> Floats:
        """Probability of no event and of the event, float64[n, 2]."""
        risk = expit(self.decision_function(X))
        return np.column_stack([1.0 - risk, risk])

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """The likelier class."""
        likelier = (self.decision_function(X) > 0).astype(np.int64)
        return np.asarray(self.classes_[likelier])

    def predict_interval(self, X: Any, level: float = 0.9) -> tuple[Floats, Floats]:
        """Lower and upper probability of each row's risk.

        On the log-odds scale: the spread over the bag, the uncertainty of the base rate, and for
        each clinical factor what its missing inputs usually contribute. A factor's missing inputs
        are taken to move together; factors are taken as independent.

        Parameters
        ----------
        X : DataFrame or array, float (n, p)
        level : float
            Coverage aimed at, between 0 and 1.

        Returns
        -------
        low, high : float64[n], float64[n]
        """
        rows = self._checked(X)
        trees = self._trees(rows)
        return self._interval(rows, self._contributions(rows, trees), trees, level)

    def _interval(
        self, X: Floats, parts: Floats, trees: Sequence[Floats], level: float
    ) -> tuple[Floats, Floats]:
        if not 0.0 < level < 1.0:
            raise SchemaError(f"Interval level is {level}. Allowed: between 0 and 1. Use 0.9.")
        centre = row_sums(parts)
        b = self.calibration_[1]
        Z = self.scale_.standardise(X)
        draws = np.column_stack(
            [
                row_sums(Z * coef[1:]) + coef[0] + row_sums(margins)
                for coef, margins in zip(self.bag_coef_, trees, strict=True)
            ]
        )
        variance = b**2 * _variances(draws)
        variance += 1.0 / self.n_events_ + 1.0 / max(self.n_patients_ - self.n_events_, 1)
        variance += self._missing_variance(np.isnan(X))
        reach = student.ppf(0.5 + level / 2.0, max(self.n_bags - 1, 1)) * np.sqrt(variance)
        return expit(centre - reach), expit(centre + reach)

    def _missing_variance(self, missing: npt.NDArray[np.bool_]) -> Floats:
        groups = self.groups or {}
        together: dict[str, Floats] = {}
        for j, name in enumerate(self.names_):
            factor = groups.get(name, name)
            together[factor] = together.get(factor, np.zeros(len(missing))) + (
                missing[:, j] * self.spread_[j]
            )
        return np.asarray(sum((part**2 for part in together.values()), np.zeros(len(missing))))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags


def _variances(draws: Floats) -> Floats:
    """Variance of each row with one degree of freedom taken, 0 of a single draw."""
    n = draws.shape[1]
    away = draws - (row_sums(draws) / n)[:, None]
    return np.asarray(row_sums(away**2) / max(n - 1, 1))


def _index(X: Any) -> pd.Index | None:
    return X.index if isinstance(X, pd.DataFrame) else None


def _two_classes(y: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], Floats]:
    """The classes in sorted order, and 1.0 where a row is of the second."""
    classes = np.unique(y)
    if len(classes) == 1:
        only = classes[0]
        classes = np.array([False, True]) if only in (0, 1) else np.array([only, only])
        event = np.full(len(y), float(only == 1))
        return classes, event
    if len(classes) > 2:
        raise SchemaError(
            f"Only binary classification is supported, but the outcome has {len(classes)} "
            "classes. Allowed: 2."
        )
    return classes, (y == classes[1]).astype(np.float64)
