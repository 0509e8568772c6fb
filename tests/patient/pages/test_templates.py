"""Templates: what is given is only text, what is not given is a fault."""

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from riskmodel.patient.pages.templates import TEMPLATES, environment, render, style_sheet


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.html.j2").write_text("<p>{{ said }} {{ 0.7|as_odds }} {{ 0.7|in_words }}</p>")
    return tmp_path


def test_text_is_escaped_and_contributions_have_words(folder: Path) -> None:
    drawn = environment(folder).get_template("a.html.j2").render(said="<b>&")
    assert drawn == "<p>&lt;b&gt;&amp; ×2.0 raises the risk, ×2.0 odds</p>"


def test_a_name_that_was_not_given_is_a_fault(folder: Path) -> None:
    with pytest.raises(UndefinedError, match="'said'"):
        environment(folder).get_template("a.html.j2").render()
    with pytest.raises(UndefinedError):
        render("report.html.j2", style=style_sheet())


def test_templates_of_another_room_find_the_shared_ones(folder: Path) -> None:
    found = environment(folder).list_templates()
    assert {"a.html.j2", *(path.name for path in TEMPLATES.glob("*.j2"))} <= set(found)


def test_the_style_sheet_is_put_in_as_it_is() -> None:
    assert "{" in style_sheet()
    assert "@import" not in style_sheet()
    assert "url(" not in style_sheet()
