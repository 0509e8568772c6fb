from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort import Cohort, read_cohort
from riskmodel.criteria import OUTCOMES, adjudicated, label, load_definition
from riskmodel.criteria.outcome import CLOSED, horizon_hours, longest_gap, outcomes, within
from riskmodel.errors import SchemaError
from riskmodel.training import simulate

Build = Callable[..., Cohort]
ROWS = st.lists(st.tuples(st.integers(0, 2), st.integers(-5, 25)), max_size=15)
HOURS = st.one_of(st.none(), st.sampled_from([0, 24, 335, 336, 337, 500]))


@given(ROWS)
def test_longest_gap_is_the_longest_stretch_between_moments(rows: list[tuple[int, int]]) -> None:
    rows = sorted(set(rows))
    patient = np.array([row[0] for row in rows], dtype=np.int64)
    hours = np.array([row[1] for row in rows], dtype=np.float64)
    for closed, last in (("left", 19), ("both", 20)):
        found = longest_gap(3, patient, hours, 20.0, closed)
        for p in range(3):
            inside = sorted(h for other, h in rows if other == p and 0 <= h <= last)
            assert found[p] == max(np.diff([0.0, *inside, 20.0]))


@pytest.mark.parametrize("days", [0.0, -1.0, float("nan"), float("inf")])
def test_a_horizon_is_positive(days: float) -> None:
    with pytest.raises(SchemaError, match="not positive"):
        horizon_hours(days)


def test_an_unknown_end_lists_what_is_allowed(cohort_of: Build) -> None:
    with pytest.raises(SchemaError, match=r"'right' of a horizon is unknown\. Allowed: left, both"):
        label(cohort_of(["{normal}"]), closed="right")


@given(st.lists(st.tuples(HOURS, HOURS, HOURS, HOURS, st.booleans()), min_size=1, max_size=8))
def test_every_patient_has_one_outcome_and_a_closed_end_loses_no_event(
    cohort_of: Build, rows: list[tuple[int | None, int | None, int | None, int | None, bool]]
) -> None:
    lines = [
        "; ".join(
            f"{name}@{hours}"
            for name, hours in zip(("death", "transplant", "last_follow_up"), row[1:4], strict=True)
            if hours is not None
        )
        for row in rows
    ]
    cohort = cohort_of(lines)
    onset = np.array([np.nan if row[0] is None else row[0] for row in rows], dtype=np.float64)
    until = np.array([max(h or 0 for h in row[:4]) for row in rows], dtype=np.float64)
    excluded = np.array([row[4] for row in rows])
    left, both = (
        outcomes(cohort, onset, until, excluded, 336.0, closed).outcome for closed in CLOSED
    )
    assert set(left) | set(both) <= set(OUTCOMES)
    assert (both[left == "event"] == "event").all()
    changed = left != both
    first = np.array([min((h for h in row[1:3] if h is not None), default=np.inf) for row in rows])
    assert ((onset == 336) | (first == 336))[changed].all()


@pytest.mark.parametrize("hours", [335.99, 336.0, 336.01])
def test_an_onset_at_the_horizon_counts_only_where_it_is_included(
    cohort_of: Build, hours: float
) -> None:
    onset = f"ferritin@{hours}=20000; fibrinogen@{hours}=100"
    low = f"cytopenia_anc@{hours}; cytopenia_platelets@{hours}; last_follow_up@700"
    cohort = cohort_of([f"{{normal}}; {onset}; {low}; iec_hs@{hours}#2"])
    for found in (label, adjudicated):
        left = found(cohort, closed="left")["outcome"].iloc[0]
        both = found(cohort, closed="both")["outcome"].iloc[0]
        assert (left == "event") == (hours < 336.0)
        assert (both == "event") == (hours <= 336.0)


def test_a_death_at_the_horizon_competes_only_where_it_is_included(cohort_of: Build) -> None:
    cohort = cohort_of(["{normal}; death@336"])
    assert label(cohort, closed="left")["outcome"].tolist() == ["no_event"]
    assert label(cohort, closed="both")["outcome"].tolist() == ["competing"]


def test_the_end_is_printed_beside_every_label(cohort_of: Build) -> None:
    cohort = cohort_of(["{normal}"])
    assert label(cohort)["closed"].tolist() == ["left"]
    assert label(cohort, closed="both")["closed"].tolist() == ["both"]
    assert adjudicated(cohort, closed="both")["closed"].tolist() == ["both"]


def _panel(every: int, value_of: dict[str, str] | None = None) -> str:
    normal = {"ferritin": "500", "ast": "20", "alt": "20", "fibrinogen": "300", "anc": "3"}
    normal |= {"hemoglobin": "12", "platelets": "200"} | (value_of or {})
    drawn = "; ".join(f"{name}@0:336:{every}={value}" for name, value in normal.items())
    return f"{drawn}; last_follow_up@400"


@pytest.mark.parametrize(
    ("line", "outcome", "why"),
    [
        (_panel(24), "no_event", "daily"),
        (_panel(72), "no_event", "every 72 h, that gap included"),
        (_panel(84), "not_assessed", "84 h between draws are too long"),
        (
            "; ".join(f"{a}@0:336:24={v}" for a, v in (("anc", 3), ("hemoglobin", 12)))
            + "; platelets@0:336:24=200; last_follow_up@400",
            "no_event",
            "normal counts alone exclude the second part",
        ),
        (
            "ferritin@0:336:24=500; ast@0:336:24=20; alt@0:336:24=20; last_follow_up@400",
            "no_event",
            "fibrinogen alone unknown: two signs are out of reach",
        ),
        (
            "ast@0:336:24=20; alt@0:336:24=20; last_follow_up@400",
            "not_assessed",
            "ferritin and fibrinogen are routine: without both two signs are possible",
        ),
        (
            "ferritin@0:336:24=500; ast@0:336:24=20; alt@0:336:24=20; fibrinogen@0:336:24=300; "
            "last_follow_up@400",
            "no_event",
            "marrow and triglycerides are not routine: not done is not unknown",
        ),
        ("last_follow_up@400", "not_assessed", "followed without any result"),
        (_panel(24).replace("0:336:24", "0:240:24"), "not_assessed", "no draw in the last 96 h"),
        (_panel(24).replace("0:336:24", "96:336:24"), "not_assessed", "no draw in the first 96 h"),
    ],
)
def test_no_event_needs_routine_results_in_every_window(
    cohort_of: Build, line: str, outcome: str, why: str
) -> None:
    assert label(cohort_of([line]))["outcome"].tolist() == [outcome], why


def test_the_window_is_a_parameter_of_the_definition(cohort_of: Build) -> None:
    definition = load_definition("astct-2024")
    wide = replace(definition, exclusion=replace(definition.exclusion, window_hours=84.0))
    cohort = cohort_of([_panel(84)])
    assert label(cohort, definition)["outcome"].tolist() == ["not_assessed"]
    assert label(cohort, wide)["outcome"].tolist() == ["no_event"]


@pytest.mark.parametrize("analytes", [("platelets",), ("platelets", "ferritin")])
def test_non_cases_with_daily_labs_are_assessed(dense: Path, analytes: tuple[str, ...]) -> None:
    """Daily: up to day 14 never more than 36 h without the analyte, a late morning included."""
    cohort = read_cohort(dense)
    truth = pd.read_csv(dense / "truth.csv")
    daily = truth["onset_hours"].isna().to_numpy().copy()
    for analyte in analytes:
        drawn = cohort.labs[(cohort.labs["analyte"] == analyte) & (cohort.labs["hours"] >= 0)]
        code, hours = drawn["patient"].to_numpy(np.int64), drawn["hours"].to_numpy(np.float64)
        daily &= longest_gap(len(cohort), code, hours, 336.0, "left") <= 36.0
    found = label(cohort)
    assert daily.sum() >= 50
    assert (found["outcome"][daily] == "not_assessed").mean() < 0.05


@pytest.fixture(scope="module")
def dense(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dense") / "cohort"
    simulate(folder, patients=1200, seed=17)
    return folder


def test_within_takes_hour_zero() -> None:
    hours = np.array([-1.0, 0.0, 10.0, np.inf])
    for closed in CLOSED:
        assert within(hours, 10.0, closed).tolist() == [False, True, closed == "both", False]
