"""Windows: which hours they hold, by every choice of ends, and never one after the prediction."""

import re
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, strategies as st

from riskmodel.features import Feature, load_catalogue
from riskmodel.features.dictionary import interval
from riskmodel.features.feature import END, parse_window

CLOSED = st.sampled_from(["both", "left", "right", "neither"])
OFFSET = st.sampled_from(["", "-24h", "-1.5h", "+12h"])
STARTS = st.one_of(
    st.just("first_record"), st.tuples(st.sampled_from(["infusion", "prediction"]), OFFSET)
).map("".join)
ENDS = st.tuples(st.sampled_from(["infusion", "prediction"]), OFFSET).map("".join)
TIMES = st.sampled_from([0.0, 24.0, 312.0])


@given(start=STARTS, end=ENDS, closed=CLOSED, now=TIMES)
def test_a_window_holds_the_hours_between_its_ends(start, end, closed, now):
    window = parse_window([start, end], closed)
    low, high = window.bounds(now)
    hours = np.array(
        [-1e5, *(edge + d for edge in (low, high) for d in (-0.25, 0, 0.25)), now, now + 0.25]
    )
    held = window.holds(hours, now)
    for hour, inside in zip(hours, held, strict=True):
        after = hour > low or (hour == low and closed in ("both", "left"))
        before = hour < high or (hour == high and closed in ("both", "right"))
        assert inside == (after and before)


@given(start=STARTS, end=ENDS, closed=CLOSED, now=TIMES)
def test_no_window_holds_an_hour_after_the_prediction(start, end, closed, now):
    """Even one that the catalogue would refuse."""
    window = parse_window([start, end], closed)
    hours = now + np.array([1e-9, 0.25, 24.0, 700.0])
    assert not window.holds(hours, now).any()


@given(end=ENDS, closed=CLOSED)
def test_a_window_past_the_prediction_is_told_at_any_time(end, closed):
    window = parse_window(["infusion", end], closed)
    uncapped = {"infusion": 0.0, "prediction": 0.0}[window.end[0]] + window.end[1]
    assert window.reaches_past_prediction == (uncapped > 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("infusion", ("infusion", 0.0)),
        ("infusion-168h", ("infusion", -168.0)),
        ("prediction-0.5h", ("prediction", -0.5)),
        ("first_record", ("first_record", 0.0)),
    ],
)
def test_an_end_as_it_is_written(text, expected):
    assert parse_window([text, text], "both").start == expected


@pytest.mark.parametrize(
    "text", ["", "now", "infusion-168", "infusion -168h", "infusion-h", "48h", "infusion\n-1h"]
)
def test_anything_else_is_no_end(text):
    assert END.match(text) is None


def test_the_dictionary_shows_every_window_with_its_own_ends():
    for feature in load_catalogue():
        shown = interval(feature.window)
        assert (shown[0] == "[", shown[-1] == "]") == feature.window.includes
        numbers = [float(x) for x in re.findall(r"[\d.]+(?= h)", shown)]
        assert numbers == [abs(x) for _, x in (feature.window.start, feature.window.end) if x]


def test_every_attribute_of_a_feature_is_told():
    told = Feature.__doc__ or ""
    assert [f.name for f in fields(Feature) if not re.search(rf"\b{f.name}\b", told)] == []
