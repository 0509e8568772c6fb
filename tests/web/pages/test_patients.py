"""The page Patients: every patient once, in the order asked for, and what is said in brief."""

import csv
import html
import io
import re

import numpy as np
import pytest
from starlette.testclient import TestClient

from riskmodel.scoring import score
from riskmodel.web.app import make_app
from riskmodel.web.pages.patients import ON_A_PAGE
from riskmodel.web.security.audit import AuditLog
from riskmodel.web.settings import Settings


@pytest.fixture(scope="module")
def few(engine, cohort):
    return cohort.take(np.arange(30))


@pytest.fixture(scope="module")
def ward(engine, few) -> TestClient:
    app = make_app(engine, Settings(), AuditLog(None), few)
    return TestClient(app, base_url="http://localhost")


def shown(page: str) -> list[str]:
    """Patients of the page, in its order."""
    return [html.unescape(name) for name in re.findall(r"\bS\d{5}\b", _rows(page))]


def _rows(page: str) -> str:
    return re.sub(r"<td[^>]*data-[^>]*>", "<td>", page.partition("<tbody")[2])


def test_every_patient_stands_once_the_highest_risk_first(ward, engine, few):
    found = list(dict.fromkeys(shown(ward.get("/patients?at=day-4").text)))
    table = score(few, engine.fitting("day-4"), "day-4")
    ranked = table.sort_values("risk", ascending=False, na_position="last", kind="stable")
    assert found == ranked["patient_id"].tolist()


@pytest.mark.parametrize(
    ("asked", "column", "rising"),
    [("risk-up", "risk", True), ("patient", "patient_id", True), ("missing", "n_missing", False)],
)
def test_the_order_is_that_asked_for(ward, engine, few, asked, column, rising):
    found = list(dict.fromkeys(shown(ward.get(f"/patients?at=day-4&order={asked}").text)))
    table = score(few, engine.fitting("day-4"), "day-4")
    wanted = table.sort_values(column, ascending=rising, na_position="last", kind="stable")
    assert found == wanted["patient_id"].tolist()


def test_only_those_of_a_status_are_shown(ward, engine, few):
    table = score(few, engine.fitting("day-12"), "day-12")
    for status in ("scored", "partial", "out_of_scope"):
        found = set(shown(ward.get(f"/patients?at=day-12&status={status}").text))
        assert found == set(table.loc[table["status"] == status, "patient_id"])


def test_a_page_holds_so_many_and_the_next_the_others(client, cohort):
    pages = [set(shown(client.get(f"/patients?at=day-2&page={k}").text)) for k in (1, 2)]
    assert [len(page) for page in pages] == [ON_A_PAGE, len(cohort) - ON_A_PAGE]
    assert not pages[0] & pages[1]


@pytest.mark.parametrize("query", ["at=day-99", "at=never"])
def test_a_time_that_no_model_answers_is_refused(ward, query):
    answer = ward.get(f"/patients?{query}", headers={"accept": "text/html"})
    assert answer.status_code == 422


def test_the_download_is_the_table_of_score(ward, engine, few):
    rows = list(csv.DictReader(io.StringIO(ward.get("/patients/scores.csv?at=day-4").text)))
    table = score(few, engine.fitting("day-4"), "day-4", explain=True)
    assert [row["patient_id"] for row in rows] == table["patient_id"].tolist()
    for row, risk in zip(rows, table["risk"], strict=True):
        assert row["risk"] == ("" if np.isnan(risk) else str(risk))


def test_a_patient_is_opened_by_its_row_and_a_row_that_is_none_is_refused(ward, few):
    opened = ward.post("/patients/open", data={"row": 3, "at": "day-4"})
    assert opened.status_code == 200
    assert few.patient_id[3] in opened.text
    assert ward.post("/patients/open", data={"row": 30, "at": "day-4"}).status_code == 422


def test_without_a_cohort_the_page_says_how_to_load_one(engine):
    app = make_app(engine, Settings(), AuditLog(None))
    asked = TestClient(app, base_url="http://localhost")
    assert "--cohort" in asked.get("/patients").text
    assert asked.get("/patients/scores.csv").status_code == 404
