"""score and report: bad rows named, damaged or foreign models refused."""

import shutil
from html import unescape

import numpy as np
import pandas as pd
import pytest

from riskmodel import RESEARCH_USE


def test_report_writes_one_page(cli, small, model_folders, tmp_path):
    page = tmp_path / "page.html"
    patient = pd.read_csv(small / "patients.csv", dtype=str)["patient_id"][0]
    code, _, err = cli(
        "report", small, "--patient", patient, "--model", model_folders["early"], "--out", page
    )
    assert code == 0, err
    text = unescape(page.read_text(encoding="utf-8"))
    assert RESEARCH_USE in text
    assert "<svg" in text


@pytest.mark.parametrize(
    ("table", "change", "reason"),
    [
        ("labs", lambda t: t.assign(unit=t["unit"].where(t.index > 0, "furlong")), "unknown_unit"),
        (
            "labs",
            lambda t: t.assign(analyte=t["analyte"].where(t.index > 0, "unicorns")),
            "unknown_analyte",
        ),
        (
            "labs",
            lambda t: t.assign(value=t["value"].where(t.index > 0, "high")),
            "value_not_a_number",
        ),
        (
            "events",
            lambda t: t.assign(hours_from_infusion="-9e9").head(1),
            "time_before_birth",
        ),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_scored(
    cli, small, model_folders, tmp_path, table, change, reason
):
    path = small / f"{table}.csv"
    change(pd.read_csv(path, dtype=str)).to_csv(path, index=False)
    scores = tmp_path / "scores.csv"
    model = model_folders["pre_infusion"]
    code, _, err = cli("score", small, "--model", model, "--at", "pre-infusion", "--out", scores)
    assert code == 0
    assert f"[{reason}]" in err
    assert len(pd.read_csv(scores)) == 12
    assert cli("check", small, "--strict")[0] == 1


def test_a_contradicting_patient_leaves_as_rejected(cli, small, model_folders, tmp_path):
    path = small / "patients.csv"
    rows = pd.read_csv(path, dtype=str)
    again = rows.head(1).assign(age_years="77")
    pd.concat([rows, again]).to_csv(path, index=False)
    scores = tmp_path / "scores.csv"
    model = model_folders["pre_infusion"]
    code, _, err = cli("score", small, "--model", model, "--at", "pre-infusion", "--out", scores)
    assert code == 0
    assert "[duplicate_patient]" in err
    table = pd.read_csv(scores).set_index("patient_id")
    assert len(table) == 12
    refused = table.loc[rows["patient_id"][0]]
    assert (refused["status"], refused["reason"]) == ("rejected", "duplicate_patient")
    assert np.isnan(refused["risk"])


def test_a_damaged_model_is_refused(cli, one_sentence, small, model_folders, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(model_folders["early"], broken)
    path = broken / "model.json"
    path.write_bytes(path.read_bytes()[:-40])
    out = tmp_path / "out.csv"
    code, _, err = cli("score", small, "--model", broken, "--at", "day-2", "--out", out)
    assert code == 1
    one_sentence(err)
    assert not out.exists()


@pytest.mark.parametrize(("stage", "at"), [("early", "pre-infusion"), ("pre_infusion", "day-2")])
def test_a_model_of_another_stage_is_refused(
    cli, one_sentence, small, model_folders, tmp_path, stage, at
):
    out = tmp_path / "out.csv"
    code, _, err = cli("score", small, "--model", model_folders[stage], "--at", at, "--out", out)
    assert code == 1
    one_sentence(err)
    assert not out.exists()


def test_an_unknown_model_lists_what_there_is(cli, one_sentence, small, tmp_path):
    code, _, err = cli(
        "score", small, "--model", "nonesuch", "--at", "day-2", "--out", tmp_path / "x.csv"
    )
    assert code == 1
    one_sentence(err)
    assert "early" in err
