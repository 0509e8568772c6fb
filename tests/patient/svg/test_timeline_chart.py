from xml.etree import ElementTree

import pytest

from riskmodel.patient.svg.timeline_chart import Bar, Lane, Line, lanes_svg

SVG = "{http://www.w3.org/2000/svg}"
LANES = [
    Lane("one <two>", "3 & 4", bars=(Bar(1, 2, True), Bar(2, 30, False), Bar(40, 41, True))),
    Lane("marks", marks=(3.0, 1.0, 50.0)),
]


def _drawn(**more: object) -> ElementTree.Element:
    picture = lanes_svg(LANES, 28, title="T", described="D & E", name="p", **more)
    return ElementTree.fromstring(picture)


def test_it_is_xml_with_a_text_alternative() -> None:
    root = _drawn()
    assert root.get("role") == "img"
    ids = {part.get("id"): part.text for part in root if part.get("id")}
    assert ids == {"p-title": "T", "p-desc": "D & E"}
    assert root.get("aria-labelledby") == "p-title p-desc"
    words = [part.text for part in root.iter(f"{SVG}text")]
    assert {"one <two>", "3 & 4", "days from the infusion", "28"} <= set(words)


def test_bars_and_marks_outside_are_cut_or_left_out() -> None:
    root = _drawn()
    bars = list(root.iter(f"{SVG}rect"))[1:]
    assert len(bars) == 2
    ends = [float(bar.get("x")) + float(bar.get("width")) for bar in bars]
    assert max(ends) == max(
        float(part.get("x")) for part in root.iter(f"{SVG}text") if part.text == "28"
    )
    strokes = [p.get("d") for p in root.iter(f"{SVG}path") if p.get("d").endswith("v-9")]
    assert [text.count("M") for text in strokes] == [2]


def test_met_is_drawn_taller_than_not_met() -> None:
    met, unmet = list(_drawn().iter(f"{SVG}rect"))[1:]
    assert float(met.get("height")) > 3 * float(unmet.get("height"))


@pytest.mark.parametrize(("day", "shown"), [(14, True), (28, True), (28.5, False)])
def test_lines_within_the_days_are_drawn(day: float, shown: bool) -> None:
    words = [part.text for part in _drawn(lines=[Line(day, "here")]).iter(f"{SVG}text")]
    assert ("here" in words) == shown
