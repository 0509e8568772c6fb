"""Several models and times in one call: who gets which row, and nothing from the future."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from riskmodel.cohort import Cohort, last_record, read_cohort
from riskmodel.errors import SchemaError
from riskmodel.models import RiskModel, load_model
from riskmodel.scoring import score
from riskmodel.scoring.prediction_times import landmark_days, output_columns, score_times


@pytest.fixture(scope="module")
def cohort(simulated: Path) -> Cohort:
    return read_cohort(simulated).take(np.arange(60))


@pytest.fixture(scope="module")
def models(model_folders: dict[str, Path]) -> list[RiskModel]:
    return [load_model(folder) for folder in model_folders.values()]


def ending(cohort: Cohort, hours: np.ndarray) -> Cohort:
    """The cohort as it stood when each patient's records had reached these hours."""

    def known(table: pd.DataFrame) -> pd.DataFrame:
        kept = table["hours"].to_numpy() <= hours[table["patient"].to_numpy()]
        return table[kept].reset_index(drop=True)

    return replace(cohort, labs=known(cohort.labs), events=known(cohort.events))


def test_models_are_matched_to_times_by_their_stage(cohort, models):
    rows = score_times(cohort, models, ["pre-infusion", "day-3", "day-9"])
    assert rows["patient_id"].tolist() == np.repeat(cohort.patient_id, 3).tolist()
    assert rows["prediction_time_hours"].tolist() == [0, 72, 216] * len(cohort)
    assert rows["stage"].tolist() == ["pre_infusion", "early", "early"] * len(cohort)
    for at, model, place in (("pre-infusion", models[0], 0), ("day-9", models[1], 2)):
        alone = score(cohort, model, at)
        assert_frame_equal(rows.iloc[place::3].reset_index(drop=True), alone, check_exact=True)


def test_contributions_of_both_models_sum(cohort, models):
    rows = score_times(cohort, models, ["pre-infusion", "day-3"], explain=True)
    assert list(rows.columns) == output_columns(models, explain=True)
    assert list(rows.columns[-3:]) == ["contribution_base", "findings", "note"]
    scored = rows[rows["risk"].notna()]
    total = scored.filter(like="contribution_").sum(axis=1)
    np.testing.assert_allclose(total, np.log(scored["risk"] / (1 - scored["risk"])), atol=1e-6)


def test_a_time_that_no_model_fits_is_refused_and_says_which_would(cohort, models):
    with pytest.raises(SchemaError, match=r"Use --at pre-infusion, or a model of stage 'early'"):
        score_times(cohort, models[:1], ["pre-infusion", "day-3"])
    short = replace(models[1], horizon_days=7.0)
    with pytest.raises(SchemaError, match=r"No model given can score at 'day-9'.*horizon day 7"):
        score_times(cohort, [models[0], short], ["day-9"])
    assert (score_times(cohort, [short, models[1]], ["day-9"])["horizon_days"] == 14).all()


def test_today_is_each_patients_own_last_whole_day(cohort, models):
    hours = np.linspace(-30, 390, len(cohort))
    live = ending(cohort, hours)
    days = landmark_days(live)
    assert set(days) >= {0, 1, 5, 13, 14}
    rows = score_times(live, models, ["today"], explain=True)
    assert rows["patient_id"].tolist() == live.patient_id.tolist()
    assert (rows["prediction_time_hours"] == 24.0 * days).all()
    for k in range(0, len(live), 7):
        day = int(days[k])
        row = rows.iloc[[k]].reset_index(drop=True)
        if day > 13:
            assert row["status"][0] == "out_of_scope"
            assert row["risk"].isna().all()
            continue
        at = f"day-{day}" if day else "pre-infusion"
        alone = score_times(live.take(np.array([k])), models, [at], explain=True)
        assert_frame_equal(row, alone, check_exact=True)


@pytest.mark.parametrize("end", ["death", "last_follow_up"])
def test_the_end_of_follow_up_moves_no_day(cohort, end):
    live = ending(cohort, np.full(len(cohort), 130.0))
    known = landmark_days(live)
    after = pd.DataFrame({"patient": np.arange(len(live)), "hours": 300.0, "event": end})
    events = pd.concat([live.events, after], ignore_index=True)[list(live.events)]
    events = events.astype(live.events.dtypes.to_dict())
    assert landmark_days(replace(live, events=events)).tolist() == known.tolist()


def test_after_day_13_there_is_a_reason(cohort, models):
    late = score_times(cohort, models, ["today"])
    after = late[late["prediction_time_hours"] >= 24 * 14]
    assert len(after) > 20
    assert (after["status"] == "out_of_scope").all()
    assert (
        after["reason"]
        .str.fullmatch(
            "after_last_landmark: records reach past day 13|dead|onset_known|transplant"
            "|new_cell_therapy|autoimmune_indication.*"
        )
        .all()
    )
    assert after["reason"].str.startswith("after_last_landmark").any()


def test_today_without_a_model_of_a_stage_leaves_rows_that_say_so(cohort, models):
    live = ending(cohort, np.where(np.arange(len(cohort)) < 30, -1.0, 100.0))
    rows = score_times(live, models[1:], ["today"])
    assert len(rows) == len(live)
    assert (rows["reason"][:30] == "no_model_of_stage: pre_infusion").all()
    assert (rows["model_name"][:30] == "").all()
    assert rows["risk"][30:].notna().any()


def test_a_time_asked_for_twice_is_one_row(cohort, models):
    live = ending(cohort, np.full(len(cohort), 95.0))
    rows = score_times(live, models, ["day-3", "today", "day-3"])
    reached = landmark_days(live) == 3
    assert reached.sum() > 20
    assert (rows.groupby("patient_id", sort=False).size() == np.where(reached, 1, 2)).all()


def test_records_that_end_early_are_stale_by_what_stood_then(cohort, models):
    hours = np.where(np.arange(len(cohort)) < 30, 40.0, 400.0)
    rows = score_times(ending(cohort, hours), models, ["day-5"])
    at_risk = rows["status"] != "out_of_scope"
    assert rows["reason"][:30][at_risk[:30]].str.contains("stale: last record ").all()
    assert (rows["status"][:30][at_risk[:30]] == "partial").all()
    assert rows["risk"][:30][at_risk[:30]].notna().all()
    gap = last_record(cohort.until(120.0))[30:] <= 96.0
    known = rows["status"][30:] != "out_of_scope"
    assert (rows["reason"][30:].str.contains("stale") == (gap & known)).all()
    assert gap.mean() < 0.2
    # What comes later is not known at day 5: it neither makes nor unmakes a stale row.
    before = score_times(ending(cohort, np.minimum(hours, 120.0)), models, ["day-5"])
    assert_frame_equal(rows, before, check_exact=True)


@pytest.mark.parametrize(("hours", "stale"), [(96.0, True), (96.0001, False)])
def test_a_record_exactly_a_day_before_is_of_the_day_before(cohort, models, hours, stale):
    one = ending(cohort.take(np.array([2])), np.array([-1.0]))
    record = one.events.iloc[:1].assign(patient=0, hours=hours)
    record["event"] = pd.Categorical(["fever"], categories=one.events["event"].cat.categories)
    record = record.assign(grade=np.nan, value="")
    seen = replace(one, events=pd.concat([one.events, record], ignore_index=True))
    row = score_times(seen, models, ["day-5"]).iloc[0]
    assert ("stale" in row["reason"]) == stale


def test_an_unreadable_cell_is_named_beside_what_is_missing(models, tmp_path):
    patients = "patient_id,age_years,weight_kg\nA,fifty,70\nB,50,1e9\nC,50,70\n"
    (tmp_path / "patients.csv").write_text(patients)
    (tmp_path / "labs.csv").write_text("patient_id,hours_from_infusion,analyte,value,unit\n")
    (tmp_path / "events.csv").write_text("patient_id,event,hours_from_infusion\n")
    rows = score_times(read_cohort(tmp_path), models, ["pre-infusion"])
    assert (rows["status"] == "partial").all()
    assert "unusable: age_years (text_in_number)" in rows["reason"][0]
    assert "unusable: weight_kg (out_of_range)" in rows["reason"][1]
    assert "unusable" not in rows["reason"][2]
    for row in rows.itertuples():
        assert row.reason.startswith("base rate of all products and reports")
        assert len(row.missing_features.split(", ")) == row.n_missing


def test_nobody_usable_leaves_the_rejected_with_every_column(models, tmp_path):
    (tmp_path / "patients.csv").write_text("patient_id,age_years\nA,50\nA,60\n,40\n")
    (tmp_path / "labs.csv").write_text("patient_id,time,analyte,value\n")
    (tmp_path / "events.csv").write_text("patient_id,event,time\n")
    rows = score_times(read_cohort(tmp_path), models, ["pre-infusion", "today"], explain=True)
    assert rows["patient_id"].tolist() == ["A", "A", "", ""]
    assert (rows["status"] == "rejected").all()
    assert list(rows.columns) == output_columns(models, explain=True)
