from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort import Cohort, read_cohort
from riskmodel.criteria import load_definition
from riskmodel.criteria.course import PICTURES, course_rules, daily_picture

Build = Callable[..., Cohort]
CALM = "{normal}; ldh@0:312:24=150; crp@0:312:24=5; last_follow_up@340"
STORM = "ferritin@192=20000; fibrinogen@192=100; ldh@192=900"


def _day(cohort: Cohort, day: int) -> pd.Series:
    days = daily_picture(cohort)
    return days[days["day"] == day].iloc[0]


@pytest.mark.parametrize(
    ("line", "day", "picture", "why"),
    [
        (CALM, 3, "neither", "normal results, no event"),
        ("last_follow_up@340", 3, "not_assessable", "nothing measured"),
        (f"{CALM}; fever@60", 3, "crs_like", "a fever 12 h ago"),
        (f"{CALM}; fever@48", 3, "crs_like", "a fever 24 h ago still stands"),
        (f"{CALM}; fever@47.9", 3, "neither", "an older one does not"),
        (f"{CALM}; crs@48#1", 5, "crs_like", "a recorded CRS stands 72 h, that age included"),
        (f"{CALM}; crs@47#1", 5, "neither", "not longer"),
        (f"{CALM}; fever@73", 3, "neither", "a fever to come is not known"),
        (f"{CALM}; fever@240", 10, "crs_like", "day 10 is still in time"),
        (f"{CALM}; fever@264", 11, "neither", "day 11 is not"),
        (f"{CALM}; {STORM}", 8, "iec_hs_like", "ferritin, fibrinogen and LDH"),
        (f"{CALM}; {STORM}; fever@190", 8, "both", "and a fever in time"),
        ("fever@60; last_follow_up@340", 3, "crs_like", "IEC-HS unknown does not hide CRS"),
    ],
)
def test_pictures(cohort_of: Build, line: str, day: int, picture: str, why: str) -> None:
    # The later, more abnormal result of one time is joined with the normal one: leave that out.
    if STORM in line:
        line = line.replace("{normal}", "; ".join(_usual(skip=192)))
        line = line.replace("ldh@0:312:24=150", "ldh@0:168:24=150; ldh@216:312:24=150")
    assert _day(cohort_of([line]), day)["picture"] == picture, why


def _usual(skip: int) -> list[str]:
    normal = {"ferritin": 500, "ast": 20, "alt": 20, "fibrinogen": 300, "anc": 3}
    normal |= {"hemoglobin": 12, "platelets": 200}
    return [
        f"{name}@0:{skip - 24}:24={value}; {name}@{skip + 24}:312:24={value}"
        for name, value in normal.items()
    ]


@pytest.mark.parametrize(
    ("line", "day", "signs", "why"),
    [
        ("ferritin@24=10001", 1, "ferritin", "above the absolute limit, whatever the target"),
        ("ferritin@24=10000", 1, "", "at it"),
        ("ferritin@0=500; ferritin@24=2901", 1, "ferritin", "rising 100 ng/mL/h for 24 h"),
        ("ldh@24=501/250", 1, "tissue_damage", "LDH above twice its ULN"),
        ("ldh@24=500/250", 1, "", "at twice its ULN"),
        ("ast@24=121/40", 1, "tissue_damage", "AST above three times its ULN"),
        (
            "hemoglobin@0=9; hemoglobin@24=7; platelets@0=200; platelets@24=30",
            1,
            "cytopenias",
            "two",
        ),
        ("anc@0=3; anc@24=0.5; platelets@0=200; platelets@24=30", 1, "", "one and the nadir"),
        ("anc@24=0.5; platelets@24=30", 1, "", "from the start: not new"),
        ("anc@336=0.5; platelets@336=30", 14, "cytopenias", "after the expected recovery any"),
        ("crp@0=100; crp@24=80; crp@48=120", 2, "rebound", "fell to 80%, rose by half"),
        ("crp@0=100; crp@24=81; crp@48=200", 2, "", "did not fall enough"),
        ("crp@0=100; crp@24=40; crp@48=59", 2, "", "did not rise enough"),
        ("crp@0=20; crp@24=5; crp@48=30", 2, "", "not above the floor"),
        ("crp@0=100; crp@24=<40; crp@48=>60", 2, "rebound", "bounds that suffice"),
        ("crp@-24=100; crp@24=40; crp@48=80", 2, "", "a fall from before the infusion"),
        ("tocilizumab@48; fever@72", 3, "poor_response", "fever 24 h after a dose"),
        ("tocilizumab@48; fever@71", 3, "", "too soon to judge"),
        ("tocilizumab@48; fever@144", 6, "poor_response", "96 h after"),
        ("tocilizumab@48; fever@145; fever@168", 7, "", "too late to blame"),
        ("fever@72", 3, "", "no dose to respond to"),
    ],
)
def test_signs_of_iec_hs(cohort_of: Build, line: str, day: int, signs: str, why: str) -> None:
    row = _day(cohort_of([f"{line}; last_follow_up@700"], [None]), day)
    assert row["iec_hs_signs"] == ((signs,) if signs else ()), why


@pytest.mark.parametrize(
    ("line", "signs"),
    [
        ("fever@60; ferritin@36=400; ferritin@60=500", ("fever", "ferritin_moderate")),
        ("fever@60; ferritin@60=500", ("fever",)),
        ("fever@60; ferritin@60=20000", ("fever",)),
        ("fever@60; fibrinogen@60=300", ("fever", "fibrinogen_kept")),
        ("fever@20; tocilizumab@30; crs@40#2; fever@50", ("crs", "fever", "response")),
        ("ferritin@36=500; ferritin@60=500; fibrinogen@60=300", ()),
    ],
)
def test_what_goes_with_crs_is_named_only_beside_it(
    cohort_of: Build, line: str, signs: tuple[str, ...]
) -> None:
    assert _day(cohort_of([f"{line}; last_follow_up@100"]), 3)["crs_signs"] == signs


def test_a_tocilizumab_response_ends_with_the_next_fever(cohort_of: Build) -> None:
    cohort = cohort_of(["tocilizumab@24; fever@20; crs@20#1; fever@50; last_follow_up@100"])
    days = daily_picture(cohort).set_index("day")
    assert "response" in days["crs_signs"][2]
    assert "response" not in days["crs_signs"][3]
    assert days["iec_hs_signs"][3] == ("poor_response",)


def test_signs_are_tuples_of_names_also_where_all_days_have_as_many(cohort_of: Build) -> None:
    for lines in (["fever@0"], ["fever@0; last_follow_up@23"] * 2, ["crs@0; fever@0"] * 2):
        days = daily_picture(cohort_of(lines), last_day=0)
        for column in ("crs_signs", "iec_hs_signs", "not_assessable_signs"):
            assert {type(found) for found in days[column]} == {tuple}
        assert {name for found in days["crs_signs"] for name in found} <= {"crs", "fever"}


def test_one_row_per_patient_and_day_up_to_the_last_record(cohort_of: Build) -> None:
    days = daily_picture(cohort_of(["fever@50", "", "last_follow_up@2000"]))
    assert days.groupby("patient_id")["day"].max().tolist() == [2, 0, course_rules().last_day]
    assert days["hours"].tolist() == [24.0 * day for day in days["day"]]
    assert set(days["picture"]) <= set(PICTURES)
    few = daily_picture(cohort_of(["last_follow_up@2000"]), last_day=3)
    assert few["day"].tolist() == [0, 1, 2, 3]


def test_nobody_gives_no_rows_of_the_same_columns(cohort_of: Build) -> None:
    empty = daily_picture(cohort_of([]))
    assert empty.empty
    assert list(empty) == list(daily_picture(cohort_of(["fever@1"])))


@given(cut=st.integers(0, 14))
def test_later_records_change_no_day(simulated_few: Cohort, cut: int) -> None:
    whole = daily_picture(simulated_few)
    early = daily_picture(simulated_few.until(24.0 * cut))
    kept = whole.merge(early[["patient_id", "day"]], on=["patient_id", "day"])
    pd.testing.assert_frame_equal(kept, early)


def test_shuffled_rows_and_the_target_change_nothing(simulated_few: Cohort) -> None:
    other = replace(
        simulated_few,
        patients=simulated_few.patients.assign(target_antigen="BCMA"),
        labs=simulated_few.labs.sample(frac=1, random_state=3, ignore_index=True),
    )
    pd.testing.assert_frame_equal(daily_picture(other), daily_picture(simulated_few))


@pytest.fixture(scope="module")
def simulated_few(simulated: Path) -> Cohort:
    return read_cohort(simulated).take(np.arange(40))


def test_the_picture_turns_at_the_onset(simulated: Path) -> None:
    truth = pd.read_csv(simulated / "truth.csv").set_index("patient_id")["onset_hours"]
    days = daily_picture(read_cohort(simulated))
    onset = days["patient_id"].map(truth)
    like = days["picture"].isin(["iec_hs_like", "both"])
    after = (days["hours"] >= onset + 24) & (days["hours"] <= onset + 120)
    assert like[after].mean() > 0.8
    assert like[onset.isna()].mean() < 0.05


def test_limits_are_those_of_the_named_definition() -> None:
    rules = course_rules()
    definition = load_definition(rules.definition)
    assert {"ferritin", "fibrinogen", "transaminases"} <= set(definition.signs)
    assert rules.signs.cytopenias.part in [part.name for part in definition.parts]


def test_the_published_patient(shared_data: Path) -> None:
    days = daily_picture(read_cohort(shared_data / "case_manghisi_2025"))
    found = days.set_index("day")["picture"]
    assert found[2] == found[4] == found[7] == "crs_like"
    assert found[8] == "both"
    assert found[9] == "iec_hs_like"
    assert found[0] == "not_assessable"
