"""The folder: tables in both formats, pictures, and a page that needs no network."""

import html
import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from riskmodel import RESEARCH_USE
from riskmodel.cohort import read_cohort
from riskmodel.scoring import find_model
from riskmodel.training import evaluate, simulate

QUICK = {"draws": 30, "comparators": ("ferritin alone", "HScore")}
"""Without the ridge logistic, whose fits take longer than all the rest: test_external has it."""


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    folder = tmp_path_factory.mktemp("close") / "cohort"
    simulate(folder, patients=500, seed=13)  # some onsets follow a prediction within a day
    return read_cohort(folder)


@pytest.fixture(scope="module")
def folder(cohort, model_folders, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("report") / "early"
    evaluate(cohort, find_model(model_folders["early"]), **QUICK, out=out)
    return out


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def test_tables_are_the_same_in_both_formats(folder):
    tables = sorted(folder.glob("*.parquet"))
    assert {"figures", "calibration", "decision", "bounds", "definitions", "alarms"} <= {
        p.stem for p in tables
    }
    for path in tables:
        left, right = pd.read_parquet(path), pd.read_csv(path.with_suffix(".csv"))
        assert list(left.columns) == list(right.columns)
        assert len(left) == len(right)


def test_every_picture_is_there_twice_and_says_on_whom(folder):
    for name in ("roc", "precision_recall", "calibration", "decision_curve", "by_landmark"):
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        svg = (folder / f"{name}.svg").read_text()
        assert re.search(r"\d+ patients, \d+ with the event", svg), name
        assert "Research use only" in svg


def test_the_page_needs_no_network_and_says_what_it_is(folder):
    text = html.unescape((folder / "report.html").read_text())
    page = _Page((folder / "report.html").read_text())
    links = [a[k] for _, a in page.tags for k in ("src", "href") if k in a]
    assert links
    assert all(link.startswith("data:") for link in links)
    assert "@import" not in text
    assert not any(tag in ("script", "link", "iframe") for tag, _ in page.tags)
    assert text.count(RESEARCH_USE) == 2
    assert all(a.get("alt") for tag, a in page.tags if tag == "img")
    for phrase in ("Calibration", "treating none", "By lead time", "not estimable", "HScore"):
        assert phrase in text


def test_the_page_holds_no_patient(folder, cohort):
    text = (folder / "report.html").read_text()
    assert all(re.fullmatch(r"\w+", name) for name in cohort.patient_id)
    assert not set(re.findall(r"\w+", text)) & set(cohort.patient_id)


def test_the_same_evaluation_writes_the_same_bytes(folder, cohort, model_folders, tmp_path):
    evaluate(cohort, find_model(model_folders["early"]), **QUICK, out=tmp_path / "again")
    for path in sorted(folder.iterdir()):
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name
