"""Units of the other hemisphere: named, never corrected."""

import numpy as np
import pytest

from riskmodel.cohort.tables.unit_suspicion import FEWEST_RESULTS, fitting_unit, suspicions
from riskmodel.cohort.units import analytes


@pytest.mark.parametrize(
    ("analyte", "value", "factor", "unit"),
    [
        ("creatinine", 80.0, 1.0, "umol/L"),
        ("creatinine", 2.5, 1.0, None),
        ("hemoglobin", 120.0, 1.0, "g/L"),
        ("fibrinogen", 3.2, 1.0, "g/L"),
        ("ferritin", 1e6, 1.0, None),
        ("creatinine", 0.0, 1.0, None),
    ],
)
def test_a_single_result(analyte: str, value: float, factor: float, unit: str | None) -> None:
    assert fitting_unit(analytes()[analyte], value, factor) == unit


@pytest.mark.parametrize("count", [FEWEST_RESULTS - 1, FEWEST_RESULTS])
def test_a_group_needs_enough_results(count: int) -> None:
    names = ["creatinine"]
    found = suspicions(
        names, np.array([0]), np.array([1.0]), np.zeros(count, dtype=np.int64), np.full(count, 80.0)
    )
    assert found == ([("creatinine", 1.0, "umol/L", count)] if count == FEWEST_RESULTS else [])
