"""Alarms are counted per patient, by hand."""

import numpy as np
import pandas as pd
import pytest

from riskmodel.evaluation.measures.alarms import alarms
from riskmodel.evaluation.measures.comparators import Contender
from riskmodel.evaluation.rows import Examples

# patient, day, risk, event: alarmed at 0.20 are patients 0 (true), 1, and 3 (true, on day 2 only)
ROWS = ((0, 1, 0.30, 1), (1, 1, 0.25, 0), (2, 1, 0.05, 0), (3, 1, 0.10, 1), (4, 1, 0.12, 1),
        (1, 2, 0.01, 0), (2, 2, 0.02, 0), (3, 2, 0.60, 1))  # fmt: skip


@pytest.fixture
def found():
    patient, day, risk, y = (np.array(part) for part in zip(*ROWS, strict=True))
    share = np.bincount(patient)[patient]
    outcome = np.where(y == 1, "event", "no_event").astype(object)
    rows = Examples(pd.DataFrame(index=range(8)), y.astype(np.int8), 1 / share, patient, 24.0 * day,
                    np.where(y == 1, 30.0, np.nan), outcome, np.full(8, 100.0), {})  # fmt: skip
    table = alarms(rows, Contender("one", risk, risk, ""), draws=20, seed=1)
    return table.set_index(["threshold", "metric"])["value"]


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ("patients_alarmed", 3 / 5),
        ("sensitivity", 2 / 3),
        ("specificity", 1 / 2),
        ("positive_predictive_value", 2 / 3),
        ("negative_predictive_value", 1 / 2),
        ("alarms_per_true_case", 3 / 2),
    ],
)
def test_by_hand(found, metric, value):
    assert found[0.2, metric] == pytest.approx(value)


def test_a_risk_at_the_threshold_alarms(found):
    assert found[0.3, "patients_alarmed"] == pytest.approx(2 / 5)
    assert found[0.5, "alarms_per_true_case"] == pytest.approx(1)
