"""Real input through the commands: the published patient and real hospital rows."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskmodel.cohort import Cohort, read_cohort
from riskmodel.criteria import adjudicated, label
from riskmodel.demo import PUBLISHED_CASE
from riskmodel.features import load_catalogue, matrix, prediction_hours
from riskmodel.scoring import find_model, score


@pytest.fixture(scope="module", params=["shipped", "shared"])
def published(request: pytest.FixtureRequest) -> Cohort:
    """The published patient: our own folder, and the one in the public data."""
    if request.param == "shipped":
        return read_cohort(PUBLISHED_CASE)
    return read_cohort(request.getfixturevalue("shared_data") / "case_manghisi_2025")


def test_target_and_domain_follow_from_the_product(published):
    patient = published.patients.iloc[0]
    assert (patient["target_antigen"], patient["costimulatory_domain"]) == ("CD19", "CD28")


def test_adjudicated_onset_is_day_7(published):
    row = adjudicated(published).iloc[0]
    assert (row["outcome"], row["onset_hours"]) == ("event", 168)


@pytest.mark.parametrize("rule", ["recovery", "infusion", "worsening", "any"])
def test_rules_alone_cannot_tell_and_say_why(published, rule):
    row = label(published, cytopenia_rule=rule).iloc[0]
    assert row["outcome"] == "not_assessed"
    assert np.isnan(row["onset_hours"])
    assert row["first_unassessable_sign"] == "transaminases"
    for sign in ("transaminases", "fibrinogen", "triglycerides", "hemophagocytosis"):
        assert row[f"{sign}_state"] == "not_assessable"
    met = (row["ferritin_state"], row["ferritin_value"], row["ferritin_hours"])
    assert met == ("met", 217412, 192)


def test_grades_and_drugs_are_known_from_their_day(published):
    catalogue = load_catalogue()
    rows = {d: matrix(published, catalogue, 24.0 * d).iloc[0] for d in (1, 2, 3, 4, 5, 8, 9)}
    assert [rows[d]["crs_grade"] for d in (1, 2, 3, 4)] == [0, 1, 2, 3]
    assert [rows[d]["icans_grade"] for d in (8, 9)] == [0, 4]
    assert [rows[d]["tocilizumab_given"] for d in (2, 3)] == [0, 1]
    assert [rows[d]["anakinra_given"] for d in (4, 5)] == [0, 1]
    assert np.isnan(rows[5]["ferritin_last_log10"])


def test_pre_infusion_score_is_partial_and_names_what_is_missing(published):
    row = score(published, find_model("pre-infusion")).iloc[0]
    assert row["status"] == "partial"
    assert 0 < row["risk_low"] < row["risk"] < row["risk_high"] < 1
    missing = row["missing_features"].split(", ")
    assert {"tumor_burden", "nk_cells_log10", "tet2_mutation"} <= set(missing)


def test_at_risk_until_the_adjudicated_onset(published):
    """The shipped model's labels are rules, which cannot know: it stays at risk there."""
    from dataclasses import replace

    model = find_model("early")
    human = replace(model, labels="adjudicated", definition="adjudicated")
    for day in range(1, 7):
        assert score(published, human, f"day-{day}").iloc[0]["status"] == "partial"
    for day in (7, 8, 13):
        row = score(published, human, f"day-{day}").iloc[0]
        assert (row["status"], row["reason"]) == ("out_of_scope", "onset_known")


@pytest.mark.parametrize("name", ["mimic3_demo_20/tidy", "tongji_60"])
def test_real_hospital_rows_go_all_the_way(shared_data: Path, name: str):
    cohort = read_cohort(shared_data / name)
    labels = label(cohort)
    assert len(labels) == len(cohort)
    assert labels["outcome"].notna().all()
    assert cohort.rejected["reason"].ne("").all()
    for at in ("pre-infusion", "day-1", "day-5"):
        model = find_model("pre-infusion" if at == "pre-infusion" else "early")
        built = matrix(cohort, load_catalogue(), prediction_hours(at))
        assert len(built) == len(cohort)
        scores = score(cohort, model, at, explain=True)
        assert len(scores) == len(cohort)
        kept = scores["status"].isin(("scored", "partial"))
        assert scores.loc[kept, "risk"].between(0, 1).all()
        assert scores.loc[~kept, "risk"].isna().all()
        assert scores.loc[~kept, "reason"].isin(("dead", "onset_known")).all()


def test_real_deaths_compete(shared_data: Path):
    labels = label(read_cohort(shared_data / "mimic3_demo_20" / "tidy")).set_index("patient_id")
    events = pd.read_csv(shared_data / "mimic3_demo_20" / "tidy" / "events.csv", dtype=str)
    died = events.loc[events["event"] == "death", "patient_id"]
    assert set(labels.loc[died, "outcome"]) <= {"competing", "event", "lost", "no_event"}
    assert labels.loc["10011", "outcome"] == "competing"
