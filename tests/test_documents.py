"""The form of the data and the evidence are pages of the project, and keep up with the code."""

import re
from pathlib import Path

import pytest

from riskmodel.cohort import EVENT_NAMES, PATIENT_CHOICES, analytes
from riskmodel.cohort.schema import COLUMNS

CITED = re.compile(r"EVIDENCE\.md ([A-G](?:\.\d+)?)\b")


@pytest.fixture(scope="module")
def form(checkout: Path) -> str:
    return (checkout / "docs" / "cohort.md").read_text(encoding="utf-8")


def words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z0-9_/-]+", text))


def test_every_column_event_and_analyte_is_on_the_page(form: str) -> None:
    named = words(form)
    for columns in COLUMNS.values():
        assert set(columns) - named == set()
    assert EVENT_NAMES - named == set()
    assert set(analytes()) - named == set()
    for choices in PATIENT_CHOICES.values():
        assert set(choices) - named == set()


def test_what_is_cited_is_a_section_of_the_evidence(checkout: Path) -> None:
    page = (checkout / "docs" / "evidence.md").read_text(encoding="utf-8")
    sections = set(re.findall(r"^#{2,3} ([A-G](?:\.\d+)?)\b", page, flags=re.MULTILINE))
    cited = {
        section
        for folder in ("riskmodel", "features", "training", "docs")
        for path in (checkout / folder).rglob("*")
        if path.suffix in (".py", ".toml", ".md")
        for section in CITED.findall(path.read_text(encoding="utf-8"))
    }
    assert len(cited) > 20
    assert cited - sections == set()


def test_links_between_the_pages_lead_somewhere(checkout: Path) -> None:
    for page in (checkout / "README.md", checkout / "CONTRIBUTING.md", *checkout.glob("docs/*.md")):
        for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if "://" not in link:
                assert (page.parent / link).exists(), (page.name, link)
