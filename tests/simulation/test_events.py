"""The events table: each event after its cause, none after the end of observation."""

import numpy as np
import pytest

from riskmodel.cohort.schema import EVENT_NAMES
from riskmodel.simulation.events import record_events


@pytest.fixture(scope="module")
def events(stages):
    """The table, with the index of each row's patient."""
    rng = np.random.default_rng(5)
    found = record_events(
        stages.settings, stages.patients, stages.course, stages.transfusions, stages.ids, rng
    )
    return found.assign(patient=found["patient_id"].str[1:].astype(int))


def test_events_follow_the_contract(cohort, read):
    events = read(cohort.events)
    assert set(events["event"]) <= EVENT_NAMES
    graded = events["event"].isin(["crs", "icans", "iec_hs"])
    assert (events["grade"].where(graded, "") == events["grade"]).all()
    assert set(events.loc[graded, "grade"]) <= {"1", "2", "3", "4"}
    crs = cohort.events[cohort.events["event"] == "crs"].copy()
    crs["grade"] = crs["grade"].astype(int)
    crs = crs.sort_values(["patient_id", "hours_from_infusion"], kind="stable")
    assert (crs.groupby("patient_id")["grade"].diff().dropna() == 1).all()


def test_nothing_is_recorded_after_death_or_last_follow_up(cohort):
    final = cohort.events[cohort.events["event"].isin(["death", "last_follow_up"])]
    assert final["patient_id"].is_unique
    end = final.set_index("patient_id")["hours_from_infusion"]
    assert set(end.index) == set(cohort.patients["patient_id"])
    for table in (cohort.labs, cohort.events):
        assert (table["hours_from_infusion"] <= table["patient_id"].map(end)).all()


def test_rows_stand_in_the_order_of_patient_and_time(events):
    order = events.sort_values(["patient", "hours_from_infusion"], kind="stable")
    assert order.index.tolist() == events.index.tolist()


def test_every_patient_ends_once(stages, events):
    ends = events[events["event"].isin(["death", "last_follow_up"])]
    assert ends["patient"].tolist() == list(range(len(stages.patients)))
    died = stages.patients.death_days <= stages.patients.end_days
    assert ((ends["event"] == "death").to_numpy() == died).all()
    hours = np.round(stages.patients.end_days * 24, 1)
    np.testing.assert_allclose(ends["hours_from_infusion"], hours)


def test_what_treats_iec_hs_follows_the_call(stages, events):
    called = stages.course.called
    for name in ("iec_hs", "anakinra", "ruxolitinib", "emapalumab", "etoposide"):
        rows = events[events["event"] == name]
        day = rows["hours_from_infusion"].to_numpy() / 24
        assert (day >= called[rows["patient"]] - 0.01).all(), name
        assert len(rows), name
    seen = np.flatnonzero(called <= stages.patients.end_days)
    assert events.loc[events["event"] == "iec_hs", "patient"].tolist() == seen.tolist()


def test_only_a_case_fails_by_it(stages, events):
    for name in ("dialysis", "organ_failure", "hemophagocytosis", "splenomegaly"):
        assert stages.patients.case[events.loc[events["event"] == name, "patient"]].all(), name


def test_grades_of_toxicity_are_those_of_the_course(stages, events):
    for name in ("crs", "icans"):
        rows = events[events["event"] == name]
        highest = rows.groupby("patient")["grade"].max().astype(int)
        steps = getattr(stages.course, f"{name}_steps")
        seen = (steps <= stages.patients.end_days[:, None]).sum(axis=1)
        np.testing.assert_array_equal(highest.reindex(range(len(seen)), fill_value=0), seen)


def test_transfusions_are_those_that_were_given(stages, events):
    for given in stages.transfusions:
        watched = given.day <= stages.patients.end_days[given.patient] + 1 / 480
        rows = events[events["event"] == given.event]
        assert abs(len(rows) - watched.sum()) <= 2  # a time at the very end is rounded


def test_organs_fail_where_they_are_supported(events):
    def who(name):
        return set(events.loc[events["event"] == name, "patient"])

    assert who("organ_failure") <= who("ventilation") | who("dialysis")
    graded = events[events["event"] == "iec_hs"].set_index("patient")["grade"].astype(int)
    fourth = set(graded.index[graded == 4])
    assert len(fourth & (who("ventilation") | who("dialysis"))) > 0.9 * len(fourth) > 0
    assert graded.between(1, 4).all()
