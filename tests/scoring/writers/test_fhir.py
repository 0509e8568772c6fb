"""FHIR RiskAssessment: valid, and it says what the table says."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.riskassessment import RiskAssessment

from riskmodel import RESEARCH_USE
from riskmodel.scoring.writers.fhir import fhir_resources


def test_fhir_resources_are_valid_and_say_what_the_table_says(dated, written, scores, tmp_path):
    lines = written(tmp_path / "r.ndjson", "fhir").read_text().splitlines()
    assert len(lines) == len(scores)
    for line, row in zip(lines, scores.to_dict(orient="records"), strict=True):
        resource = RiskAssessment.model_validate_json(line)
        raw = json.loads(line)
        (prediction,) = raw["prediction"]
        assert raw["note"][0]["text"] == RESEARCH_USE
        assert RESEARCH_USE in raw["mitigation"]
        assert raw["subject"].get("identifier", {"value": ""})["value"] == row["patient_id"]
        if row["status"] in ("scored", "partial"):
            assert resource.status == "final"
            assert float(prediction["probabilityDecimal"]) == row["risk"]
            group = row["risk_group"] or "cannot be told from these inputs"
            assert prediction["qualitativeRisk"]["text"] == group
            assert ("coding" in prediction["qualitativeRisk"]) == bool(row["risk_group"])
            assert prediction["whenRange"]["low"]["value"] * 24 == row["prediction_time_hours"]
            assert prediction["whenRange"]["high"]["value"] == 14
            said = re.match(r"Risk ([\d.]+)% \(90% interval", prediction["rationale"])
            assert float(said[1]) == pytest.approx(100 * row["risk"], rel=0.06)
            assert "probabilityDecimal is this risk as a fraction of 1" in prediction["rationale"]
            assert row["model_name"] in raw["method"]["text"]
        else:
            assert resource.status == "cancelled"
            assert "probabilityDecimal" not in prediction
            assert prediction["rationale"] == f"{row['status']}: {row['reason']}."
    assert len({json.loads(line)["id"] for line in lines}) == len(lines)
    first = json.loads(lines[1])
    assert first["occurrenceDateTime"] == "2024-01-05T10:00:00+00:00"
    assert "occurrenceDateTime" not in json.loads(lines[4])

    bundle = written(tmp_path / "r.json", "fhir").read_text()
    entries = Bundle.model_validate_json(bundle).entry
    assert entries is not None
    assert len(entries) == len(lines)


def resource_of(rows: pd.DataFrame) -> dict:
    (found,) = fhir_resources(rows)
    RiskAssessment.model_validate_json(json.dumps(found))
    return found


@pytest.mark.parametrize(
    ("patient", "subject", "why"),
    [
        ("P-1.a", {"reference": "Patient/P-1.a", "identifier": {"value": "P-1.a"}}, "an address"),
        ("P 1", {"identifier": {"value": "P 1"}}, "no address has a space"),
        ("x" * 65, {"identifier": {"value": "x" * 65}}, "too long for an address"),
        ("../9", {"identifier": {"value": "../9"}}, "not to be followed"),
        ("", {"display": "patient without an identifier"}, "nobody"),
    ],
)
def test_a_patient_is_named_as_the_standard_allows(rows_with, patient, subject, why):
    assert resource_of(rows_with(patient_id=patient))["subject"] == subject, why


def test_a_published_rate_is_not_called_a_risk(rows_with):
    told = resource_of(rows_with(findings="missing base_rate"))["prediction"][0]["rationale"]
    assert told.startswith("Published rate 10.0% (range or 95% interval 5.0% to 20.0%)")
    other = resource_of(rows_with(findings="not_base_rate"))["prediction"][0]["rationale"]
    assert other.startswith("Risk 10.0%")


def test_the_strongest_contributions_are_told_without_the_base(rows_with):
    parts = {
        f"contribution_{k}": v for k, v in zip("abcdefg", (0, 3, -4, 0.1, 1, 2, 0.5), strict=True)
    }
    rows = rows_with(**parts, contribution_base=-9.0, contribution_unknown=np.nan)
    told = resource_of(rows)["prediction"][0]["rationale"]
    assert told.endswith("log-odds: c -4.00, b +3.00, f +2.00, e +1.00, g +0.50.")


@pytest.mark.parametrize("missing", ["__infusion_time", "prediction_time_hours"])
def test_a_time_that_is_not_known_is_not_given(rows_with, missing):
    rows = rows_with(**({"risk": np.nan} if missing != "__infusion_time" else {}))
    rows[missing] = pd.NaT if missing == "__infusion_time" else np.nan
    found = resource_of(rows)
    assert "occurrenceDateTime" not in found
    assert ("unknown" in found["basis"][0]["display"]) == (missing != "__infusion_time")


def test_the_number_of_a_resource_is_the_same_in_every_run_and_its_own(rows_with):
    rows = pd.concat(
        [rows_with(2), rows_with(2, prediction_time_hours=120.0), rows_with(2, model_version="2")]
    )
    ids = [found["id"] for found in fhir_resources(rows)]
    assert len(set(ids)) == 6
    assert [found["id"] for found in fhir_resources(rows.assign(risk=0.5))] == ids
