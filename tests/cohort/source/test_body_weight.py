"""Which weight is the patient's: the latest at or before the infusion, in kilograms."""

import pandas as pd
import pytest

from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.source.body_weight import WEIGHT, with_weights
from riskmodel.cohort.units import analytes, find_analyte, resolve, unit_in_name

PATIENTS = pd.DataFrame({"patient_id": ["P"], "infusion_time": ["2024-05-10T10:00:00"]})

# time, value, unit, comparator -> weight or reason
CASES = [
    ("2024-05-10T10:00:00", 70, "kg", "", 70.0, "exactly at the infusion is known"),
    ("2024-05-10T10:00:01", 70, "kg", "", None, "later records are never used"),
    ("2024-04-10T10:00:00", 70, "kg", "", 70.0, "30 days before"),
    ("2024-04-10T09:59:59", 70, "kg", "", None, "longer before"),
    ("2024-05-10", 70, "kg", "", 70.0, "a date reads as midnight"),
    ("2024-05-01T10:00:00", "154,32", "[lb_av]", "", 154.32 * 0.45359237, "decimal comma, pounds"),
    ("2024-05-01T10:00:00", 3500, "g", "", 3.5, "grams"),
    ("2024-05-01T10:00:00", 70, "kg", ">", None, "a bound is no weight"),
    ("2024-05-01T10:00:00", ">100", "kg", "", None, "a bound in the text"),
    ("2024-05-01T10:00:00", 70, "", "", "missing_unit", "kilograms or pounds"),
    ("2024-05-01T10:00:00", 70, "stone", "", "unknown_unit", ""),
    ("2024-05-01T10:00:00", 0, "kg", "", "value_impossible", ""),
    ("2024-05-01T10:00:00", 70000, "kg", "", "value_impossible", "grams charted as kilograms"),
    ("2024-05-01T10:00:00", "refused", "kg", "", "value_not_a_number", ""),
    ("2024-05-01T10:00:00", None, "kg", "", "value_missing", ""),
    ("", 70, "kg", "", "time_missing", ""),
    ("yesterday", 70, "kg", "", "time_unreadable", ""),
    ("2024-05-01T10:00:00Z", 70, "kg", "", "time_zone_mismatch", "the infusion names no zone"),
]


def weights(*rows: tuple[object, ...]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["time", "value", "unit", "comparator"], dtype=object)
    return frame.assign(patient_id="P")


@pytest.mark.parametrize(("time", "value", "unit", "sign", "expected", "why"), CASES)
def test_weights(
    time: str, value: object, unit: str, sign: str, expected: object, why: str
) -> None:
    own = Rejections()
    found = with_weights(PATIENTS, weights((time, value, unit, sign)), own)["weight_kg"].iloc[0]
    reasons = own.frame()["reason"].tolist()
    if isinstance(expected, str):
        assert reasons == [expected], why
        assert pd.isna(found)
    else:
        assert not reasons, why
        assert found == pytest.approx(expected) if expected else pd.isna(found), why


def test_the_latest_counts_and_equal_times_are_averaged() -> None:
    charted = weights(
        ("2024-05-01T10:00:00", 50, "kg", ""),
        ("2024-05-09T10:00:00", 70, "kg", ""),
        ("2024-05-09T10:00:00", 72, "kg", ""),
        ("2024-05-11T10:00:00", 90, "kg", ""),
    )
    own = Rejections()
    assert with_weights(PATIENTS, charted, own)["weight_kg"].tolist() == [71.0]
    assert own.notes["body weight"] == {
        "other results (not used)": 1,
        "results in the window before the infusion": 3,
    }


def test_weight_is_read_like_a_result_and_is_none() -> None:
    assert find_analyte("Body Weight", "", internal=True) == WEIGHT
    assert find_analyte("", "29463-7", internal=True) == WEIGHT
    assert find_analyte("Body Weight", "29463-7") is None
    assert WEIGHT not in analytes()
    assert find_analyte("Dry body weight Estimated", "", internal=True) is None
    assert unit_in_name(WEIGHT, "Weight (Lbs)") == "[lb_av]"
    assert resolve(WEIGHT, "", " Pounds ", internal=True).factor == pytest.approx(0.45359237)
