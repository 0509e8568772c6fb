"""One number as written: every reading with its reason."""

import math

import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort.written.number_text import (
    POINT,
    common_sign,
    decimal_sign,
    parse_result,
    plain_number,
    read_limit,
    read_number,
)


@pytest.mark.parametrize(
    ("text", "value", "comparator", "unit"),
    [
        ("> 16,500.0 (H)", 16500, 2, ""),
        ("&gt;1000", 1000, 2, ""),
        ("&lt;=5", 5, -1, ""),
        ("\uff1e40000", 40000, 2, ""),
        (">40000 H", 40000, 2, ""),
        (">=40000*", 40000, 1, ""),
        ("LESS THAN 10 NG/ML", 10, -2, "NG/ML"),
        ("Greater than or equal to 7", 7, 1, ""),
        ("<5.0 pg/mL", 5, -2, "pg/mL"),
        ("1\u202f234", 1234, 0, ""),
        ("1\u2019234.5", 1234.5, 0, ""),
        ("12 345", 12345, 0, ""),
        ("1.2E+03", 1200, 0, ""),
        ("\u2265 5", 5, 1, ""),
        ("H 1500", 1500, 0, ""),
        ("600\u200b", 600, 0, ""),
        ("1.234,5 mg/L FEU", 1234.5, 0, "mg/L FEU"),
        ("> 100,000", 100000, 2, ""),
        ("=600", 600, 0, ""),
    ],
)
def test_what_can_be_read_in_one_way(text, value, comparator, unit):
    found = read_number(text)
    assert not isinstance(found, str)
    assert (found.value, found.comparator, found.unit) == (value, comparator, unit)
    assert math.isnan(found.other)


@pytest.mark.parametrize(
    ("text", "reason", "why"),
    [
        ("1000-2000", "value_not_a_number", "a range"),
        ("40000+", "value_not_a_number", "a scale of its own"),
        ("600 hemolyzed", "value_not_a_number", "a remark is neither flag nor unit"),
        ("5 of 10", "value_not_a_number", "two numbers"),
        ("2024 600", "value_not_a_number", "no thousands"),
        ("1.2.2024", "value_not_a_number", "a date"),
        ("#VALUE!", "value_not_a_number", "a spreadsheet's fault"),
        ("12,34,5", "value_not_a_number", "no grouping"),
        ("9999999", "value_sentinel", "no number"),
        ("999999.99", "value_sentinel", "no number"),
        (">9999999", "value_sentinel", "no bound either"),
        ("-999", "value_sentinel", "no number"),
        ("-2147483648", "value_sentinel", "the end of the integers"),
    ],
)
def test_what_is_no_number(text, reason, why):
    assert read_number(text) == reason, why


def test_a_bound_of_nines_that_a_scale_may_end_with_stays():
    assert read_number(">99999") == (99999.0, 2, "", False, pytest.approx(math.nan, nan_ok=True))


@pytest.mark.parametrize("text", ["1.234", "1,234", "-2.155", "<1,234", "12,345"])
def test_a_number_with_two_readings_has_both_until_its_sign_is_known(text):
    both = read_number(text)
    assert both.other == pytest.approx(1000 * both.value)
    sign = "," if "," in text else "."
    other = "." if sign == "," else ","
    assert read_number(text, sign).value == both.value
    assert read_number(text, other).value == both.other
    assert parse_result(text, "") is None


def test_a_standards_point_is_a_point_and_its_comma_open():
    assert read_number("1.234", POINT).value == 1.234
    assert math.isnan(read_number("1.234", POINT).other)
    assert read_number("1,234", POINT).other == 1234


@given(
    st.integers(0, 10**7),
    st.integers(0, 99),
    st.sampled_from([",", "."]),
    st.sampled_from(["", " ", "\u202f", "'", "\u2019"]),
    st.sampled_from(["", "<", "> ", ">=", "&lt;"]),
    st.sampled_from(["", " H", "*", " (L)", " ng/mL"]),
)
def test_a_written_number_is_read_back(whole, part, decimal, group, sign, after):
    text = f"{sign}{whole:,}".replace(",", group) + f"{decimal}{part:02}{after}"
    found = read_number(text)
    if found == "value_sentinel":
        assert "99999" in str(whole)
        return
    assert found.value == pytest.approx(whole + part / 100)


@given(st.text(max_size=20), st.sampled_from(["", ",", ".", POINT]))
def test_whatever_is_written_is_read_or_refused(text, decimal):
    found = read_number(text, decimal)
    assert isinstance(found, str) or math.isfinite(found.value) or abs(found.value) == math.inf
    read_limit(text, decimal)


@given(st.text(alphabet="0123456789.,<> Hng/mL'", max_size=12))
def test_a_known_sign_only_chooses_among_the_readings(text):
    free = read_number(text)
    for sign in (",", "."):
        known = read_number(text, sign)
        if isinstance(free, str):
            assert isinstance(known, str) or free == "value_sentinel"
        elif not isinstance(known, str):
            assert known.value in (free.value, free.other)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("60 U/L", None, 60),
        ("<=35", None, 35),
        ("< 35", None, 35),
        ("0-35", 0, 35),
        ("10 - 35", 10, 35),
        ("(10\u201335)", 10, 35),
        ("0,5 - 1,2 mg/dL", 0.5, 1.2),
        ("10 to 35", 10, 35),
        ("12,5", None, 12.5),
        (">60", 60, None),
    ],
)
def test_limits_of_normal(text, low, high):
    found = read_limit(text)
    assert (found.low if low is not None else None, found.high if high is not None else None) == (
        low,
        high,
    )
    assert math.isnan(found.low) == (low is None)
    assert math.isnan(found.high) == (high is None)


@pytest.mark.parametrize(
    "text", ["0", "-1", "9999999", "see note", "35-10", "1.234", "<0", "1.000-2.000"]
)
def test_what_is_no_limit(text):
    assert read_limit(text) is None


def test_a_table_cut_by_semicolons_has_decimal_commas_unless_it_says_otherwise():
    assert common_sign(["1.234"], ";") == ","
    assert common_sign(["1.5", "1.234"], ";") == "."
    assert common_sign(["1.5", "2,5"]) == ""


@given(st.integers(0, 10**7), st.integers(0, 999), st.sampled_from([",", "."]))
def test_a_grouped_number_is_read_back(whole, part, decimal):
    other = {",": ".", ".": ","}[decimal]
    text = f"{whole:,}".replace(",", other) + f"{decimal}{part:02}"
    told = decimal if decimal_sign(text) == "?" else ""
    assert float(plain_number(text, told)) == float(f"{whole}.{part:02}")


@given(st.text(alphabet="0123456789.,/:- TZ<>e+", max_size=20))
def test_whatever_is_written_is_plain_or_left_as_it_is(text):
    assert plain_number(text, ".") is not None
