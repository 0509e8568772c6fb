"""The interface for programs: the numbers of `riskmodel score`, and errors that name the field."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from starlette.testclient import TestClient

from riskmodel.cohort import Cohort, read_cohort
from riskmodel.criteria import label
from riskmodel.scoring import score
from riskmodel.web.engine import Engine


def same(sent: object, wanted: object) -> bool:
    if wanted is None or wanted is pd.NA or (isinstance(wanted, float) and math.isnan(wanted)):
        return sent is None
    return sent == wanted


@pytest.mark.parametrize("at", ["pre-infusion", "day-5"])
def test_the_numbers_are_those_of_riskmodel_score(
    client: TestClient, engine: Engine, cohort: Cohort, body, at
):
    answer = client.post("/score", json={**body, "at": at, "explain": True})
    assert answer.status_code == 200, answer.text
    wanted = score(cohort.take(np.arange(4)), engine.fitting(at), at, explain=True)
    rows = answer.json()["scores"]
    assert list(rows[0]) == list(wanted.columns)
    for row, (_, want) in zip(rows, wanted.iterrows(), strict=True):
        assert all(same(row[name], want[name]) for name in wanted.columns)
    for row in rows:
        if row["risk"] is not None:
            total = sum(v for k, v in row.items() if k.startswith("contribution_"))
            assert total == pytest.approx(math.log(row["risk"] / (1 - row["risk"])), abs=1e-6)


def test_every_patient_that_enters_leaves_with_a_row(client: TestClient):
    sent = {
        "patients": [
            {"patient_id": "a", "disease": "SLE"},
            {"patient_id": "b", "age_years": 900},
            {"patient_id": "b", "age_years": 30},
        ],
        "labs": [{"patient_id": "a", "hours_from_infusion": -1, "analyte": "ferritin",
                  "value": "soon", "unit": "ng/mL"}],
    }  # fmt: skip
    answer = client.post("/score", json=sent).json()
    assert [(row["patient_id"], row["status"]) for row in answer["scores"]] == [
        ("a", "out_of_scope"),
        ("b", "rejected"),
    ]
    assert "Research use only" in answer["note"]
    fields = {fault["field"]: fault["reason"] for fault in answer["rejected"]}
    assert fields["labs[0].value"] == "value_not_a_number"
    assert "soon" not in json.dumps(answer)


def test_one_broken_patient_among_many_costs_no_other_its_risk(client: TestClient):
    def row(name, **more):
        return {"patient_id": name, "product": "axi-cel", "age_years": 58, **more}

    broken = [
        row("old", age_years="elderly"),
        row("flag", bridging_therapy="perhaps"),
        row(""),
        row("twice"),
        row("twice", age_years=30),
    ]
    labs = [
        {"patient_id": "p0", "hours_from_infusion": "noon", "analyte": "crp", "value": 3,
         "unit": "mg/L"},
        {"patient_id": 7, "hours_from_infusion": -2, "analyte": "crp", "value": 3, "unit": "mg/L",
         "comparator": "about"},
    ]  # fmt: skip
    good = [row("p0"), row("p1"), row(7)]
    alone = client.post("/score", json={"patients": good}).json()["scores"]
    told = client.post("/score", json={"patients": [*broken, *good], "labs": labs}).json()
    rows = {row["patient_id"]: row for row in told["scores"]}
    for wanted in alone:
        assert rows[wanted["patient_id"]]["risk"] == wanted["risk"]
    assert rows["7"]["risk"] is not None
    assert rows["old"]["risk"] is not None
    assert rows["twice"]["status"] == "rejected"
    fields = {fault["field"] for fault in told["rejected"]}
    assert {"patients[0].age_years", "patients[1].bridging_therapy", "labs[0].time",
            "labs[1].comparator"} <= fields  # fmt: skip
    assert any(field.startswith("patients[2]") for field in fields)
    assert "elderly" not in json.dumps(told)


def test_what_is_no_json_is_refused(client: TestClient):
    headers = {"content-type": "application/json"}
    for content in (b"{", b"\xff", b"[]", b"null", b'{"patients": NaN}'):
        answer = client.post("/score", content=content, headers=headers)
        assert answer.status_code in (400, 422)
        assert answer.headers["content-type"] == "application/problem+json"


def test_labels_are_those_of_riskmodel_label(client: TestClient, cohort: Cohort, body):
    answer = client.post("/label", json=body)
    wanted = label(cohort.take(np.arange(4)))
    rows = answer.json()["labels"]
    assert [row["outcome"] for row in rows] == wanted["outcome"].tolist()
    assert all(
        same(row["onset_hours"], want)
        for row, want in zip(rows, wanted["onset_hours"], strict=True)
    )
    refused = client.post("/label", json={**body, "definition": "none-such"})
    assert refused.status_code == 422
    assert "astct-2024" in refused.json()["detail"]


def test_a_body_is_read_as_a_csv_file_is(client: TestClient, bodies, simulated: Path):
    """Text where numbers could stand gives the same risk: the way of every reader."""
    numbers = bodies(2)
    text = {**numbers, "labs": [{**row, "value": str(row["value"])} for row in numbers["labs"]]}
    one, two = (
        client.post("/score", json={**sent, "at": "day-3"}).json() for sent in (numbers, text)
    )
    assert one["scores"] == two["scores"]
    assert read_cohort(simulated).patient_id[0] == one["scores"][0]["patient_id"]
