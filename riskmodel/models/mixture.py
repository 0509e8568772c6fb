"""A fitted mixture of one logistic and one bag of trees: every answer is a sum of contributions."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from riskmodel.arrays import Floats, expit, row_sums
from riskmodel.models.explanation import by_feature, shap_explanation
from riskmodel.models.learning.columns import Scale
from riskmodel.models.learning.factors import by_factor
from riskmodel.models.learning.interval import missing_variance, risk_interval
from riskmodel.models.tree_shap import Forest

if TYPE_CHECKING:
    from riskmodel.models.explanation import Explanation


class Mixture(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """What a fitted mixture answers; `RiskClassifier` learns one.

    ``logit(risk) = a + b * (intercept + coefficients . z + trees(x))``. Attributes as those of
    `RiskClassifier`, of the same names.
    """

    groups: Mapping[str, str] | None
    clock: Sequence[str] | None
    classes_: npt.NDArray[Any]
    names_: list[str]
    scale_: Scale
    forest_: Forest
    calibration_: tuple[float, float]
    linear_intercept_: float
    linear_coef_: Floats
    bag_coef_: Floats
    spread_: Floats
    between_: float
    slope_sd_: float
    signal_: float
    n_patients_: int
    n_events_: int

    def _departure(self, parts: Floats) -> Floats:
        """What the features but those of time contribute to each row's log-odds, float64[n]."""
        clock = np.array([name in (self.clock or ()) for name in self.names_])
        return row_sums(parts[:, :-1][:, ~clock])

    def _checked(self, X: Any) -> Floats:
        check_is_fitted(self)
        return np.asarray(
            validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        )

    def _contributions(self, X: Floats, trees: Floats | None = None) -> Floats:
        """float64[n, p + 1], the base last; the decision value is their sum, by definition."""
        a, b = self.calibration_
        total = self.forest_.contributions(X)[0] if trees is None else trees.copy()
        total[:, :-1] += self.scale_.standardise(X) * self.linear_coef_
        total[:, -1] += self.linear_intercept_
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
        summed = by_factor(parts, self.names_, self.groups)
        return pd.DataFrame({**summed, "base": parts[:, -1]}, index=index)

    def explanation(self, X: Any, by: str = "feature") -> "Explanation":
        """The same contributions as SHAP's own pictures take them.

        Parameters
        ----------
        X : DataFrame or array, float (n, p)
        by : {"feature", "factor"}
            A clinical factor's contributions are summed; it has no value of its own.

        Examples
        --------
        ``shap.plots.beeswarm(model.explanation(X))``
        """
        if not by_feature(by):
            return shap_explanation(self.factor_contributions(X))
        return shap_explanation(
            self.contributions(X), pd.DataFrame(self._checked(X), columns=self.names_)
        )

    def __str__(self) -> str:
        """With the call that explains it: SHAP's `Explainer` refuses a model by this text."""
        return f"{self!r}. For its SHAP values call .explanation(X)"

    def explain(self, X: Any, level: float = 0.9) -> tuple[pd.DataFrame, Floats, Floats]:
        """`factor_contributions` and `predict_interval` from one pass over the trees.

        Returns
        -------
        contributions : DataFrame (n, factors + 1)
        low, high : float64[n], float64[n]
        """
        rows = self._checked(X)
        trees, margins = self.forest_.contributions(rows)
        parts = self._contributions(rows, trees)
        Z = self.scale_.standardise(rows)
        linear = [row_sums(Z * coef[1:]) + coef[0] for coef in self.bag_coef_]
        low, high = risk_interval(
            row_sums(parts), self.calibration_[1] * (np.column_stack(linear) + margins), level,
            missing=missing_variance(np.isnan(rows), self.spread_, self.names_, self.groups or {}),
            between=self.between_, departure=self._departure(parts), slope_sd=self.slope_sd_,
            signal=self.signal_, patients=self.n_patients_, events=self.n_events_,
        )  # fmt: skip
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

        Of the patients who look like this one to the model, at a centre like those it was trained
        on, this share has a probability within it. On the log-odds scale: the spread over the bag,
        the uncertainty of the base rate and of the calibration slope, the spread between centres,
        what patients who look alike differ by, and for each clinical factor what its missing
        inputs usually contribute. A factor's missing inputs are taken to move together; factors
        are taken as independent.

        Parameters
        ----------
        X : DataFrame or array, float (n, p)
        level : float
            Coverage aimed at, between 0 and 1.

        Returns
        -------
        low, high : float64[n], float64[n]
        """
        _, low, high = self.explain(X, level)
        return low, high

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags


def _index(X: Any) -> pd.Index | None:
    return X.index if isinstance(X, pd.DataFrame) else None
