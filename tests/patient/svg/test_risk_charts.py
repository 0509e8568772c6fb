"""Pictures of a risk: places on a log-odds scale, gaps where there is no risk, words for both."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from riskmodel.patient.svg.risk_charts import Reading, course_svg, hundred_svg, scale_svg
from riskmodel.pictures import GROUNDS, INK, log_odds

EDGES = (0.05, 0.2)


def elements(drawn: str, name: str) -> list[ElementTree.Element]:
    return [e for e in ElementTree.fromstring(drawn).iter() if e.tag.endswith(name)]


def reading(day: float, risk: float | None, low: float = 0.01, high: float = 0.4) -> Reading:
    if risk is None:
        return Reading(day, None, None, None, "the patient had died")
    return Reading(day, risk, low, high)


@pytest.mark.parametrize("narrow", [False, True])
def test_the_risk_stands_between_the_limits_of_its_group(narrow):
    drawn = scale_svg(reading(1, 0.1), EDGES, narrow=narrow)
    grounds = {e.get("fill"): e for e in elements(drawn, "rect")}
    middle = grounds[GROUNDS["intermediate"]]
    start, width = float(middle.get("x")), float(middle.get("width"))
    (dot,) = elements(drawn, "circle")
    share = (float(dot.get("cx")) - start) / width
    ends = [log_odds(edge) for edge in EDGES]
    assert share == pytest.approx((log_odds(0.1) - ends[0]) / (ends[1] - ends[0]), abs=0.01)


def test_the_scale_says_itself_and_names_what_it_is_compared_with():
    drawn = scale_svg(reading(1, 0.1), EDGES, before=reading(1, 0.3), published=[(0.02, 0.02)])
    assert ElementTree.fromstring(drawn).get("aria-label") == (
        "Risk 10% on a scale, 90% interval 1% to 40%."
    )
    was, now = elements(drawn, "circle")
    assert (was.get("fill"), now.get("fill")) == ("#fff", INK)
    assert float(was.get("cx")) > float(now.get("cx"))
    assert "published incidence of the product" in drawn
    assert "published" not in scale_svg(reading(1, 0.1), EDGES)


@pytest.mark.parametrize("risk", [1e-9, 1 - 1e-9])
def test_a_risk_at_an_end_stays_on_the_picture(risk):
    drawn = scale_svg(Reading(1, risk, risk, risk), EDGES)
    (dot,) = elements(drawn, "circle")
    assert 12 <= float(dot.get("cx")) <= 588


@pytest.mark.parametrize("filled", [0, 1, 37, 100])
def test_of_a_hundred_as_many_are_filled(filled):
    drawn = hundred_svg(filled)
    assert sum(e.get("fill") == INK for e in elements(drawn, "circle")) == filled
    assert len(elements(drawn, "circle")) == 100
    assert f'aria-label="{filled} of 100 patients filled"' in drawn


def test_a_day_without_a_risk_leaves_a_gap():
    days = [reading(0, 0.1), reading(1, 0.2), reading(2, None), reading(3, 0.1), reading(4, 0.1)]
    drawn = course_svg(days, EDGES, 14.0)
    assert len(elements(drawn, "polyline")) == len(elements(drawn, "polygon")) == 2
    assert len(elements(drawn, "circle")) == 4
    assert "day 2: none" in drawn
    whole = course_svg([d for d in days if d.risk is not None], EDGES, 14.0)
    assert len(elements(whole, "polyline")) == 1


def test_the_last_risk_is_written_and_ids_of_both_widths_differ():
    days = [reading(1, 0.1), reading(2, 0.3)]
    wide, narrow = (course_svg(days, EDGES, 14.0, narrow=n) for n in (False, True))
    for drawn in (wide, narrow):
        assert re.search(r'font-weight="700"[^>]*>30%<', drawn)
    ids = [set(re.findall(r'\bid="([^"]+)"', drawn)) for drawn in (wide, narrow)]
    assert not ids[0] & ids[1]
