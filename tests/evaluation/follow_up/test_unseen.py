"""What was not watched is told, and too much of it is refused."""

import pytest

from riskmodel.errors import SchemaError
from riskmodel.evaluation.follow_up.unseen import check_seen, in_words

FOUND = {
    "unseen_share": 0.62, "patients": 100.0, "censored": 80.0, "left_open": 3.0, "mean_rest": 0.02,
    "effective_patients": 91.0, "event_weight": 1.2, "weight_low": 0.9, "weight_median": 1.0,
    "weight_high": 1.5, "weight_largest": 2.5, "deaths": 4.0, "deaths_nearly_met": 1.0,
}  # fmt: skip


def test_the_share_the_effective_size_and_the_spread_are_printed():
    said = in_words(FOUND)
    for part in ("62.0% of the time", "80 of 100 patients", "Effective patients 91",
                 "0.90 to 1.50 (median 1.00, largest 2.50)", "4, of these 1 with"):  # fmt: skip
        assert part in said
    assert in_words({}) == ""


def test_above_the_share_it_is_refused_with_what_to_do():
    with pytest.raises(SchemaError, match=r"62% of the time .* design allows 50%.*--force --why"):
        check_seen(FOUND, 0.5, False, None, "ward")
    assert check_seen(FOUND, 0.62, False, None, "ward") == []
    assert check_seen({}, 0.0, False, None, "ward") == []


def test_force_needs_a_reason_and_keeps_it():
    with pytest.raises(SchemaError, match="needs a reason"):
        check_seen(FOUND, 0.5, True, " ", "ward")
    (said,) = check_seen(FOUND, 0.5, True, "pilot", "ward")
    assert said.endswith("trained all the same: pilot.")
