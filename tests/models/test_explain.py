"""Words and the waterfall."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

from riskmodel.errors import SchemaError
from riskmodel.models.explain import in_words, waterfall_svg

PARTS = {"burden": 0.82, "nk": -0.35, "ferritin": 0.6, "age": 0.01}
LABELS = {"burden": "Tumor burden", "nk": "NK cells", "ferritin": "Ferritin"}
VALUES = {"burden": "high", "nk": "120 cells/uL", "ferritin": "x4 = 2,100 ng/mL", "age": ""}


@pytest.fixture(scope="module")
def markup():
    return waterfall_svg(PARTS, -3.1, LABELS, VALUES)


@pytest.mark.parametrize(
    ("contribution", "words", "why"),
    [
        (0.6931, "raises the risk, x2.0 odds", "log 2"),
        (-0.6931, "lowers the risk, x0.50 odds", "log 1/2"),
        (3.0, "raises the risk, x20 odds", "no decimals where they mean nothing"),
        (0.051, "raises the risk, x1.1 odds", "just above the smallest said"),
        (0.049, "hardly changes the risk", "just below"),
        (-0.049, "hardly changes the risk", "just below, other sign"),
        (0.0, "hardly changes the risk", "nothing"),
    ],
)
def test_words(contribution, words, why):
    assert in_words("Ferritin", "doubled", contribution) == f"Ferritin doubled: {words}", why


def test_words_for_what_is_unknown():
    assert in_words("Ferritin", "", 0.7).startswith("Ferritin (not known): raises")


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


def test_shap_is_loaded_only_when_drawing():
    code = (
        "import sys, riskmodel.models, riskmodel.models.explain as e;"
        "e.in_words('a', 'b', 1.0);"
        "print('shap' in sys.modules, 'matplotlib' in sys.modules, 'xgboost' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False", "False"]
