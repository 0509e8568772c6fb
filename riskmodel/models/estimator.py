"""The risk estimator: published evidence and the centre's own patients, on the log-odds scale."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from joblib import Parallel
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, validate_data
from threadpoolctl import threadpool_limits

from riskmodel.arrays import Codes, Floats
from riskmodel.features import Catalogue, load_catalogue
from riskmodel.models.catalogue_priors import check_sources, priors
from riskmodel.models.imputation import Plausible, learn_plausible
from riskmodel.models.learning.base_learners import Recipe
from riskmodel.models.learning.factors import spread_of
from riskmodel.models.learning.fitting import Plan, learn
from riskmodel.models.learning.folds import canonical_order, patient_codes
from riskmodel.models.learning.outcome import FEWEST_EVENTS, count_patients, two_classes
from riskmodel.models.learning.trees import TreeSettings
from riskmodel.models.mixture import Mixture
from riskmodel.models.tree_shap import pack


class FewEventsWarning(UserWarning):
    """The cohort holds too few events to learn how much each part of the model should count."""


class RiskClassifier(Mixture):
    """Evidence-informed logistic and bagged monotone boosting for small cohorts.

    ``logit(risk) = a + b * (intercept + coefficients . z + trees(x))``, where z are the
    standardised columns with missing values at their reference. The coefficients are a weighted
    mean of logistics that lean on the evidence to different degrees, down to none; the trees a
    bag of shallow boosters. Weights, a and b come from out-of-fold log-odds; b is then drawn
    towards 0, and the risk towards the base rate, by how likely it is that the rows hold no
    signal at all.

    Parameters
    ----------
    evidence : mapping of str to (mean, sd, "unit" or "sd"), optional
        Expected log-odds of a feature and its standard deviation, per unit of the feature or per
        standard deviation of it in the training data.
    directions : mapping of str to {-1, 0, 1}, optional
        Monotone direction of risk of a feature, which holds in the linear part, in the trees and
        so in their sum, unless the data overrule the directions beyond `overrule_nats`.
    groups : mapping of str to str, optional
        Clinical factor of a feature; a feature without one is its own factor.
    clock : sequence of str, optional
        Features that tell the time of the prediction. Their effect is hardly shrunk and is part of
        the base rate, since the time left before the horizon moves every risk.
    severity : sequence of str, optional
        Features with a direction that the data never overrule: organ support and other
        consequences of severity, which cannot protect.
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
    calibration_mean, calibration_sd : float
        The calibration slope expected, above 1 since members are shrunken and fitted on a part
        of the rows, and how far from it the slope may lie.
    signal_prior : float
        Probability, before the data, that risk differs between patients in a way that the
        features tell; 1 draws nothing to the base rate.
    overrule_nats : float
        By how much the log-loss out of fold, summed over patients, must fall without the declared
        directions for them to be given up.
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
    overruled_ : bool
        Whether the data gave up the declared directions, those of `severity` excepted.
    calibration_ : (float, float)
        a and b.
    slope_sd_ : float
        Standard deviation of the slope b, relative to it.
    between_ : float
        Variance over the training rows of the log-odds' departure from the base rate.
    signal_ : float
        Probability, given the data, that the features tell anything: by it the calibrated
        log-odds are drawn towards the base rate.
    scale_ : Scale
        Reference and spread of the columns.
    linear_intercept_, linear_coef_ : float, float64[p]
        Of the linear part, per standard deviation, before a and b.
    bag_coef_ : float64[n_bags, p + 1]
        Intercept and coefficients of each draw.
    bag_ : list of list of Booster
        The tree members that count, each with one booster per draw.
    bag_weights_ : list of float
        Weight of each tree member in ``bag_``.
    forest_ : Forest
        The boosters as tables, for exact contributions.
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
    docs/model.md
    """

    def __init__(
        self,
        *,
        evidence: Mapping[str, tuple[float, float, str]] | None = None,
        directions: Mapping[str, int] | None = None,
        groups: Mapping[str, str] | None = None,
        clock: Sequence[str] | None = None,
        severity: Sequence[str] | None = None,
        n_bags: int = 10,
        n_repeats: int = 4,
        n_folds: int = 5,
        n_draws: int = 1,
        evidence_strengths: Sequence[float] = (2.0, 4.0, 8.0),
        zero_strengths: Sequence[float] = (2.0, 4.0),
        slope_sd: float = 1.0,
        default_sd: float = 0.25,
        stack_strength: float = 5.0,
        calibration_mean: float = 1.1,
        calibration_sd: float = 0.25,
        signal_prior: float = 0.7,
        overrule_nats: float = 3.0,
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
        self.clock = clock
        self.severity = severity
        self.n_bags = n_bags
        self.n_repeats = n_repeats
        self.n_folds = n_folds
        self.n_draws = n_draws
        self.evidence_strengths = evidence_strengths
        self.zero_strengths = zero_strengths
        self.slope_sd = slope_sd
        self.default_sd = default_sd
        self.stack_strength = stack_strength
        self.calibration_mean = calibration_mean
        self.calibration_sd = calibration_sd
        self.signal_prior = signal_prior
        self.overrule_nats = overrule_nats
        self.max_depth = max_depth
        self.n_rounds = n_rounds
        self.learning_rate = learning_rate
        self.reg_lambda = reg_lambda
        self.min_child_weight = min_child_weight
        self.subsample = subsample
        self.colsample = colsample
        self.random_state = random_state
        self.n_jobs = n_jobs

    @classmethod
    def from_catalogue(
        cls,
        catalogue: Catalogue | Path | str | None = None,
        *,
        exclude_sources: Sequence[str] = (),
        **parameters: Any,
    ) -> Self:
        """The estimator with a catalogue's evidence, directions, factors and roles.

        Parameters
        ----------
        catalogue : Catalogue, Path or str, optional
            The shipped one by default; a path is that of a TOML file. It may hold more features
            than the rows to fit on, which are matched by name.
        exclude_sources : sequence of str
            Evidence whose source contains one of these texts is dropped.
        **parameters
            Any other parameter of the estimator; one that the catalogue gives goes before it.

        Raises
        ------
        SchemaError
            When the catalogue cannot be read or a source is in none of its evidence.

        Examples
        --------
        >>> RiskClassifier.from_catalogue(n_bags=4).directions["ferritin_last_log10"]
        1
        """
        if not isinstance(catalogue, Catalogue):
            catalogue = load_catalogue() if catalogue is None else load_catalogue(Path(catalogue))
        check_sources(catalogue, exclude_sources)
        return cls(**{**priors(catalogue, exclude_sources), **parameters})

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
        self.classes_, event = two_classes(y)
        numbered = [f"x{j}" for j in range(self.n_features_in_)]
        self.names_ = [str(name) for name in getattr(self, "feature_names_in_", numbered)]
        labels = None if patient is None else np.asarray(patient)
        order = canonical_order(X, event, weight)
        X, event, weight = X[order], event[order], weight[order]
        codes = patient_codes(None if labels is None else labels[order], len(X))
        self._learn(X, event, weight, codes, order)
        return self

    def _learn(self, X: Floats, y: Floats, weight: Floats, patient: Codes, order: Codes) -> None:
        counts = count_patients(y, weight, patient)
        self.n_patients_, self.n_events_ = counts.patients, counts.events
        weight = weight * (self.n_patients_ / weight.sum())
        self.n_folds_ = counts.folds(self.n_folds)
        if self.n_folds_ == 0:
            warnings.warn(
                f"Only {counts.rarer} patients have the rarer outcome; at least {FEWEST_EVENTS} "
                "are needed to learn how much each part of the model counts, so the expected "
                "weights are used, which lean on the published evidence.",
                FewEventsWarning,
                stacklevel=3,
            )
        recipe, plan = self._recipe(), Plan(**self._named(Plan))
        # One thread inside linear algebra: sums then have one order on every machine.
        with threadpool_limits(limits=1):
            learnt = learn(
                X, y, weight, patient, self.n_folds_, recipe, plan, self.random_state,
                self._parallel,
            )  # fmt: skip
            self.overruled_ = learnt.overruled
            recipe = replace(recipe, overruled=learnt.overruled)
            self.weights_ = pd.Series(learnt.weights, index=recipe.linear + recipe.forests)
            self.calibration_, self.signal_ = learnt.calibration, learnt.signal
            self.slope_sd_ = learnt.slope_sd
            self.scale_ = learnt.scale
            self.linear_intercept_, self.linear_coef_ = learnt.intercept, learnt.coef
            self.bag_coef_, self.bag_ = learnt.bag_coef, learnt.bag
            self.bag_weights_ = learnt.bag_weights
            self.forest_ = pack(self.bag_, self.bag_weights_, len(self.names_), self.n_bags)
            self.out_of_fold_ = np.full(len(y), np.nan)
            self.out_of_fold_[order] = learnt.out_of_fold
            parts = self._contributions(X)
            self.spread_ = spread_of(parts[:, :-1], X)
            self.between_ = float(np.cov(self._departure(parts), aweights=weight))
            self.plausible_: Plausible = learn_plausible(X, weight)

    def _recipe(self) -> Recipe:
        return Recipe(
            names=self.names_,
            evidence=dict(self.evidence or {}),
            groups=dict(self.groups or {}),
            directions=dict(self.directions or {}),
            evidence_strengths=tuple(self.evidence_strengths),
            zero_strengths=tuple(self.zero_strengths),
            clock=frozenset(self.clock or ()),
            severity=frozenset(self.severity or ()),
            slope_sd=self.slope_sd,
            default_sd=self.default_sd,
            trees=TreeSettings(**self._named(TreeSettings)),
        )

    def _named(self, settings: type) -> dict[str, Any]:
        """The parameters of the same names as the fields of `settings`."""
        return {field.name: getattr(self, field.name) for field in fields(settings)}

    def _parallel(self) -> Parallel:
        return Parallel(n_jobs=self.n_jobs, prefer="threads")
