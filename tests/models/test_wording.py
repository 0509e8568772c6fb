"""What a contribution does to the risk, in words that never say the opposite of it."""

import math

import pytest
from hypothesis import given, strategies as st

from riskmodel.models.wording import HARDLY, describe, in_words, odds, percent, risk_of

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("contribution", "words", "why"),
    [
        (0.6931, "raises the risk, x2.0 odds", "log 2"),
        (-0.6931, "lowers the risk, x0.50 odds", "log 1/2"),
        (3.0, "raises the risk, x20 odds", "no decimals where they mean nothing"),
        (0.051, "raises the risk, x1.05 odds", "just above the smallest said"),
        (0.049, "hardly changes the risk", "just below"),
        (-0.049, "hardly changes the risk", "just below, other sign"),
        (0.0, "hardly changes the risk", "nothing"),
    ],
)
def test_words(contribution, words, why):
    assert in_words("Ferritin", "doubled", contribution) == f"Ferritin doubled: {words}", why


def test_words_for_what_is_unknown():
    assert in_words("Ferritin", "", 0.7).startswith("Ferritin (not known): raises")


@pytest.mark.parametrize("contribution", [0.006, -0.006, 0.02, -0.02, 0.049, 0.3, -0.3, 3.0])
def test_no_factor_of_the_odds_is_written_as_one(contribution):
    said = float(odds(contribution))
    assert said != 1
    assert (said > 1) == (contribution > 0)


@given(FINITE)
def test_the_odds_of_any_contribution_are_short_and_on_its_side_of_one(contribution):
    written = odds(contribution)
    assert len(written) <= 6
    factor = float(written.lstrip("<>"))
    assert factor > 0
    if abs(contribution) >= HARDLY:
        assert factor != 1
        assert (factor > 1) == (contribution > 0)


@pytest.mark.parametrize(
    ("contribution", "written", "why"),
    [
        (math.log(999.4), "999", "the last that is written out"),
        (math.log(1001), ">1000", "no thousands of odds"),
        (-math.log(1001), "<0.001", "the other way"),
        (800.0, ">1000", "more than a float holds"),
        (-800.0, "<0.001", "and never 0"),
    ],
)
def test_odds_beyond_belief_are_bounds(contribution, written, why):
    assert odds(contribution) == written, why


@given(FINITE)
def test_risk_is_a_probability_that_rises_with_the_log_odds(log_odds):
    risk = risk_of(log_odds)
    assert 0 <= risk <= 1
    assert risk_of(-log_odds) == pytest.approx(1 - risk)
    assert risk_of(log_odds + 1) >= risk


def test_a_risk_is_never_written_as_certain():
    assert percent(1.0) == percent(0.996) == "> 99%"
    assert percent(0.123) == "12%"


def test_the_largest_contribution_is_said_first_and_what_hardly_counts_is_not():
    parts = {"a": 0.2, "b": -1.5, "c": 0.01, "d": 0.6}
    said = describe(parts, -2.0, {"b": "NK cells"}, {"b": "120 cells/uL"})
    assert (
        said.index("NK cells 120 cells/uL: lowers") < said.index("d: raises") < said.index("a: r")
    )
    assert "c" not in said.split(". ", 1)[1].replace("cells", "")
    assert f"to this patient's {percent(risk_of(-2.69))}" in said


def test_a_value_that_is_unknown_is_said_and_one_that_nobody_asked_for_is_not():
    parts = {"a": 0.2, "b": 0.3}
    said = describe(parts, -2.0, {}, {"a": ""})
    assert "a (not known): raises" in said
    assert "b: raises" in said


def test_no_contribution_at_all_is_two_equal_risks():
    risk = percent(risk_of(-3.1))
    assert describe({}, -3.1, {}, {}) == (
        f"From the reference patient's risk of {risk} to this patient's {risk}."
    )
