"""The events table: grades, what did not happen, what ended, and dates of the infusion's day."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort import Cohort, cohort_of, read_cohort
from riskmodel.criteria.course import daily_picture
from riskmodel.features import Records, load_catalogue, matrix

START = {"patient_id": "P1", "infusion_time": "2024-05-10T10:00"}
COURSE = ("crs_grade", "crs_days", "icans_grade", "tocilizumab_given", "crs_days_since_highest")


def cohort(*events: dict, patient: dict | None = None) -> Cohort:
    rows = [{"patient_id": "P1", "time": "2024-05-12T10:00", **event} for event in events]
    return cohort_of([patient or START], [], rows)


def features(found: Cohort, hours: float = 120.0) -> pd.DataFrame:
    return matrix(Records(found), load_catalogue().stage("early"), hours)


@pytest.mark.parametrize("grade", ["0", "Grade 0", "none", "no", "0.0"])
@pytest.mark.parametrize("event", ["crs", "icans"])
def test_grade_0_is_no_event(event, grade):
    never = features(cohort())
    found = cohort({"event": event, "grade": grade})
    assert found.events["grade"].tolist() == [0]
    pd.testing.assert_frame_equal(features(found), never)


@pytest.mark.parametrize(("text", "grade"), [("Grade 2", 2), ("III", 3), ("3a", 3), ("2.0", 2)])
def test_a_grade_in_words_counts(text, grade):
    found = features(cohort({"event": "crs", "grade": text}))
    assert found["crs_grade"].tolist() == [grade]


@pytest.mark.parametrize("text", ["", ">=3", "high", "9", "?"])
def test_an_unknown_grade_is_unknown_and_its_event_there(text):
    read = cohort({"event": "crs", "grade": text})
    found = features(read)
    assert np.isnan(found["crs_grade"][0])
    assert found["crs_days"].tolist() == [3.0]
    assert len(read.rejected) == (1 if text else 0)


def test_a_grade_that_says_resolved_ends_what_lasts_and_is_told():
    found = cohort(
        {"event": "crs", "grade": "2"},
        {"event": "crs", "grade": "Resolved", "time": "2024-05-14T10:00"},
        {"event": "iec_hs", "grade": "Resolved", "time": "2024-05-14T10:00"},
    )
    by_event = found.events.set_index("event")["grade"]
    assert by_event["crs"].tolist() == [2, 0]
    assert np.isnan(by_event["iec_hs"])
    assert found.notes["flagged"]["a grade such as 'resolved', read as 0"] == 1
    assert found.rejected["reason"].tolist() == ["text_in_number"]


def test_grade_0_ends_crs():
    fever = [{"event": "fever", "time": f"2024-05-{day}T10:00"} for day in (12, 13, 14)]
    crs = {"event": "crs", "grade": "2", "time": "2024-05-12T09:00"}
    over = {"event": "crs", "grade": "0", "time": "2024-05-13T12:00"}

    def signs(found: Cohort) -> list[str]:
        days = daily_picture(found, last_day=4)
        return ["crs" in named for named in days["crs_signs"]]

    assert signs(cohort(*fever, crs))[2:5] == [True, True, True]
    assert signs(cohort(*fever, crs, over))[2:5] == [True, True, False]
    again = {"event": "crs", "grade": "1", "time": "2024-05-14T09:00"}
    assert signs(cohort(*fever, crs, over, again))[2:5] == [True, True, True]


@pytest.mark.parametrize(
    "event", ["crs", "icans", "fever", "icu_admission", "ventilation", "dialysis"]
)
def test_an_end_is_an_end_and_no_event(event):
    found = cohort({"event": event, "value": "resolved"})
    assert found.events["grade"].tolist() == [0]
    assert found.happened.empty
    pd.testing.assert_frame_equal(features(found), features(cohort()))


@pytest.mark.parametrize("answer", ["no", "0", "FALSE", "none", "nein", "not given", "0 mg"])
@pytest.mark.parametrize("event", ["infection", "icu_admission", "tocilizumab", "hypoxia", "crs"])
def test_what_did_not_happen_is_left_out_and_counted(event, answer):
    found = cohort({"event": event, "value": answer})
    assert found.events.empty
    assert found.rejected["reason"].tolist() == ["did_not_happen"]


def test_a_finding_that_was_looked_for_may_say_no():
    found = cohort({"event": "hemophagocytosis", "value": "no"})
    assert found.events["value"].tolist() == ["no"]


def test_a_grade_0_of_what_has_no_end_did_not_happen():
    found = cohort({"event": "iec_hs", "grade": "0"}, {"event": "infection", "grade": "0"})
    assert found.events.empty
    assert found.rejected["reason"].tolist() == ["did_not_happen"] * 2


def test_treatments_and_toxicity_of_the_day_of_the_infusion_come_after_it():
    found = cohort(
        {"event": "tocilizumab", "time": "2024-05-10"},
        {"event": "crs", "grade": "3", "time": "2024-05-10"},
        {"event": "lymphodepletion_start", "time": "2024-05-10"},
    )
    hours = dict(zip(found.events["event"], found.events["hours"], strict=True))
    assert hours == {"crs": 7.0, "tocilizumab": 7.0, "lymphodepletion_start": -10.0}
    row = features(found, 24.0)
    assert row["crs_grade"].tolist() == [3]
    told = "crs: dated on the day of the infusion, read as after it"
    assert found.notes["flagged"][told] == 1


def test_a_sample_of_that_day_is_neither_baseline_nor_after():
    labs = [
        {"patient_id": "P1", "time": time, "analyte": "ferritin", "value": "600", "unit": "ng/mL"}
        for time in ("2024-05-09", "2024-05-10", "2024-05-10T07:00", "2024-05-11")
    ]
    found = cohort_of([START], labs)
    assert found.labs["hours"].tolist() == [-34.0, -3.0, 14.0]
    assert found.rejected["reason"].tolist() == ["time_around_infusion"]
    assert found.notes["date without a time of day, read as midnight"] == {"labs": 2}


@pytest.mark.parametrize("start", ["2024-05-10", "2024-05-10T23:30", "2024-05-10T00:30"])
@given(days=st.integers(-3, 5), event=st.sampled_from(["crs", "tocilizumab", "death"]))
def test_a_date_keeps_its_side_of_the_infusion(start, days, event):
    day = pd.Timestamp("2024-05-10") + pd.Timedelta(days=days)
    patient = {"patient_id": "P1", "infusion_time": start}
    found = cohort({"event": event, "time": f"{day:%Y-%m-%d}"}, patient=patient)
    hours = found.events["hours"].iloc[0]
    assert (hours > 0) == (days >= 0)
    assert hours <= max(24.0 * (days + 1), 0)


def test_a_file_of_midnights_holds_dates(tmp_path: Path):
    (tmp_path / "patients.csv").write_text("patient_id,infusion_time\nP1,2024-05-10 10:00\n")
    (tmp_path / "labs.csv").write_text("patient_id,time,analyte,value,unit\n")
    events = (
        "patient_id,event,time\nP1,tocilizumab,2024-05-10 00:00:00\nP1,crs,2024-05-12 00:00:00\n"
    )
    (tmp_path / "events.csv").write_text(events)
    assert read_cohort(tmp_path).events["hours"].tolist() == [7.0, 38.0]
    (tmp_path / "events.csv").write_text(f"{events}P1,fever,2024-05-12 08:00:00\n")
    found = read_cohort(tmp_path)
    assert found.events["hours"].tolist() == [-10.0, 38.0, 46.0]
    assert found.notes["time of day is midnight, kept; a date without one?"] == {"events": 2}
