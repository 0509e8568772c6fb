"""The early course: treatments, fever, CRS, signs and the distance to the definition."""

import tomllib
from importlib.resources import files

import numpy as np
import pytest

from riskmodel.features import load_catalogue, matrix
from riskmodel.features.builders.registry import BUILDERS

CATALOGUE = load_catalogue()


def one(make_cohort, name, now, events=(), labs=(), **columns):
    rows = [(0, hours, event, grade, "") for hours, event, grade in events]
    cohort = make_cohort([(0, t, a, v, 0) for t, a, v in labs], rows, **columns)
    return float(matrix(cohort, CATALOGUE.select([name]), now)[name].iloc[0])


@pytest.mark.parametrize(
    ("name", "hours", "now", "expected", "why"),
    [
        ("tocilizumab_hours_since_first", [40, 60], 72, 32, "from the first"),
        ("tocilizumab_hours_since_last", [40, 60], 72, 12, "from the last"),
        ("tocilizumab_hours_since_last", [40, 72], 72, 0, "a dose exactly at the time is known"),
        ("tocilizumab_hours_since_last", [40, 72.1], 72, 32, "a later one is not"),
        ("tocilizumab_hours_since_first", [], 72, 336, "not given: beyond day 13"),
        ("tocilizumab_hours_since_first", [-3], 72, 336, "before the infusion"),
        ("corticosteroid_hours_since_first", [0], 312, 312, "day 13, from the infusion"),
        ("anakinra_hours_since_last", [30], 48, 18, "anakinra"),
        ("tocilizumab_doses", [40, 40, 60], 72, 2, "two records at one time are one dose"),
        ("tocilizumab_doses", [], 72, 0, "none"),
        ("platelet_transfusions", [24, 48, 90], 72, 2, "up to the prediction time"),
    ],
)
def test_time_since_a_treatment(make_cohort, name, hours, now, expected, why):
    event = {
        "tocilizumab": "tocilizumab",
        "corticosteroid": "corticosteroid",
        "anakinra": "anakinra",
        "platelet": "transfusion_platelets",
    }[name.split("_")[0]]
    found = one(make_cohort, name, now, [(t, event, np.nan) for t in hours])
    np.testing.assert_equal(found, float(expected), err_msg=why)


@pytest.mark.parametrize(
    ("hours", "expected", "why"),
    [
        ([], 0, "no fever"),
        ([24], 0, "one fever"),
        ([24, 48, 72], 0, "fever every day"),
        ([24, 72], 1, "48 hours without"),
        ([24, 71.9], 0, "just under 48 hours"),
        ([24, 30, 96, 100], 1, "two bouts"),
        ([-30, 24], 0, "a fever before the infusion is not the first bout"),
        ([24, 121], 0, "the second one is still to come"),
    ],
)
def test_fever_that_returns(make_cohort, hours, expected, why):
    events = [(t, "fever", np.nan) for t in hours]
    assert one(make_cohort, "fever_returned", 120, events) == expected, why


def test_fever_of_two_patients_is_not_one_bout(make_cohort):
    cohort = make_cohort([], [(0, 24.0, "fever", np.nan, ""), (1, 96.0, "fever", np.nan, "")])
    found = matrix(cohort, CATALOGUE.select(["fever_returned", "tocilizumab_doses"]), 120)
    assert found["fever_returned"].tolist() == [0, 0]


def test_crs_by_day(make_cohort):
    events = [(36.0, "crs", 1.0), (60.0, "crs", 3.0), (84.0, "crs", 2.0), (96.0, "crs", 3.0)]
    assert one(make_cohort, "crs_onset_day", 120, events) == 1.5
    assert one(make_cohort, "crs_days", 120, events) == 3.5
    assert one(make_cohort, "crs_days_since_highest", 120, events) == 2.5
    assert one(make_cohort, "crs_days_since_highest", 48, events) == 0.5
    assert one(make_cohort, "crs_onset_day", 24, events) == 14
    assert one(make_cohort, "crs_days_since_highest", 24, events) == 14


def test_a_course_without_grades_has_no_highest_day(make_cohort):
    assert one(make_cohort, "crs_days_since_highest", 48, [(24.0, "crs", np.nan)]) == 14


def test_a_course_without_events_is_no_missing_input(make_cohort):
    course = [f for f in CATALOGUE if BUILDERS[f.builder].reads == "event"]
    built = matrix(make_cohort([], []), CATALOGUE.select([f.name for f in course]), 312)
    assert built.notna().all().all()
    for feature in course:
        beyond = feature.parameters.get("none")
        assert beyond is None or beyond == feature.maximum
        assert (built[feature.name] == (beyond or 0)).all()


@pytest.mark.parametrize(
    ("target", "values", "last", "highest", "why"),
    [
        ("CD19", [(24, 20_000.0), (48, 10_000.0)], 0, 1, "10,000 is at the threshold"),
        ("CD19", [(48, 2_500.0)], -2, -2, "a quarter of it"),
        ("BCMA", [(24, 1_000.0), (48, 3_400.0)], 0, 0, "100 ng/mL per h"),
        ("BCMA", [(0, 1.0), (24, 4_801.0), (48, 6_001.0)], -1, 1, "50 last, 200 at most"),
        ("BCMA", [(48, 99_000.0)], np.nan, np.nan, "one result has no rate"),
        ("BCMA", [(24, 500.0), (48, 400.0)], -9.965784, -9.965784, "a fall is at the floor"),
        ("CD22", [(24, 1_000.0), (48, 10_600.0)], 2, 2, "400 per h is nearer than 10,600"),
        ("CD22", [(48, 20_000.0)], 1, 1, "no rate: the level"),
        (np.nan, [(48, 5_000.0)], -1, -1, "target unknown: either"),
        ("CD19", [], np.nan, np.nan, "nothing measured"),
    ],
)
def test_ferritin_against_the_threshold_of_the_criteria(
    make_cohort, target, values, last, highest, why
):
    labs = [(t, "ferritin", v) for t, v in values]
    for name, expected in (("last", last), ("highest", highest)):
        feature = f"ferritin_{name}_to_threshold_log2"
        found = one(make_cohort, feature, 48, labs=labs, target_antigen=[target] * 2)
        np.testing.assert_allclose(found, expected, atol=1e-6, err_msg=f"{name}: {why}")


def test_the_thresholds_are_those_of_the_definition():
    text = (
        files("riskmodel.criteria.definitions")
        .joinpath("astct_2024.toml")
        .read_text(encoding="utf-8")
    )
    printed = tomllib.loads(text)["signs"]["ferritin"]
    chosen = [f.parameters for f in CATALOGUE if f.builder == "ferritin_to_threshold"]
    assert len(chosen) == 2
    for parameters in chosen:
        assert parameters["level"] == printed["threshold"]
        assert parameters["rate"] == printed["rate"]["threshold"]


def test_signs_still_needed_fall_as_signs_are_met(make_cohort):
    high = [(48, "ferritin", 20_000.0), (48, "fibrinogen", 100.0)]
    low = [(48, "platelets", 20.0), (48, "hemoglobin", 7.0)]
    before = [(24, "platelets", 200.0), (24, "hemoglobin", 12.0)]
    target = {"target_antigen": ["CD19", "CD19"]}
    needed = [
        one(make_cohort, "signs_still_needed", 48, labs=labs, **target)
        for labs in ([], high[:1], high, [*before, *high, low[0]], [*before, *high, *low])
    ]
    assert needed == [4, 3, 2, 1, 0]
    assert one(make_cohort, "signs_still_needed", 47, labs=[*before, *high, *low], **target) == 4


@pytest.mark.parametrize(
    ("labs", "events", "now", "hours", "since_crs", "why"),
    [
        ([(24, 2001)], [], 72, np.nan, np.nan, "one draw tells no time"),
        ([(24, 4000), (72, 4000)], [], 72, 48, 0, "above throughout, no CRS that could fade"),
        ([(24, 4000), (72, 4000)], [], 240, 48, 0, "nothing is known after the last draw"),
        ([(24, 4000), (96, 4000)], [], 96, 72, 0, "72 h between two draws are near enough"),
        ([(24, 4000), (97, 4000)], [], 97, 0, 0, "73 h are not: nobody looked"),
        ([(24, 1000), (72, 4000)], [], 72, 24, 0, "crosses in the middle of its logarithm"),
        ([(24, 1000), (72, 2000)], [], 72, 0, 0, "just at the level is not above it"),
        (
            [(-24, 4000), (24, 4000)],
            [],
            72,
            np.nan,
            np.nan,
            "before the infusion",
        ),
        ([(24, 4000), (72, 4000), (120, 4000)], [(0, "crs", 1)], 120, 96, 72, "past from hour 48"),
        ([(24, 4000), (72, 4000)], [(20, "crs", 1), (24, "fever", np.nan)], 72, 48, 0, "fever on"),
        ([(24, 4000), (72, 500)], [(0, "crs", 1)], 72, 16, 0, "fell below before CRS was past"),
    ],
)
def test_hours_above_a_multiple_of_the_limit(make_cohort, labs, events, now, hours, since_crs, why):
    drawn = [(t, "ferritin", value) for t, value in labs]
    for name, expected in (
        ("ferritin_hours_above", hours),
        ("ferritin_hours_above_after_crs", since_crs),
    ):
        found = one(make_cohort, name, now, events, drawn)
        np.testing.assert_allclose(found, expected, atol=1e-9, err_msg=f"{name}: {why}")


def test_area_above_the_limit_is_doublings_times_days(make_cohort):
    labs = [(24, "ferritin", 800.0), (72, "ferritin", 3200.0)]
    found = one(make_cohort, "ferritin_area_above", 72, (), labs)
    assert found == pytest.approx(2 * (1 + 3) / 2)


def test_grades_are_known_from_their_own_time(make_cohort):
    events = [(48.0, "crs", 1.0), (72.0, "crs", 3.0)]
    grades = [one(make_cohort, "crs_grade", t, events) for t in (24, 48, 71, 72)]
    assert grades == [0, 1, 1, 3]
