"""The data dictionary is the catalogue, in every form in which it is shown."""

import re
from html import unescape
from pathlib import Path

import pytest

from riskmodel.features import load_catalogue
from riskmodel.features.dictionary import FORMATS, dictionary, interval, written
from riskmodel.features.feature import parse_window

CATALOGUE = load_catalogue()
FEATURES = Path(__file__).resolve().parents[2] / "features"
AGAIN = "run 'make dictionary', or docs/make_dictionary.py with the environment's Python"


def test_the_printed_dictionaries_are_the_catalogues():
    readme = (FEATURES / "README.md").read_text(encoding="utf-8")
    shown = readme.split("<!-- dictionary -->\n")[1].split("<!-- end of dictionary -->")[0]
    assert shown == written(CATALOGUE, "markdown"), AGAIN
    page = (FEATURES / "dictionary.html").read_text(encoding="utf-8")
    assert page == written(CATALOGUE, "html"), AGAIN


@pytest.mark.parametrize("form", FORMATS)
def test_every_feature_stands_in_every_form_with_its_unit_and_source(form):
    text = unescape(written(CATALOGUE, form)).replace("\\|", "|")
    for feature in CATALOGUE:
        for part in (feature.name, feature.unit, feature.label, feature.source, feature.group):
            assert part in text


def test_every_row_of_a_markdown_table_has_the_cells_of_its_head():
    for block in re.findall(r"(?:^\|.*\n)+", written(CATALOGUE, "markdown"), re.MULTILINE):
        rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in block.splitlines()]
        assert {len(row) for row in rows} == {len(rows[0])}


def test_a_row_says_what_the_catalogue_says():
    rows = dictionary(CATALOGUE).set_index("feature")
    assert rows.index.tolist() == CATALOGUE.names
    for feature in CATALOGUE:
        row = rows.loc[feature.name]
        assert (row["evidence"] == "none") == (feature.evidence_mean is None)
        assert (row["in_models"] == "yes") == feature.model
        assert row["source"].endswith("[unverified]") == feature.unverified
    assert rows.loc["tumor_burden", "evidence"] == "+0.25 (sd 0.25) per sd, convention"
    assert rows.loc["nk_cells_log10", "direction"] == "higher, lower risk"
    assert "at or before lymphodepletion" in rows.loc["car_hematotox", "window"]
    assert "platelets < 75: 1" in rows.loc["car_hematotox", "computed"]


@pytest.mark.parametrize(
    ("closed", "expected"),
    [
        ("both", "[prediction - 24 h, prediction]"),
        ("left", "[prediction - 24 h, prediction)"),
        ("right", "(prediction - 24 h, prediction]"),
        ("neither", "(prediction - 24 h, prediction)"),
    ],
)
def test_brackets_say_which_end_is_included(closed, expected):
    assert interval(parse_window(["prediction-24h", "prediction"], closed)) == expected


def test_text_of_a_catalogue_cannot_break_the_page():
    from dataclasses import replace

    from riskmodel.features import Catalogue

    odd = replace(CATALOGUE.features[0], label="a | b <script>")
    shown = Catalogue((odd,), "")
    assert "<script>" not in written(shown, "html")
    assert "a \\| b" in written(shown, "markdown")
