"""The kit of every picture: one palette, markup that says itself, places, ids of its own."""

import re
import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from pathlib import Path

import pytest

import riskmodel
from riskmodel import pictures
from riskmodel.pictures import (
    Scale,
    figure_svg,
    linear_ticks,
    log_odds,
    log_ticks,
    mark_of,
    named,
    risk_ticks,
    spread,
    svg,
    tag,
    text,
)

PACKAGE = Path(riskmodel.__file__).parent
HOSTILE = "<script>\"&'"


def luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(colour: str, ground: str = "#ffffff") -> float:
    low, high = sorted((luminance(colour), luminance(ground)))
    return (high + 0.05) / (low + 0.05)


def test_colours_stand_in_one_module() -> None:
    for path in (p for kind in ("py", "j2", "css") for p in PACKAGE.rglob(f"*.{kind}")):
        if path != Path(pictures.__file__):
            # The margin of a printed page does not know the page's variables.
            rules = [line for line in path.read_text().splitlines() if not line.startswith("@page")]
            assert re.findall(r"#[0-9a-fA-F]{6}\b", "".join(rules)) == [], path


def test_style_sheets_name_colours_of_the_palette_only() -> None:
    for path in (p for kind in ("py", "j2", "css") for p in PACKAGE.rglob(f"*.{kind}")):
        assert set(re.findall(r"var\(--([a-z-]+)\)", path.read_text())) <= set(pictures.PAGES), path


def test_text_and_lines_can_be_read_on_white_and_on_every_ground() -> None:
    for ground in ("#ffffff", pictures.BEYOND, *pictures.GROUNDS.values()):
        for colour in (pictures.INK, pictures.QUIET, pictures.LINE, pictures.LIMIT):
            assert contrast(colour, ground) >= 4.5, (colour, ground)
    assert len(set(pictures.SERIES)) == len(pictures.SERIES)
    assert min(map(contrast, pictures.SERIES)) >= 3


def test_words_and_attributes_are_only_text() -> None:
    drawn = svg([text(1, 2, HOSTILE, class_=HOSTILE)], 10, 10, title=HOSTILE, described=HOSTILE,
                name="a")  # fmt: skip
    root = ElementTree.fromstring(drawn)
    assert [element.tag.rpartition("}")[2] for element in root] == ["title", "desc", "text"]
    assert {element.text for element in root} == {HOSTILE}
    assert root[2].get("class") == HOSTILE


def test_a_picture_is_named_by_its_parts_or_by_its_label() -> None:
    parts = ElementTree.fromstring(svg([], 20, 30, title="T", described="D", name="n"))
    assert parts.get("aria-labelledby") == "n-title n-desc"
    assert [element.get("id") for element in parts] == ["n-title", "n-desc"]
    assert parts.get("viewBox") == "0 0 20 30"
    label = ElementTree.fromstring(svg([], 1, 1, title="T"))
    assert (label.get("role"), label.get("aria-label"), len(label)) == ("img", "T", 0)


@pytest.mark.parametrize(
    ("value", "written"), [(1.0, "1"), (2.125, "2.12"), (-0.001, "-0"), (3, "3"), ("a b", "a b")]
)
def test_numbers_are_short(value: object, written: str) -> None:
    assert tag("a", x=value) == f'<a x="{written}"/>'


@pytest.mark.parametrize(
    ("value", "place"), [(0, 10.0), (5, 60.0), (10, 110.0), (-3, 10.0), (99, 110.0)]
)
def test_a_scale_keeps_what_is_beyond_at_its_ends(value: float, place: float) -> None:
    assert Scale(0, 10, 10, 110)(value) == place


def test_a_scale_may_run_upwards_and_leave_slack() -> None:
    assert Scale(0, 10, 110, 10)(2.5) == 85.0
    assert Scale(0, 10, 0, 100, slack=0.02)(99) == 102.0


@pytest.mark.parametrize(("low", "high"), [(0.3, 9e4), (120, 180), (1e-3, 5)])
def test_ticks_are_few_and_inside(low: float, high: float) -> None:
    for ticks in (log_ticks(low, high), linear_ticks(low, high)):
        assert 1 <= len(ticks) <= 6
        assert all(low <= tick <= high for tick in ticks)
        assert ticks == sorted(ticks)


def test_risks_are_spread_over_log_odds() -> None:
    found = risk_ticks(log_odds(0.001), log_odds(0.99), 5)
    assert len(found) <= 5
    assert found == sorted(found)


def test_spread_keeps_the_order_and_the_gap() -> None:
    found = spread([50.0, 10.0, 11.0, 12.0], 8.0)
    assert sorted(range(4), key=found.__getitem__) == [1, 2, 3, 0]
    ordered = sorted(found)
    assert all(b - a >= 8 - 1e-6 for a, b in pairwise(ordered))


def test_ids_are_renamed_with_every_reference() -> None:
    drawn = named(
        '<?xml?><svg width="9" xmlns:xlink="x"><metadata>m</metadata><g id="a&quot;b"/>'
        '<use xlink:href="#c9"/><path id="c9" clip-path="url(#c9)"/></svg>',
        "n", "T", "D",
    )  # fmt: skip
    assert 'href="#n-1"' in drawn
    assert 'id="n-1" clip-path="url(#n-1)"' in drawn
    assert "c9" not in drawn
    assert "metadata" not in drawn


def test_a_figure_gives_the_same_markup_every_time() -> None:
    from matplotlib.figure import Figure

    def drawn(fonts: str = "path") -> str:
        figure = Figure()
        axis = figure.add_subplot()
        axis.plot([0, 1], [0, 1], marker="o", label="one")
        axis.fill_between([0, 1], [0, 0], [1, 1], alpha=0.1)
        axis.legend()
        return figure_svg(figure, "f", title="T", described="D", fonts=fonts)

    markup = drawn()
    assert drawn() == markup
    ElementTree.fromstring(markup)
    ids = re.findall(r'\bid="([^"]+)"', markup)
    assert len(ids) == len(set(ids))
    assert all(name.startswith("f-") for name in ids)
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', markup)) <= set(ids)
    assert ">one</text>" in drawn("none")
    assert ">one</text>" not in markup


def test_a_mark_is_that_of_what_is_shown() -> None:
    assert mark_of("a") == mark_of("a") != mark_of("b")
    assert re.fullmatch(r"w[0-9a-f]{10}", mark_of("a"))
