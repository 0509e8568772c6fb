"""Contributions as a `shap.Explanation`, which every picture of SHAP takes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.errors import SchemaError

if TYPE_CHECKING:
    from shap import Explanation as Explanation


def shap_explanation(
    contributions: pd.DataFrame,
    data: pd.DataFrame | None = None,
    labels: Mapping[str, str] | None = None,
) -> "Explanation":
    """Exact contributions in SHAP's own form.

    Parameters
    ----------
    contributions : DataFrame of shape (n, p + 1)
        In log-odds, ``base`` last.
    data : DataFrame of shape (n, p), optional
        What stands behind each contribution, NaN where unknown. A clinical factor has no single
        value: without `data` every value is NaN.
    labels : mapping of str to str, optional
        Names to show.

    Returns
    -------
    shap.Explanation
        ``values`` (n, p), ``base_values`` (n,), ``data`` (n, p); a row's values and its base sum to
        logit(risk).
    """
    import shap

    names = [str(name) for name in contributions.columns[:-1]]
    values = contributions.iloc[:, :-1].to_numpy(dtype=np.float64)
    seen = np.full(values.shape, np.nan) if data is None else data.to_numpy(dtype=np.float64)
    return shap.Explanation(
        values=values,
        base_values=contributions.iloc[:, -1].to_numpy(dtype=np.float64),
        data=seen,
        feature_names=[(labels or {}).get(name, name) for name in names],
        output_names="log-odds",
    )


def by_feature(by: str) -> bool:
    """Whether contributions are asked for by feature, or else by clinical factor.

    Raises
    ------
    SchemaError
        When it is another word.
    """
    if by not in ("feature", "factor"):
        raise SchemaError(f"Contributions were asked for by '{by}'. Allowed: feature, factor.")
    return by == "feature"
