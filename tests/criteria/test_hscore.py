"""The published tables, and that the range of the total holds whatever the missing results are."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
from hypothesis import given, strategies as st

from riskmodel.cohort import Cohort, read_cohort
from riskmodel.criteria import hscore

Build = Callable[..., Cohort]


# PMC7589537 table 4, EVIDENCE.md B.7.
def test_the_published_patient(shared_data: Path) -> None:
    cohort = read_cohort(shared_data / "case_manghisi_2025")
    for hours in (192.0, 216.0):
        row = hscore(cohort, hours).iloc[0]
        assert (row["total_low"], row["total_high"], row["state"]) == (84, 337, -1)
        assert (row["points_ferritin"], row["points_cytopenias"]) == (50, 34)
        assert row["missing_items"] == (
            "immunosuppression; temperature; organomegaly; triglycerides; fibrinogen; ast; "
            "hemophagocytosis"
        )
        assert row["probability_high"] == 0.99


FULL = (
    "fever@24={t}; splenomegaly@24={s}; hepatomegaly@24={s}; wbc@24={w}; hemoglobin@24={h}; "
    "platelets@24={p}; ferritin@24={f}; triglycerides@24={g}; fibrinogen@24={b}; ast@24={a}; "
    "hemophagocytosis@24={m}"
)
PATIENTS = st.fixed_dictionaries(
    {
        "t": st.sampled_from(["no", "38.3", "38.4", "39.4", "39.5"]),
        "s": st.sampled_from(["no", "yes"]),
        "w": st.sampled_from([1, 5, 6]),
        "h": st.sampled_from([8, 9.2, 12]),
        "p": st.sampled_from([20, 110, 200]),
        "f": st.sampled_from([100, 2000, 6000, 9000]),
        "g": st.sampled_from([50, 200, 400]),
        "b": st.sampled_from([100, 250, 300]),
        "a": st.sampled_from([20, 30, 500]),
        "m": st.sampled_from(["no", "yes"]),
    }
)


def slowly(v: dict) -> int:
    points = {"no": 0, "38.3": 0, "38.4": 33, "39.4": 33, "39.5": 49}[v["t"]]
    points += 38 if v["s"] == "yes" else 0
    points += [0, 0, 24, 34][(v["w"] <= 5) + (v["h"] <= 9.2) + (v["p"] <= 110)]
    points += {100: 0, 2000: 35, 6000: 35, 9000: 50}[v["f"]]
    points += {50: 0, 200: 44, 400: 64}[v["g"]]
    points += 30 if v["b"] <= 250 else 0
    points += 19 if v["a"] >= 30 else 0
    return points + (35 if v["m"] == "yes" else 0)


@given(patient=PATIENTS)
def test_the_total_as_added_by_hand(patient: dict, cohort_of: Build) -> None:
    row = hscore(cohort_of([FULL.format(**patient)]), 24.0).iloc[0]
    total = slowly(patient)
    assert (row["total_low"], row["total_high"]) == (total, total + 18)  # immunosuppression
    assert row["missing_items"] == "immunosuppression"
    assert row["state"] == (1 if total >= 169 else 0 if total + 18 < 169 else -1)


@given(patient=PATIENTS, kept=st.sets(st.integers(0, 30)))
def test_the_range_holds_whatever_is_missing(
    patient: dict, kept: set[int], cohort_of: Build
) -> None:
    cohort = cohort_of([FULL.format(**patient)])
    labs = cohort.labs[[k in kept for k in range(len(cohort.labs))]].reset_index(drop=True)
    rows = [k + 10 in kept for k in range(len(cohort.events))]
    events = cohort.events[rows].reset_index(drop=True)
    whole = hscore(cohort, 24.0).iloc[0]
    part = hscore(replace(cohort, labs=labs, events=events), 24.0).iloc[0]
    assert part["total_low"] <= whole["total_low"] <= whole["total_high"] <= part["total_high"]
    assert part["probability_low"] <= whole["probability_low"]
    assert part["state"] in (-1, whole["state"])


def test_what_is_known_later_does_not_count(cohort_of: Build) -> None:
    cohort = cohort_of(["ferritin@24=9000; wbc@48=1; hemoglobin@48=5; platelets@48=5"])
    assert hscore(cohort, 24.0)["total_low"].tolist() == [50]
    assert hscore(cohort, 48.0)["total_low"].tolist() == [84]
    assert hscore(cohort, 23.0)["total_low"].tolist() == [0]


def test_dtypes_do_not_depend_on_the_patients(cohort_of: Build) -> None:
    full, empty = hscore(cohort_of(["ferritin@24=9000"]), 24.0), hscore(cohort_of([]), 24.0)
    pd.testing.assert_series_equal(full.dtypes, empty.dtypes)
