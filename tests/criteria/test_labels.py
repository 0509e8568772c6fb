from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskmodel.cohort import Cohort, read_cohort
from riskmodel.criteria import (
    CYTOPENIA_RULES,
    LEADING_COLUMNS,
    OUTCOMES,
    adjudicated,
    evaluate_signs,
    label,
    load_definition,
)

Build = Callable[..., Cohort]


def test_columns_stand_in_the_order_of_the_contract(cohort_of: Build) -> None:
    found = label(cohort_of(["{onset}", "{normal}", ""]))
    signs = load_definition("astct-2024").signs
    per_sign = [f"{sign}_{what}" for sign in signs for what in ("state", "value", "hours")]
    assert list(found)[: 8 + len(per_sign)] == [*LEADING_COLUMNS, *per_sign]
    assert list(adjudicated(cohort_of(["{onset}"])))[:8] == list(LEADING_COLUMNS)
    assert found["patient_id"].tolist() == ["P000", "P001", "P002"]
    assert set(found["cytopenia_rule"]) == {"worsening"}


def test_dtypes_do_not_depend_on_the_patients(cohort_of: Build) -> None:
    full, empty = label(cohort_of(["{onset}", ""])), label(cohort_of([]))
    pd.testing.assert_series_equal(full.dtypes, empty.dtypes)
    pd.testing.assert_series_equal(
        adjudicated(cohort_of(["iec_hs@5"])).dtypes, adjudicated(cohort_of([])).dtypes
    )
    assert full["grade"].dtype == "Int64"
    assert full["outcome"].dtype == "str"


def test_the_default_rule_is_the_definitions_own(cohort_of: Build) -> None:
    cohort = cohort_of(["{onset}"])
    pd.testing.assert_frame_equal(label(cohort), label(cohort, cytopenia_rule=None))


def test_no_sample_no_value(cohort_of: Build) -> None:
    row = label(cohort_of(["ferritin@-24=20000"])).iloc[0]
    for sign in load_definition("astct-2024/off").signs:
        assert row[f"{sign}_state"] == "not_assessable"
        assert np.isnan(row[f"{sign}_value"])
        assert np.isnan(row[f"{sign}_hours"])
    assert row["unassessable_parts"].startswith("macrophage_activation: ferritin")


def test_the_horizon_is_a_parameter_and_printed(cohort_of: Build) -> None:
    cohort = cohort_of(["{onset}; last_follow_up@500"])
    assert label(cohort, horizon_days=1.0)["outcome"].tolist() != ["event"]
    assert label(cohort, horizon_days=1.1)["outcome"].tolist() == ["event"]
    assert label(cohort, horizon_days=1.1)["horizon_days"].tolist() == [1.1]


def test_adjudicated_outcomes(cohort_of: Build) -> None:
    found = adjudicated(
        cohort_of(
            [
                "iec_hs@168#3; iec_hs@200#4",
                "iec_hs@168#1; iec_hs@168#2; death@100",
                "iec_hs@336#2; last_follow_up@400",
                "last_follow_up@100",
                "iec_hs@-500#4; last_follow_up@400",
                "iec_hs@20",
            ]
        )
    )
    assert found["outcome"].tolist() == [
        "event",
        "competing",
        "no_event",
        "lost",
        "no_event",
        "event",
    ]
    assert found["outcome_hours"].tolist() == [168, 100, 336, 100, 336, 20]
    assert found["grade"].fillna(0).tolist() == [3, 2, 2, 0, 0, 0]
    assert found["onset_hours"].fillna(-1).tolist() == [168, 168, 336, -1, -1, 20]
    assert set(found["definition"]) == {"adjudicated"}
    assert set(found["cytopenia_rule"]) == {""}


@pytest.fixture(scope="module")
def published(shared_data: Path) -> Cohort:
    return read_cohort(shared_data / "case_manghisi_2025")


@pytest.mark.parametrize("rule", CYTOPENIA_RULES)
def test_the_published_patient(published: Cohort, rule: str) -> None:
    row = label(published, cytopenia_rule=rule).iloc[0]
    assert row["outcome"] == "not_assessed"
    assert row["first_unassessable_sign"] == "transaminases"
    assert row["ferritin_state"] == "met"
    assert (row["ferritin_value"], row["ferritin_hours"]) == (217412, 192)
    for sign in ("transaminases", "fibrinogen", "triglycerides", "hemophagocytosis"):
        assert row[f"{sign}_state"] == "not_assessable"
    assert np.isnan(row["onset_hours"])
    assert "transaminases, fibrinogen, triglycerides, hemophagocytosis" in row["unassessable_parts"]
    cytopenia = {row[f"cytopenia_{name}_state"] for name in ("anc", "hemoglobin", "platelets")}
    assert cytopenia == ({"not_assessable"} if rule == "recovery" else {"met"})


def test_the_published_patient_over_time(published: Cohort) -> None:
    timeline = evaluate_signs(published)
    for day in range(8):
        assert timeline.at(24.0 * day)["ferritin"][0] == -1
    assert timeline.at(192.0)["ferritin"][0] == 1
    for day in range(22):
        assert timeline.at(24.0 * day)["hemophagocytosis"][0] == -1
        assert timeline.definition_state_at(24.0 * day)[0] == -1
    row = adjudicated(published).iloc[0]
    assert (row["outcome"], row["onset_hours"]) == ("event", 168)


def test_the_published_patient_with_one_more_sign(published: Cohort, cohort_of: Build) -> None:
    """What is missing decides: the same events and ferritin with a low fibrinogen hold at day 8."""
    extra = cohort_of(["fibrinogen@192=100"]).labs
    labs = pd.concat([published.labs, extra], ignore_index=True)
    labs["analyte"] = labs["analyte"].astype("category")
    row = label(Cohort(published.patients, labs, published.events)).iloc[0]
    assert (row["outcome"], row["onset_hours"], row["grade"]) == ("event", 192, 4)


def test_real_hospital_rows_each_leave_with_an_outcome(shared_data: Path) -> None:
    cohort = read_cohort(shared_data / "mimic3_demo_20" / "tidy")
    for rule in CYTOPENIA_RULES:
        found = label(cohort, cytopenia_rule=rule)
        assert len(found) == len(cohort)
        assert set(found["outcome"]) <= set(OUTCOMES)
