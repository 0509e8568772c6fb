"""Names of array types, and the log-odds scale: what every room may use."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
States = npt.NDArray[np.int8]
Texts = npt.NDArray[np.object_]


def expit(x: Floats) -> Floats:
    """Probability of log-odds `x`, without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * x)), dtype=np.float64)


def logit(p: Floats | float) -> Floats:
    """Log-odds of probability `p`."""
    return np.asarray(np.log(p) - np.log1p(-np.asarray(p)), dtype=np.float64)


def row_sums(parts: Floats) -> Floats:
    """Sum of each row, left to right: a row's sum does not depend on how many rows there are.

    NumPy adds in another order where there is one row, which moves the last bit.
    """
    total = np.zeros(len(parts))
    for column in parts.T:
        total += column
    return total
