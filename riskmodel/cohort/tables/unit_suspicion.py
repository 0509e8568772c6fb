"""Units of the other hemisphere: results that only make sense in another unit of the analyte.

Nothing is corrected: the rows are flagged by analyte and unit, and a single result that is
impossible as charted says which unit it would fit.
"""

from collections.abc import Sequence

import numpy as np

from riskmodel.arrays import Codes, Floats
from riskmodel.cohort.units import Analyte, analytes

FEWEST_RESULTS = 5
"""Results of one analyte in one unit below which their median says nothing."""

_CLOSE, _FAR = 2.5, 6.0
"""A median within this factor of the typical one fits; beyond that factor it does not."""


def fitting_unit(analyte: Analyte, value: float, factor: float) -> str | None:
    """Unit in which results of this size would be typical, where the charted one is far off.

    Parameters
    ----------
    analyte : Analyte
    value : float
        In the canonical unit, as converted from the charted unit.
    factor : float
        Of the charted unit.

    Examples
    --------
    >>> fitting_unit(analytes()["creatinine"], 80.0, 1.0)
    'umol/L'
    >>> fitting_unit(analytes()["creatinine"], 2.5, 1.0) is None
    True
    """
    if analyte.typical is None or not value > 0:
        return None

    typical = analyte.typical

    def distance(size: float) -> float:
        return float(abs(np.log(size / typical)))

    if distance(value) < np.log(_FAR):
        return None
    for unit, other in analyte.factors.items():
        if other != factor and distance(value / factor * other) < np.log(_CLOSE):
            return unit
    return None


def suspicions(
    names: Sequence[str],
    analyte: Codes,
    factor: Floats,
    group: Codes,
    value: Floats,
) -> list[tuple[str, float, str, int]]:
    """Analytes and charted units whose median result fits another unit.

    Parameters
    ----------
    names : sequence of str
        Analytes by index.
    analyte, factor : arrays of shape (groups,)
        Index of the analyte, -1 for none, and factor of the charted unit; several groups may
        have the same.
    group, value : arrays of shape (n,)
        Group and canonical value of each usable result.

    Returns
    -------
    list of (analyte, factor, unit that fits, results)
    """
    found = []
    pairs = np.column_stack([analyte, np.where(analyte < 0, 0.0, factor)])
    distinct, pair = np.unique(pairs, axis=0, return_inverse=True)
    pair = pair.ravel()[group].astype(np.int16)
    order = np.argsort(pair, kind="stable")
    edges = np.searchsorted(pair[order], np.arange(len(distinct) + 1))
    for (index, used), first, end in zip(distinct, edges[:-1], edges[1:], strict=True):
        if end - first < FEWEST_RESULTS:
            continue
        entry = analytes()[names[int(index)]]
        unit = fitting_unit(entry, float(np.median(value[order[first:end]])), float(used))
        if unit is not None:
            found.append((entry.name, float(used), unit, int(end - first)))
    return found
