from dataclasses import replace
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
from typer.testing import CliRunner

from riskmodel import RESEARCH_USE
from riskmodel.cli import app
from riskmodel.cohort import Cohort, read_cohort
from riskmodel.criteria.compare import Comparison, compare
from riskmodel.patient.pages.comparison import (
    LONGEST_DAY,
    comparison_page,
    comparison_svg,
    last_drawn_day,
    write_comparison,
)


@pytest.fixture(scope="module")
def comparison(simulated: Path) -> Comparison:
    return compare(read_cohort(simulated))


def _paths(markup: str, ending: str) -> int:
    paths = ElementTree.fromstring(markup).iter("{http://www.w3.org/2000/svg}path")
    return sum(p.get("d").count("M") for p in paths if p.get("d").endswith(ending))


def test_every_onset_is_a_stroke_and_every_definition_a_row(comparison: Comparison) -> None:
    markup = comparison_svg(comparison)
    last = last_drawn_day(comparison)
    drawn = comparison.labels["onset_hours"] <= 24 * last
    assert _paths(markup, "v-9") == drawn.sum() > 0
    assert all(f">{name}<" in markup for name in comparison.names)


def test_the_alternative_text_says_what_is_drawn(comparison: Comparison) -> None:
    row = comparison.summary.iloc[0]
    expected = (
        f"{row['name']}: event before day 14 in {row['events_in_horizon']}, "
        f"onset at any time in {row['events']}, median day {row['median_onset_day']:.1f}"
    )
    assert expected in comparison_svg(comparison)


def test_days_reach_past_the_horizon_but_not_without_end(comparison: Comparison) -> None:
    assert last_drawn_day(comparison) > 14
    late = comparison.labels.assign(onset_hours=24 * 300.0)
    assert last_drawn_day(replace(comparison, labels=late)) == LONGEST_DAY + 1
    assert "onsets after day 43" in comparison_page(replace(comparison, labels=late), "c")
    assert last_drawn_day(replace(comparison, horizon_days=90.0)) == 91


def test_no_onset_at_all_is_drawn_too(simulated: Path) -> None:
    cohort = read_cohort(simulated).take(pd.RangeIndex(3).to_numpy())
    empty = Cohort(cohort.patients, cohort.labs.iloc[:0], cohort.events.iloc[:0])
    found = compare(empty)
    assert found.labels["onset_hours"].isna().all()
    assert _paths(comparison_svg(found), "v-9") == 0
    assert "–" in comparison_page(found, "c")


def test_the_page_stands_alone_and_shows_every_figure(comparison: Comparison) -> None:
    page = comparison_page(comparison, "a <b>")
    assert escape(RESEARCH_USE, quote=False) in page.replace("&#39;", "'")
    assert "a &lt;b&gt;" in page
    assert "<script" not in page
    assert "http" not in page.replace("http://www.w3.org", "")
    cells: list[str] = []
    parser = HTMLParser()
    parser.handle_data = lambda text: cells.append(text.strip())  # type: ignore[method-assign]
    parser.feed(page)
    for row in comparison.agreement.itertuples():
        assert ("–" if pd.isna(row.kappa) else f"{row.kappa:.2f}") in cells
        assert f"n {row.n}" in cells


def test_files_stand_beside_the_table(comparison: Comparison, tmp_path: Path) -> None:
    picture, page = write_comparison(comparison, "c", tmp_path / "out.parquet")
    assert (picture, page) == (tmp_path / "out.svg", tmp_path / "out.html")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.html", "out.svg"]
    ElementTree.parse(picture)


def test_the_command_writes_table_picture_and_page(simulated: Path, tmp_path: Path) -> None:
    out = tmp_path / "found.csv"
    ran = CliRunner().invoke(
        app, ["label", str(simulated), "--compare", "--closed", "both", "--out", str(out)]
    )
    assert ran.exit_code == 0, ran.output
    assert "up to and including day 14" in ran.output
    table = pd.read_csv(out)
    assert set(table["closed"]) == {"both"}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["found.csv", "found.html", "found.svg"]
