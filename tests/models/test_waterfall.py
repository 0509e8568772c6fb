"""The waterfall and the picture of a change: every bar, every word, the same every time."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from riskmodel.errors import SchemaError
from riskmodel.models import waterfall
from riskmodel.models.waterfall import change_svg, waterfall_svg

PARTS = {"burden": 0.82, "nk": -0.35, "ferritin": 0.6, "age": 0.01}
LABELS = {"burden": "Tumor burden", "nk": "NK cells", "ferritin": "Ferritin"}
VALUES = {"burden": "high", "nk": "120 cells/uL", "ferritin": "x4 = 2,100 ng/mL", "age": ""}


@pytest.fixture(scope="module")
def markup():
    return waterfall_svg(PARTS, -3.1, LABELS, VALUES)


def test_the_picture_is_one_svg_element_that_says_itself(markup):
    root = ElementTree.fromstring(markup)
    assert root.tag.endswith("svg")
    assert root.get("role") == "img"
    named = dict(zip(("title", "desc"), root.get("aria-labelledby").split(), strict=True))
    texts = {element.get("id"): element.text for element in root.iter()}
    assert texts[named["title"]] == "What drives this risk"
    said = texts[named["desc"]]
    assert "reference patient's risk of 4.3% to this patient's 12%" in said
    assert "Tumor burden high: raises the risk, x2.3 odds" in said
    assert said.index("Tumor burden") < said.index("Ferritin") < said.index("NK cells")
    assert "age" not in said


def test_the_picture_is_the_same_every_time_and_ids_are_its_own(markup):
    assert waterfall_svg(PARTS, -3.1, LABELS, VALUES) == markup
    other = waterfall_svg(PARTS, -3.0, LABELS, VALUES)
    ids = re.findall(r'\bid="([^"]+)"', markup)
    assert len(ids) == len(set(ids))
    assert not set(ids) & set(re.findall(r'\bid="([^"]+)"', other))
    for target in re.findall(r'(?:href="|url\()#([^")]+)', markup):
        assert target in ids


def test_more_factors_than_rows_share_the_last():
    many = {f"factor {i}": 0.1 * (i + 1) for i in range(14)}
    assert waterfall_svg(many, -2.0, max_display=5).startswith("<svg")


def test_nothing_to_show_is_said():
    drawn = waterfall_svg({"a": 0.0, "b": 0.001}, -3.1)
    assert "No factor moves this patient's risk from the reference of 4.3%" in drawn
    ElementTree.fromstring(drawn)


def test_no_figure_is_left_behind_and_the_current_one_stays():
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    mine = plt.figure()
    before, interactive = dict(mpl.rcParams), plt.isinteractive()
    waterfall_svg({"a": 0.4, "b": -0.2}, -2.0)
    assert plt.get_fignums() == [mine.number]
    assert plt.gcf() is mine
    assert dict(mpl.rcParams) == before
    assert plt.isinteractive() == interactive
    plt.close(mine)


@pytest.mark.parametrize("parts", [{}, {"a": float("nan")}])
def test_nothing_or_not_a_number_is_refused(parts):
    with pytest.raises(SchemaError, match="finite"):
        waterfall_svg(parts, -2.0)


def bars(monkeypatch, parts, **kwargs):
    """Start, end and label of every bar as drawn, from the top."""
    from matplotlib.patches import FancyArrow

    found = []
    relabel = waterfall._relabel

    def looked_at(figure, *others):
        relabel(figure, *others)
        axis = figure.axes[0]
        labels = {round(t.get_position()[1]): t.get_text() for t in axis.texts}
        for patch in axis.patches:
            if isinstance(patch, FancyArrow):
                corners = patch.get_xy()
                row = round((corners[:, 1].min() + corners[:, 1].max()) / 2)
                # The tip is the corner on the middle line.
                tip = corners[np.argmin(np.abs(corners[:, 1] - row)), 0]
                tail = max(corners[:, 0], key=lambda x: abs(x - tip))
                found.append((row, tip - tail, labels[row]))

    monkeypatch.setattr(waterfall, "_relabel", looked_at)
    waterfall_svg(parts, -2.0, **kwargs)
    return sorted(found, reverse=True)


def test_every_bar_has_its_length_its_side_and_its_figure(monkeypatch):
    parts = {"a": 2.5, "b": -0.7, "c": 0.03, "d": -0.02, "e": 0.011, "f": -0.006}
    drawn = bars(monkeypatch, parts)
    assert [round(length, 6) for _, length, _ in drawn] == list(parts.values())
    assert [said for _, _, said in drawn] == ["x12", "x0.50", "x1.03", "x0.98", "x1.01", "x0.99"]


def test_what_is_too_small_shares_the_last_bar(monkeypatch):
    parts = {"a": 1.0, "b": 0.004, "c": -0.003, "d": 0.001, "e": -0.0015}
    drawn = bars(monkeypatch, parts)
    assert len(drawn) == 2
    assert drawn[1][1:] == (pytest.approx(0.0005), "no change")


def test_the_picture_of_a_change_says_both_times():
    drawn = change_svg({"ferritin": 0.7, "crp": -0.2}, -2.5, times=("day 4", "day 5"))
    said = next(e.text for e in ElementTree.fromstring(drawn).iter() if e.tag.endswith("desc"))
    assert said.startswith("From the risk day 4, 7.6% to the risk day 5, 12%.")
    assert "ferritin: raises the risk, x2.0 odds" in said
    still = change_svg({"ferritin": 0.0}, -2.5)
    assert "No factor moved the risk from yesterday to today: it stays at 7.6%" in still
