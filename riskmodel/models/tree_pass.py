"""The compiled pass of rows through packed trees. Import it only where it is needed: numba."""

from typing import Any

import numpy as np
from numba import types

from riskmodel.compiled import compiled, read_only


@compiled(
    types.void(
        read_only(types.int64, 2),
        read_only(types.float32, 2),
        read_only(types.boolean, 2),
        read_only(types.float64, 3),
        read_only(types.float64, 2),
        read_only(types.float32, 2),
        types.float64[:, ::1],
        types.float64[:, ::1],
        types.int64,
    )
)
def add_trees(
    feature: Any,
    threshold: Any,
    missing_right: Any,
    parts: Any,
    value: Any,
    X: Any,
    total: Any,
    margins: Any,
    draw: int,
) -> None:
    """Add the trees' contributions to `total` and their margins to one column of `margins`.

    Parameters
    ----------
    feature, threshold, missing_right, parts, value
        See `riskmodel.models.tree_shap.Packed`.
    X : float32[n, p]
        NaN is missing.
    total : float64[n, p + 1]
    margins : float64[n, draws]
    draw : int
    """
    for i in range(X.shape[0]):
        margin = margins[i, draw]
        for t in range(feature.shape[0]):
            code = 0
            for k in range(3):
                x = X[i, feature[t, k]]
                right = missing_right[t, k] if np.isnan(x) else x >= threshold[t, k]
                if right:
                    code += 1 << k
            for k in range(3):
                total[i, feature[t, k]] += parts[t, k, code]
            margin += value[t, code]
        margins[i, draw] = margin
