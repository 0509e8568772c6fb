"""Scores: a row per patient, a status each, contributions that sum, nothing from the future."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from riskmodel.cohort import Cohort, read_cohort
from riskmodel.models import RiskModel, load_model
from riskmodel.scoring import find_model, score, shipped_models
from riskmodel.scoring.score_table import SCORE_COLUMNS


@pytest.fixture(scope="module")
def cohort(simulated: Path) -> Cohort:
    return read_cohort(simulated)


@pytest.fixture(scope="module")
def early(model_folders: dict[str, Path]) -> RiskModel:
    return load_model(model_folders["early"])


@pytest.fixture(scope="module")
def before(model_folders: dict[str, Path]) -> RiskModel:
    return load_model(model_folders["pre_infusion"])


def test_columns_and_rows_are_those_of_the_contract(cohort, before):
    scores = score(cohort, before)
    assert list(scores.columns[: len(SCORE_COLUMNS)]) == list(SCORE_COLUMNS)
    assert scores["patient_id"].tolist() == cohort.patient_id.tolist()
    assert scores["status"].isin(("scored", "partial")).all()
    assert (scores["risk_low"] <= scores["risk"]).all()
    assert (scores["risk"] <= scores["risk_high"]).all()


def test_names_and_folders_are_taken_as_the_command_line_takes_them(
    cohort, early, simulated, model_folders
):
    whole = score(cohort, early, "day-5")
    assert_frame_equal(score(str(simulated), model_folders["early"], "day-5"), whole)
    assert_frame_equal(score(simulated, str(model_folders["early"]), "day-5"), whole)
    by_name = score(cohort, "pre-infusion", "pre_infusion")
    assert_frame_equal(by_name, score(cohort, find_model("pre-infusion")))


@pytest.mark.parametrize("day", [1, 5, 13])
def test_contributions_sum_to_the_logit_of_the_risk(cohort, early, day):
    scores = score(cohort, early, f"day-{day}", explain=True)
    kept = scores["risk"].notna()
    parts = scores.loc[kept].filter(like="contribution_").sum(axis=1)
    risk = scores.loc[kept, "risk"]
    np.testing.assert_allclose(parts, np.log(risk / (1 - risk)), atol=1e-6)


@pytest.mark.parametrize("day", [1, 4, 9])
def test_later_records_never_change_a_row(cohort, early, day):
    now = score(cohort.until(24.0 * day), early, f"day-{day}", explain=True)
    assert_frame_equal(score(cohort, early, f"day-{day}", explain=True), now, check_exact=True)


def test_what_is_missing_is_listed_and_named_where_it_could_move_the_risk(cohort, before):
    scores = score(cohort, before)
    lacking = scores[scores["n_missing"] > 0]
    assert len(lacking) > 0
    for row in lacking.itertuples():
        listed = row.missing_features.split(", ")
        assert row.n_missing == len(listed)
        named = row.reason.partition("missing: ")[2].partition(";")[0].split(", ")
        assert ("missing" in row.findings.split()) == (named != [""])
        assert set(named) <= {*listed, ""}


@pytest.mark.parametrize("at", ["pre-infusion", "day-5"])
def test_a_patient_alone_has_the_bits_of_the_batch(cohort, early, before, at):
    model = before if at == "pre-infusion" else early
    everyone = score(cohort, model, at, explain=True)
    for k in range(0, len(cohort), 17):
        alone = score(cohort.take(np.array([k])), model, at, explain=True)
        expected = everyone.iloc[[k]].reset_index(drop=True)
        assert_frame_equal(alone, expected, check_exact=True)


def event(cohort: Cohort, patient: int, name: str, hours: float) -> Cohort:
    from dataclasses import replace

    row = cohort.events.iloc[:1].assign(patient=patient, hours=hours, grade=np.nan, value="")
    row["event"] = pd.Categorical([name], categories=cohort.events["event"].cat.categories)
    events = pd.concat([cohort.events, row]).sort_values(["patient", "hours"], ignore_index=True)
    return replace(cohort, events=events)


def test_the_dead_and_the_autoimmune_are_out_of_scope(cohort, early, before):
    dead = event(cohort, 3, "death", 100.0)
    at_five = score(dead, early, "day-5").iloc[3]
    assert (at_five["status"], at_five["reason"]) == ("out_of_scope", "dead")
    assert np.isnan(at_five["risk"])
    assert score(dead, early, "day-4").iloc[3]["status"] != "out_of_scope"
    cohort.patients.loc[5, "disease"], kept = "SLE", cohort.patients.loc[5, "disease"]
    row = score(cohort, before).iloc[5]
    cohort.patients.loc[5, "disease"] = kept
    assert row["status"] == "out_of_scope"
    assert "7.5%" in row["reason"]
    assert np.isnan(row["risk"])


def test_a_known_onset_is_out_of_scope_from_its_own_hour(cohort, early):
    from riskmodel.criteria import label

    labels = label(cohort).set_index("patient_id")
    onset = labels["onset_hours"]
    # Who dies before the next whole day is out of scope as dead.
    stays = labels["observed_until_hours"] > 24 * np.ceil(onset / 24)
    onset = onset[(onset > 24) & (onset < 300) & stays]
    assert len(onset) > 3
    for patient, hours in onset.items():
        after = int(np.ceil(hours / 24))
        rows = score(cohort, early, f"day-{after}").set_index("patient_id")
        assert rows.loc[patient, "reason"] == "onset_known"
        if after > 1:
            earlier = score(cohort, early, f"day-{after - 1}").set_index("patient_id")
            assert earlier.loc[patient, "reason"] != "onset_known" or hours <= 24 * (after - 1)


def test_a_product_never_seen_in_training_is_said(cohort, before):
    from dataclasses import replace

    patients = cohort.patients.copy()
    patients.loc[0, "target_antigen"] = "GPRC5D"
    patients.loc[1, "product"] = "in-house CAR"
    patients.loc[2, "product"] = "Yescarta (axi-cel)"
    trained = {**before.trained_on, "product": ["axicabtagene ciloleucel"]}
    rows = score(replace(cohort, patients=patients), replace(before, trained_on=trained))
    assert (rows["status"].iloc[:2] == "partial").all()
    assert "not trained on: target_antigen GPRC5D" in rows["reason"].iloc[0]
    assert "not trained on: product in-house CAR" in rows["reason"].iloc[1]
    assert "not trained on: product" not in rows["reason"].iloc[2]
    unrecorded = score(
        replace(cohort, patients=patients), replace(before, trained_on={"product": []})
    )
    assert not unrecorded["reason"].str.contains("not trained on").any()


def test_rejected_patients_leave_even_when_nobody_is_left(before, tmp_path):
    (tmp_path / "patients.csv").write_text("patient_id,age_years\nA,50\nA,60\n,40\n,30\n")
    (tmp_path / "labs.csv").write_text("patient_id,time,analyte,value\n")
    (tmp_path / "events.csv").write_text("patient_id,event,time\n")
    scores = score(read_cohort(tmp_path), before, explain=True)
    assert scores["status"].tolist() == ["rejected"] * 3
    assert scores["reason"].tolist() == [
        "duplicate_patient",
        "patient_id_missing (row 3)",
        "patient_id_missing (row 4)",
    ]
    assert scores["risk"].isna().all()
    assert scores.filter(like="contribution_").shape[1] > 5


def test_the_shipped_models_score_out_of_the_box(cohort):
    assert set(shipped_models()) == {"early", "pre-infusion"}
    assert score(cohort, find_model("pre-infusion"))["risk"].notna().all()
    assert score(cohort, find_model("early"), "day-3")["risk"].notna().any()
