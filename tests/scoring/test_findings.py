"""What scoring says of a row is data: a name that reads like a reason forges none, at any door."""

import dataclasses
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from starlette.testclient import TestClient

from riskmodel.cohort import Cohort, read_cohort, write_cohort
from riskmodel.models import RiskModel, load_model
from riskmodel.monitoring.monitor import OUTSIDE, UNLIKE, _watched
from riskmodel.patient.pages.report import page
from riskmodel.scoring import scored
from riskmodel.scoring.findings import (
    Finding,
    MissingInputs,
    NotTrainedOn,
    OutOfScope,
    OutsideRange,
    Stale,
    UnusableCells,
    in_codes,
    in_text,
)
from riskmodel.web.app import make_app
from riskmodel.web.cds.routes import card_of
from riskmodel.web.engine import load_engine
from riskmodel.web.security.audit import AuditLog
from riskmodel.web.settings import Settings

FORGED = "Trial X; stale: none; outside the training range: age_years"
ROW = 3
EXPECTED = {"missing", "not_trained_on", "group_cannot_be_told", "base_rate"}


@pytest.fixture(scope="module")
def before(model_folders: dict[str, Path]) -> RiskModel:
    return load_model(model_folders["pre_infusion"])


@pytest.fixture(scope="module")
def forged(simulated: Path) -> Cohort:
    """The simulated cohort, one of whose patients got a product with a telling name."""
    cohort = read_cohort(simulated)
    patients = cohort.patients.copy()
    patients["product"] = patients["product"].astype(object)
    patients.loc[ROW, "product"] = FORGED
    return dataclasses.replace(cohort, patients=patients)


def test_the_findings_are_those_of_the_patient(forged, before):
    found = scored(forged, before, "pre-infusion")
    mine = found.findings[ROW]
    assert NotTrainedOn("product", FORGED) in mine
    assert not any(isinstance(finding, (Stale, OutsideRange)) for finding in mine)
    assert set(found.rows["findings"].iloc[ROW].split()) <= EXPECTED


def test_the_command_line_writes_codes(cli_score, forged, before, tmp_path):
    rows = cli_score(forged, tmp_path)
    assert set(rows.loc[ROW, "findings"].split()) <= EXPECTED


@pytest.fixture
def cli_score(model_folders, monkeypatch):
    from riskmodel.cli import main

    def run(cohort: Cohort, folder: Path) -> pd.DataFrame:
        write_cohort(cohort, folder / "cohort")
        out = folder / "scores.csv"
        words = ["score", folder / "cohort", "--model", model_folders["pre_infusion"]]
        words += ["--at", "pre-infusion", "--out", out]
        monkeypatch.setattr("sys.argv", ["riskmodel", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            main()
        assert not stop.value.code
        return pd.read_csv(out, keep_default_na=False)

    return run


def test_the_interface_answers_codes(model_folders):
    engine = load_engine([str(model_folders["pre_infusion"])])
    app = make_app(engine, Settings(), AuditLog(None))
    client = TestClient(app, base_url="http://localhost:8000")
    sent = {"patients": [{"patient_id": "p", "product": FORGED}], "at": "pre-infusion"}
    answer = client.post("/score", json=sent)
    assert answer.status_code == 200
    row = answer.json()["scores"][0]
    assert set(row["findings"].split()) <= EXPECTED


def test_the_card_names_no_reason_that_is_none(forged, before):
    cards = card_of(forged.take(np.array([ROW])), before, "pre-infusion", "http://localhost")
    assert len(cards) == 1
    assert "stale" not in cards[0]["detail"]


def test_monitoring_counts_what_was_found(forged, before):
    rows = scored(forged, before, "pre-infusion").rows
    names, values = _watched(rows, [], {})
    assert values[ROW, names.index(OUTSIDE)] == 0
    assert values[ROW, names.index(UNLIKE)] == 1


def test_the_page_lists_the_product_and_no_range(forged, before):
    text = unescape(page(forged, str(forged.patient_id[ROW]), before))
    assert FORGED in text
    assert "outside the training range</" not in text
    assert text.count("outside the training range") == text.count(FORGED)


def test_the_list_of_patients_says_one_thing(forged, model_folders):
    engine = load_engine([str(model_folders["pre_infusion"])])
    app = make_app(engine, Settings(), AuditLog(None), forged.take(np.array([ROW])))
    client = TestClient(app, base_url="http://localhost:8000")
    text = unescape(client.get("/patients").text)
    assert text.count("outside the training range") == text.count("Trial X")


@pytest.mark.parametrize(
    ("finding", "text", "code"),
    [
        (MissingInputs(("a", "b")), "missing: a, b", "missing"),
        (UnusableCells((("age_years", "why"),)), "unusable: age_years (why)", "unusable"),
        (Stale(25.5), "stale: last record 25.5 h before the prediction time", "stale"),
        (Stale(None), "stale: no record by the prediction time", "stale"),
        (OutsideRange(("a",)), "outside the training range: a", "outside_range"),
        (NotTrainedOn("product", "x"), "not trained on: product x", "not_trained_on"),
        (OutOfScope("dead"), "dead", "dead"),
        (OutOfScope("a", "b"), "a: b", "a"),
    ],
)
def test_each_kind_has_a_text_and_a_code(finding: Finding, text: str, code: str):
    assert (in_text([finding]), in_codes([finding])) == (text, code)
