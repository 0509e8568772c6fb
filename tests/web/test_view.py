"""The shell of the pages: research use on each, no patient in a title, an unknown name an error."""

import jinja2
import pytest

from riskmodel import RESEARCH_USE
from riskmodel.web.view import view


def test_every_page_says_research_use_and_no_patient_in_its_title():
    html = view("error.html.j2", None, page="error", heading="Heading", detail="<b>P07</b>")
    assert RESEARCH_USE in html.replace("&#39;", "'")
    assert "<title>" in html
    assert "P07" not in html.partition("</title>")[0]
    assert "&lt;b&gt;P07" in html


def test_a_name_that_a_template_lacks_is_an_error():
    with pytest.raises(jinja2.UndefinedError):
        view("error.html.j2", None, page="error", heading="Heading")
