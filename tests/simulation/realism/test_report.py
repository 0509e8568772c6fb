"""The calibration report and its command."""

import re
import runpy
from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pytest
from typer.testing import CliRunner

from riskmodel import RESEARCH_USE
from riskmodel.cli import app
from riskmodel.errors import SchemaError
from riskmodel.simulation.realism import report
from riskmodel.simulation.realism.agreement import agreement_by_regime
from riskmodel.simulation.realism.figures import figures
from riskmodel.simulation.realism.report import calibration_page, write_calibration
from riskmodel.simulation.realism.statistics import Estimate


@pytest.fixture(scope="module")
def comparisons(calibration_comparisons):
    return calibration_comparisons


@pytest.fixture(scope="module")
def page(calibration_cohorts, comparisons, calibration_mix):
    return calibration_page(calibration_cohorts, comparisons, calibration_mix)


@pytest.fixture
def one_patient(monkeypatch):
    """Pages that draw one patient: ten rows of panels take seconds."""
    ten = report._ten
    monkeypatch.setattr(report, "_ten", lambda mix: ten(mix)[:1])


class Elements(HTMLParser):
    """Every start tag with its attributes, and the text of the page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text, self.open = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)


def test_the_page_stands_alone(page):
    tags = Elements(page).tags
    assert not {tag for tag, _ in tags} & {"script", "link", "img", "iframe", "object"}
    for _, attributes in tags:
        for name in ("src", "href", "xlink:href"):
            assert attributes.get(name, "#").startswith("#")
    assert not re.search(r"url\((?!#)|@import", page)
    names = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(names) == len(set(names))
    assert sum(tag == "svg" for tag, _ in tags) == 4
    for tag, attributes in tags:
        if tag == "svg":
            labels = attributes["aria-labelledby"].split()
            assert labels
            assert set(labels) <= set(names)


def test_every_figure_is_on_the_page_with_its_source_and_verdict(page, comparisons):
    text = " ".join(Elements(page).text)
    assert RESEARCH_USE in text
    for figure in figures():
        assert figure.title in text
        assert figure.source in text
    held = sum(c.holds is True for c in comparisons)
    assert f"Of {held} figures with a tolerance {held} lie within it" in text
    assert page.count("<td>within</td>") == held
    assert page.count("<td>shown only</td>") == len(comparisons) - held
    assert "outside" not in text


@pytest.mark.usefixtures("one_patient")
def test_a_figure_out_of_tolerance_is_marked(calibration_cohorts, comparisons, calibration_mix):
    moved = replace(comparisons[0], found=Estimate(9e9, 8e9, 9.9e9, 50))
    page = calibration_page(calibration_cohorts, (moved, *comparisons[1:]), calibration_mix)
    assert page.count('<td class="out">outside</td>') == 1
    assert "9,000,000,000" in page


@pytest.mark.usefixtures("one_patient")
def test_the_same_cohorts_give_the_same_page(calibration_cohorts, comparisons, calibration_mix):
    one, other = (
        calibration_page(calibration_cohorts, comparisons, calibration_mix) for _ in range(2)
    )
    assert one == other


@pytest.mark.usefixtures("one_patient")
def test_every_regime_stands_on_the_page(calibration_cohorts, comparisons, calibration_mix):
    found = agreement_by_regime(120, 5, ["astct-2024", "adjudicated"])
    page = calibration_page(calibration_cohorts, comparisons, calibration_mix, found)
    for row in found:
        assert f"<td>{row.sampling}</td><td>{row.definition}</td>" in page
        assert f"{row.sensitivity.value:.1%} (95% interval" in page


def test_refusals(tmp_path):
    with pytest.raises(SchemaError, match=r"does not end in \.html"):
        write_calibration(tmp_path / "page.txt")
    with pytest.raises(SchemaError, match="negative"):
        write_calibration(tmp_path / "page.html", seed=-1)
    assert list(tmp_path.iterdir()) == []


def run(*words):
    return CliRunner().invoke(app, ["simulate", *map(str, words)])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "folder OUT, or a page with --report"),
        (["OUT"], "needs --patients N and --seed S"),
        (["OUT", "--patients", "5"], "needs --patients N and --seed S"),
        (["OUT", "--patients", "0", "--seed", "1"], "--patients"),
        (["OUT", "--patients", "5", "--seed", "-1"], "--seed"),
        (["OUT", "--patients", "5", "--seed", "1", "--world", "mars"], "literature, perturbed,"),
        (["OUT", "--patients", "5", "--seed", "1", "--products", "aspirin"], "axi-cel, tisa-cel"),
        (["OUT", "--patients", "5", "--seed", "1", "--products", " , "], "No product"),
        (["--report", "OUT.txt"], "does not end in .html"),
        (["--report", "OUT.html", "--patients", "5"], "describe a cohort"),
        (["--report", "OUT.html", "--world", "null"], "describe a cohort"),
    ],
)
def test_wrong_usage_says_what_is_allowed_and_writes_nothing(tmp_path, words, message):
    words = [w.replace("OUT", str(tmp_path / "out")) for w in words]
    result = run(*words)
    assert result.exit_code == 2
    assert message in re.sub(r"[\s\u2502]+", " ", result.output)
    assert list(tmp_path.iterdir()) == []


def test_products_of_the_command_mix_the_cohort(tmp_path):
    out = tmp_path / "out"
    words = ["--patients", 60, "--seed", 3, "--products", "axi-cel, Carvykti"]
    result = run(out, *words)
    assert result.exit_code == 0, result.output
    assert "products axi-cel, Carvykti" in result.output
    patients = pd.read_csv(out / "patients.csv", dtype=str)
    assert set(patients["disease"]) == {"LBCL", "FL", "MM"}


def test_the_documentation_shows_these_figures(checkout, comparisons):
    script = runpy.run_path(str(checkout / "docs" / "make_simulation.py"))
    text = (checkout / "docs" / "simulation.md").read_text(encoding="utf-8")
    for comparison in comparisons:
        assert script["row"](comparison) in text, "run docs/make_simulation.py again"
    assert script["agreement_words"]() in text, "run docs/make_simulation.py again"
