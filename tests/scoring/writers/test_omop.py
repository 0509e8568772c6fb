"""OMOP observations: every row dated, numbered and the same in every run."""

import numpy as np
import pandas as pd
import pytest

from riskmodel.scoring.writers.omop import omop_rows
from riskmodel.scoring.writers.subjects import subject_id


def test_omop_observations(dated, written, scores, tmp_path):
    rows = pd.read_csv(written(tmp_path / "observation.csv", "omop"))
    assert rows.columns[:5].tolist() == [
        "observation_id", "person_id", "observation_concept_id", "observation_date",
        "observation_datetime",
    ]  # fmt: skip
    assert rows["observation_id"].is_unique
    assert (rows["observation_id"] > 0).all()
    needed = ["observation_date", "person_id", "observation_type_concept_id"]
    assert rows[needed].notna().to_numpy().all()
    mine = rows[rows["person_id"] == subject_id("S00001")]
    wanted = scores[scores["patient_id"] == "S00001"]
    assert mine["value_as_number"].tolist() == pytest.approx(
        wanted[["risk", "risk_low", "risk_high"]].to_numpy().ravel().tolist(), abs=1e-12
    )
    assert mine["observation_date"].tolist() == ["2024-01-01"] * 3 + ["2024-01-05"] * 3
    assert mine["observation_source_value"].str.startswith("riskmodel IEC-HS before day 14").all()
    assert mine["value_source_value"].str.contains("Research use only").all()
    out_of_scope = rows[rows["person_id"] == subject_id("S00004")]
    assert out_of_scope["value_as_number"].isna().all()
    assert out_of_scope["value_as_string"].str.startswith("out_of_scope: autoimmune").all()
    assert subject_id("S00003") not in set(rows["person_id"])


def test_a_risk_is_three_rows_and_a_status_one(rows_with):
    rows = rows_with(2, risk=[0.1, np.nan], status=["scored", "out_of_scope"], reason=["", "dead"])
    found = omop_rows(rows)
    assert found["person_id"].tolist() == [subject_id("P0")] * 3 + [subject_id("P1")]
    assert found["value_as_number"].tolist()[:3] == [0.1, 0.05, 0.2]
    assert np.isnan(found["value_as_number"].iloc[3])
    assert found["value_as_string"].iloc[3] == "out_of_scope: dead"
    sources = found["observation_source_value"].str.rpartition(": ")[2]
    assert sources.tolist() == ["risk", "risk_low", "risk_high", "status"]


def test_a_group_that_cannot_be_told_is_said_and_not_left_empty(rows_with):
    found = omop_rows(rows_with(risk_group=""))
    assert set(found["value_as_string"]) == {"group cannot be told"}


def test_without_a_date_or_a_time_there_is_no_row(rows_with):
    rows = rows_with(3)
    rows.loc[0, "__infusion_time"] = pd.NaT
    rows.loc[1, "prediction_time_hours"] = np.nan
    assert set(omop_rows(rows)["person_id"]) == {subject_id("P2")}
    none = omop_rows(rows.iloc[:0])
    assert none.columns.tolist() == omop_rows(rows).columns.tolist()
    assert len(none) == 0


def test_a_number_follows_from_who_when_and_what_and_from_nothing_else(rows_with):
    rows = rows_with(3)
    ids = omop_rows(rows)["observation_id"]
    assert ids.is_unique
    assert (ids > 0).all()
    turned = omop_rows(rows.iloc[::-1])
    assert set(turned["observation_id"]) == set(ids)
    assert set(omop_rows(rows.assign(risk=0.9))["observation_id"]) == set(ids)
    for column, value in (
        ("patient_id", "Q"), ("prediction_time_hours", 120.0), ("model_version", "2")
    ):  # fmt: skip
        assert not set(omop_rows(rows.assign(**{column: value}))["observation_id"]) & set(ids)
