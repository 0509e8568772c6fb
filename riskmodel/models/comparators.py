"""What the model is reported beside: a ridge logistic, and single scores such as ferritin."""

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from riskmodel.arrays import Codes, Floats, expit, logit
from riskmodel.errors import SchemaError
from riskmodel.models.learning.columns import learn_scale
from riskmodel.models.learning.folds import deal_folds, patient_codes, patients_with_event
from riskmodel.models.learning.shrinkage import log_loss, shrunken_logistic

STRENGTHS: tuple[float, ...] = tuple(float(c) for c in np.logspace(-4, 1, 11))
"""Inverse penalties tried, in scikit-learn's sense of C."""

_WIDE = 10.0
"""Deviation of a slope that is practically free, yet finite when the classes separate."""


class _Comparator(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """What the comparators share: rows in, log-odds on standardised columns out."""

    def _rows(
        self, X: pd.DataFrame, y: Any, sample_weight: Any, patient: Any
    ) -> tuple[Floats, Floats, Floats, Codes]:
        values = X.to_numpy(dtype=np.float64)
        self.classes_, codes = np.unique(np.asarray(y), return_inverse=True)
        if len(self.classes_) != 2:
            raise SchemaError(
                f"The training rows hold {len(self.classes_)} classes of the outcome. A comparator "
                "needs patients with the event and patients without it."
            )
        weight = np.ones(len(values)) if sample_weight is None else np.asarray(sample_weight)
        labels = None if patient is None else np.asarray(patient)
        people = patient_codes(labels, len(values))
        weight = weight.astype(np.float64) * (len(np.unique(people)) / weight.sum())
        return values, codes.astype(np.float64), weight, people

    def decision_function(self, X: pd.DataFrame) -> Floats:
        """Log-odds of the event, float64[n]."""
        values = X[self.names_].to_numpy(dtype=np.float64)
        Z = self.scale_.standardise(values)
        return np.asarray(self.linear_intercept_ + (Z * self.linear_coef_).sum(axis=1))

    def predict_proba(self, X: pd.DataFrame) -> Floats:
        """Probability of no event and of the event, float64[n, 2]."""
        risk = expit(self.decision_function(X))
        return np.column_stack([1.0 - risk, risk])

    def predict(self, X: pd.DataFrame) -> npt.NDArray[Any]:
        """The likelier class."""
        return np.asarray(self.classes_[(self.decision_function(X) > 0).astype(np.int64)])


class RidgeLogistic(_Comparator):
    """Ridge logistic on all features, its strength by cross-validated log-loss.

    Missing values stand at the median. Folds are grouped by patient and stratified by event;
    standardisation happens inside them.

    Parameters
    ----------
    strengths : sequence of float
        Inverse penalties to choose from.
    n_folds : int
        At most; never more than the patients with the rarer outcome.
    random_state : int
    """

    def __init__(
        self,
        *,
        strengths: tuple[float, ...] = STRENGTHS,
        n_folds: int = 5,
        random_state: int = 0,
    ) -> None:
        self.strengths = strengths
        self.n_folds = n_folds
        self.random_state = random_state

    def fit(self, X: pd.DataFrame, y: Any, sample_weight: Any = None, patient: Any = None) -> Self:
        """Fit on a frame of features, float (n, p), NaN for missing."""
        values, event, weight, people = self._rows(X, y, sample_weight, patient)
        self.names_ = list(X.columns)
        affected = int(patients_with_event(event, people).sum())
        rarer = min(affected, int(people.max()) + 1 - affected)
        folds = min(self.n_folds, rarer)
        # One thread inside linear algebra: at this size more of them only wait for each other.
        with threadpool_limits(limits=1):
            if folds >= 2:
                fold = deal_folds(event, people, folds, np.random.default_rng(self.random_state))
                losses = self._losses(values, event, weight, fold)
                self.C_ = float(self.strengths[int(np.argmin(losses))])
            else:
                self.C_ = float(min(self.strengths))
            self.scale_ = learn_scale(values, weight)
            fitted = _ridge(self.scale_.standardise(values), event, weight, self.C_)
        self.linear_intercept_, self.linear_coef_ = float(fitted.intercept_[0]), fitted.coef_[0]
        return self

    def _losses(self, values: Floats, event: Floats, weight: Floats, fold: Codes) -> Floats:
        """Log-loss outside the folds, one for each strength."""
        total = np.zeros(len(self.strengths))
        for number in range(int(fold.max()) + 1):
            out = fold == number
            scale = learn_scale(values[~out], weight[~out])
            inside, outside = scale.standardise(values[~out]), scale.standardise(values[out])
            for k, strength in enumerate(self.strengths):
                fitted = _ridge(inside, event[~out], weight[~out], strength)
                log_odds = outside @ fitted.coef_[0] + fitted.intercept_[0]
                total[k] += log_loss(event[out], log_odds, weight[out])
        return total


def _ridge(Z: Floats, event: Floats, weight: Floats, C: float) -> LogisticRegression:
    model = LogisticRegression(C=C, solver="newton-cholesky", max_iter=200)
    return model.fit(Z, event, sample_weight=weight)


class SingleScore(_Comparator):
    """Logistic regression on one column: a published score, or a single laboratory value.

    Missing values stand at the median.

    Parameters
    ----------
    column : str
        Name of the feature.
    """

    def __init__(self, *, column: str) -> None:
        self.column = column

    def _only(self, X: pd.DataFrame) -> pd.DataFrame:
        if self.column not in X.columns:
            raise SchemaError(
                f"Feature '{self.column}' is not in the matrix. Name a feature of the catalogue "
                "as 'column'."
            )
        return X[[self.column]].astype(np.float64)

    def fit(self, X: pd.DataFrame, y: Any, sample_weight: Any = None, patient: Any = None) -> Self:
        """Fit on a frame that holds the column; missing stands at the median."""
        values, event, weight, _ = self._rows(self._only(X), y, sample_weight, patient)
        self.names_ = [self.column]
        self.scale_ = learn_scale(values, weight)
        if self.scale_.varied[0]:
            fitted = shrunken_logistic(
                self.scale_.standardise(values), event, weight, np.zeros(1), np.array([_WIDE])
            )
        else:
            fitted = np.array([float(logit(float(weight @ event) / float(weight.sum()))), 0.0])
        self.linear_intercept_, self.linear_coef_ = float(fitted[0]), fitted[1:]
        return self

    def decision_function(self, X: pd.DataFrame) -> Floats:
        """Log-odds of the event, float64[n]."""
        return super().decision_function(self._only(X))
