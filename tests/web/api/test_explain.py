"""The explanation for programs: the numbers of score, and the words of the page."""

import math

import numpy as np
import pytest
from starlette.testclient import TestClient

from riskmodel.cohort import cohort_of
from riskmodel.patient import patient_content
from riskmodel.web.api.explain import explanation
from riskmodel.web.problems import ProblemError


def test_explain_says_what_the_page_says(client: TestClient, body):
    sent = {name: [r for r in rows if r["patient_id"] == body["patients"][0]["patient_id"]]
            for name, rows in body.items()}  # fmt: skip
    answer = client.post("/explain", json={**sent, "at": "day-4"})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    row = client.post("/score", json={**sent, "at": "day-4"}).json()["scores"][0]
    assert told["score"]["risk"] == row["risk"]
    total = told["base"] + sum(factor["contribution"] for factor in told["factors"])
    assert total == pytest.approx(math.log(row["risk"] / (1 - row["risk"])), abs=1e-6)
    assert {"label", "words", "shows", "missing"} <= set(told["factors"][0])
    assert told["missing"]["risk_if_low"] <= row["risk"] <= told["missing"]["risk_if_high"]
    assert [sign["state"] for part in told["criteria"]["parts"] for sign in part["signs"]]


def test_its_words_are_those_of_the_page(engine, cohort):
    one, model = cohort.take(np.array([7])), engine.fitting("day-5")
    told, page = explanation(one, model, "day-5"), patient_content(one, model, "day-5")
    by_label = {factor.label: factor for factor in page["factors"]}
    for factor in told["factors"]:
        assert factor["words"] == by_label[factor["label"]].effect
        assert factor["shows"] == list(by_label[factor["label"]].lines)
    assert [s["value"] for s in told["published_scores"]] == [s.value for s in page["published"]]
    assert [rate["said"] for rate in told["base_rates"]] == [r.said for r in page["base_rates"]]
    signs = [s for part in told["criteria"]["parts"] for s in part["signs"]]
    shown = [s for part in page["standing"].parts for s in part.signs]
    assert [(s["label"], s["state"]) for s in signs] == [(s.label, s.state) for s in shown]


def test_a_patient_out_of_scope_has_no_factors(engine):
    told = explanation(cohort_of([{"patient_id": "p", "disease": "SLE"}]),
                       engine.fitting("pre-infusion"), "pre-infusion")  # fmt: skip
    assert (told["base"], told["factors"], told["missing"]) == (None, [], None)
    assert told["score"]["status"] == "out_of_scope"


def test_a_row_that_cannot_enter_is_refused(engine):
    with pytest.raises(ProblemError) as refused:
        explanation(cohort_of([{"patient_id": ""}]), engine.fitting("pre-infusion"), "pre-infusion")
    assert refused.value.status == 422
