"""A number and a text beside it: one result, a bound, or a contradiction; never something else."""

import numpy as np
import pandas as pd
import pytest

from riskmodel.cohort.source.values import joined_unit, read_values

NAN = float("nan")

# number, text -> value, comparator, refusal
CASES = [
    (40000, ">40000 ng/mL", 40000, ">", "", "text with its unit"),
    (40000, "> 40,000", 40000, ">", "", "the other reading is the number"),
    (7500, ">7500 (H)", 7500, ">", "", "a flag"),
    (1000, "&gt;1000", 1000, ">", "", "HTML"),
    (2000, "GREATER THAN 2000 NG/ML", 2000, ">", "", "words"),
    (5, "<5.0 pg/mL", 5, "<", "", ""),
    (600, "600", 600, "", "", "the same number"),
    (1, ">1,500", None, "", "value_conflict", "1 against 1500"),
    (12, "12,345", None, "", "value_conflict", "12 against 12.345 and 12345"),
    (2.5, "<5", None, "", "value_conflict", "half the limit was put in"),
    (7, "hemolytic", 7, "", "", "a remark"),
    (9999999, ">5000", 5000, ">", "", "the number stands for none"),
    (-999, "12", 12, "", "", "the number stands for none"),
    (NAN, "LESS THAN 10", 10, "<", "", "text alone"),
    (NAN, "1,234", None, "", "number_two_ways", "text alone, two readings"),
    (NAN, "1000-2000", None, "", "value_not_a_number", ""),
    (NAN, "9999999", None, "", "value_sentinel", ""),
    (NAN, "", None, "", "value_missing", ""),
    (0.6, "600", 0.6, "", "", "converted with the ratio"),
]


@pytest.mark.parametrize(("number", "text", "value", "sign", "refusal", "why"), CASES)
def test_a_number_and_a_text(
    number: float, text: str, value: float | None, sign: str, refusal: str, why: str
) -> None:
    ratio = np.array([0.001])
    found = read_values(np.array([float(number)]), pd.Series([text], dtype="str"), ratio)
    assert found.refusal.tolist() == [refusal], why
    if value is not None:
        assert found.value.tolist() == [value], why
        assert found.comparator.tolist() == [sign], why


def test_units_of_the_text() -> None:
    assert joined_unit("", "mg/L") == ("mg/L", "")
    assert joined_unit("mg/L", "MG/L") == ("mg/L", "")
    assert joined_unit("ng/mL", "mg/L")[1] == "unit_conflict"
    assert joined_unit("odd", "") == ("odd", "")


def test_the_texts_show_their_decimal_sign() -> None:
    for texts, value in ((["<1.875", "2.5"], 1.875), (["<1.875", "2,5"], 1875)):
        found = read_values(np.full(2, np.nan), pd.Series(texts, dtype="str"))
        assert found.value[0] == value
    # Of texts that show both, either before three digits stays open.
    both = read_values(np.full(4, np.nan), pd.Series(["<1.875", "1,875", "2,5", "2.5"]))
    assert both.refusal.tolist() == ["number_two_ways", "number_two_ways", "", ""]


@pytest.mark.parametrize(
    ("number", "text", "refusal"),
    [
        (0, "not detected", "value_conflict"),
        (0, "QNS", "value_conflict"),
        (0, "0", ""),
        (0, "<0.5", "value_conflict"),
        (7, "hemolyzed", ""),
        (7, "Cancelled", "cancelled"),
        (7, "entered in error", "entered_in_error"),
        (7, "storniert", "cancelled"),
        (7, "x", ""),
        (7, "pending", "not_final"),
    ],
)
def test_a_remark_may_take_its_number_back(number: float, text: str, refusal: str) -> None:
    found = read_values(np.array([number], dtype=float), pd.Series([text], dtype="str"))
    assert found.refusal.tolist() == [refusal]
    none = read_values(np.array([1.0]), pd.Series([None], dtype="str"))
    assert none.value.tolist() == [1.0]
