"""Every feature of the catalogue in plain words, a time without an event included."""

import math

import pytest

from riskmodel.features import load_catalogue
from riskmodel.patient.wording import natural

CATALOGUE = {feature.name: feature for feature in load_catalogue()}


@pytest.mark.parametrize("feature", CATALOGUE.values(), ids=CATALOGUE)
def test_every_feature_is_told_in_words(feature):
    assert natural(feature, math.nan) == "unknown"
    for value in (feature.minimum, feature.maximum):
        text = natural(feature, value)
        assert text
        assert "log" not in text
        assert "nan" not in text


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("tocilizumab_hours_since_last", 336.0, "none recorded"),
        ("tocilizumab_hours_since_last", 12.0, "12 h"),
        ("crs_onset_day", 14.0, "none recorded"),
        ("crs_onset_day", 2.5, "2.5 days"),
        ("tocilizumab_given", 0.0, "none recorded"),
        ("fever_returned", 1.0, "yes"),
        ("car_hematotox", 3.0, "3 points"),
        ("easix_log2", 1.0, "2"),
        ("ecog", 0.0, "0"),
        ("ferritin_last_to_threshold_log2", -1.0, "50% of the threshold"),
        ("signs_still_needed", 1.0, "1 sign"),
    ],
)
def test_shown_features_in_words(name, value, expected):
    assert natural(CATALOGUE[name], value) == expected
