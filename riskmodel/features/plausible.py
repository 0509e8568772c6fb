"""Values outside their plausible range, which the matrix takes as missing: how many, and where."""

from dataclasses import replace

import numpy as np
import pandas as pd

from riskmodel.cohort import Cohort
from riskmodel.features.catalogue import Catalogue
from riskmodel.features.matrix import matrix
from riskmodel.features.records import Records


def implausible(
    cohort: Cohort | Records, catalogue: Catalogue, prediction_time: float
) -> pd.Series:
    """Count the values that the matrix leaves out because their range excludes them.

    Parameters
    ----------
    cohort, catalogue, prediction_time
        As for `matrix`.

    Returns
    -------
    Series of int, indexed by feature
        Only features with such a value, in the catalogue's order.
    """
    open_ended = tuple(replace(f, minimum=-np.inf, maximum=np.inf) for f in catalogue)
    built = matrix(cohort, Catalogue(open_ended, catalogue.text), prediction_time)
    counts = {
        f.name: int(((built[f.name] < f.minimum) | (built[f.name] > f.maximum)).sum())
        for f in catalogue
    }
    found = pd.Series(counts, dtype="int64")
    return found[found > 0]
