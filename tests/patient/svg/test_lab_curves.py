"""Curves of an analyte: places, bounds, limits, days; nothing beyond the prediction time."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from riskmodel.patient.svg.lab_curves import (
    Curve,
    EventRow,
    Frame,
    Limit,
    curve_svg,
    days_axis,
    event_rows,
)
from riskmodel.pictures import BEYOND, LIMIT, QUIET

FRAME = Frame(50.0, 250.0, 10.0, 110.0, 0.0, 10.0)


def curve(days, values, signs=None, limits=(), analyte="platelets", **others) -> str:
    signs = np.zeros(len(days), dtype=np.int8) if signs is None else np.array(signs, dtype=np.int8)
    made = Curve(
        analyte, "Platelets", np.array(days, float), np.array(values, float), signs,
        tuple(limits), others.pop("last_day", 6.0), "in words", **others,
    )  # fmt: skip
    return curve_svg(made)


def dots(drawn: str) -> list[tuple[float, float, str]]:
    found = [e for e in ElementTree.fromstring(drawn).iter() if e.tag.endswith("circle")]
    return [(float(e.get("cx")), float(e.get("cy")), e.get("fill")) for e in found]


def test_a_higher_value_stands_higher_and_a_later_one_further_right():
    (x1, y1, _), (x2, y2, _), (x3, y3, _) = dots(curve([-2, 0, 5], [100, 200, 50]))
    assert x1 < x2 < x3
    assert y2 < y1 < y3
    assert (x2 - x1) / (x3 - x2) == pytest.approx(2 / 5, abs=0.01)


def test_on_a_log_scale_equal_factors_are_equal_steps():
    places = dots(curve([0, 1, 2], [100, 1000, 10_000], analyte="ferritin"))
    steps = np.diff([y for _, y, _ in places])
    assert steps[0] == pytest.approx(steps[1], abs=0.2)


def test_bounds_are_open_and_point_to_where_the_value_lies():
    drawn = curve([1, 2, 3], [5, 50, 500], signs=[-2, 0, 2])
    assert [fill == "#fff" for _, _, fill in dots(drawn)] == [True, False, True]
    arrows = re.findall(r'd="M[\d.]+ [\d.]+v(-?\d+)m', drawn)
    assert [int(step) > 0 for step in arrows] == [True, False]


def test_a_criterion_is_dashed_and_tinted_on_the_side_where_it_is_met():
    drawn = curve([1], [100], limits=[Limit(50, "criterion < 50", side=-1)])
    rect = next(e for e in ElementTree.fromstring(drawn).iter() if e.tag.endswith("rect"))
    line = float(re.search(r'd="M44 ([\d.]+)H328" [^>]*stroke-dasharray="5 3"', drawn)[1])
    assert rect.get("fill") == BEYOND
    assert float(rect.get("y")) == line
    assert f'stroke="{LIMIT}"' in drawn
    plain = curve([1], [100], limits=[Limit(150, "ULN", criterion=False)])
    assert BEYOND not in plain
    assert f'stroke="{QUIET}" stroke-width="1.2" stroke-dasharray="1.5 3"' in plain


def test_words_of_near_limits_do_not_stand_on_each_other():
    limits = [Limit(100 + k, f"limit {k}") for k in range(4)]
    drawn = curve([1], [90], limits=limits)
    heights = sorted(float(y) for y in re.findall(r'y="([\d.]+)"[^>]*class="limit-words"', drawn))
    assert len(heights) == 4
    assert all(np.diff(heights) >= 10.9)


@pytest.mark.parametrize("values", [[0.0], [0.0, 0.0], [1e-9, 1e9]])
def test_values_without_a_logarithm_are_drawn_too(values):
    drawn = curve(range(len(values)), values, analyte="crp")
    assert "nan" not in drawn
    assert "inf" not in drawn
    assert len(dots(drawn)) == len(values)


def test_a_day_has_its_place_and_a_moment_is_no_division_by_zero():
    assert FRAME.x(5) == 150.0
    assert Frame(0, 100, 0, 1, 0.0, 0.0).x(0.25) == 50.0


def test_events_are_strokes_or_grades_at_their_days():
    drawn = event_rows([EventRow("CRS grade", (2.0, 4.0), ("1", ""))], FRAME, 110.0)
    assert ">CRS grade<" in "".join(drawn)
    assert any('x="90"' in part and ">1<" in part for part in drawn)
    assert any('d="M130 ' in part for part in drawn)


def test_days_are_whole_and_the_infusion_is_marked():
    words = re.findall(r">([^<>]+)<", "".join(days_axis(FRAME, 120, 110)))
    assert words[:2] == ["day ", "0"]
    assert words[2:] == [str(day) for day in range(1, 11)]
    late = Frame(0, 100, 0, 1, 3.0, 9.0)
    assert "day " not in "".join(days_axis(late, 120, 110))
