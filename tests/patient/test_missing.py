"""The test that is asked for can still be done, and counts."""

import numpy as np
import pandas as pd
import pytest

from riskmodel.features import load_catalogue
from riskmodel.patient.missing import askable

FEATURES = tuple(load_catalogue())


def known(**values):
    return pd.Series({f.name: np.nan for f in FEATURES} | values)


def test_before_the_infusion_every_test_can_be_done():
    assert askable(FEATURES, known(), "pre_infusion") == {f.name for f in FEATURES}


@pytest.mark.parametrize(
    ("feature", "why"),
    [
        ("nk_cells_log10", "counted before lymphodepletion only"),
        ("ferritin_baseline_log10", "a baseline is of before the infusion"),
        ("marrow_t_nk_ratio_log10", "of the marrow before"),
        ("ferritin_slope_48h", "a trend needs a second result"),
        ("prediction_day", "no test"),
    ],
)
def test_after_the_infusion_what_no_longer_counts_is_not_asked_for(feature, why):
    assert feature in known().index
    assert feature not in askable(FEATURES, known(), "early"), why


def test_a_draw_fills_the_last_value_and_the_change():
    assert {"ldh_last_log10", "ldh_fold_log2"} <= askable(FEATURES, known(), "early")


def test_with_a_last_value_another_draw_gives_no_missing_baseline():
    found = askable(FEATURES, known(ldh_last_log10=2.5), "early")
    assert not {"ldh_last_log10", "ldh_fold_log2"} & found
