"""What must hold of every cohort, whatever its records."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort import Cohort
from riskmodel.criteria import (
    CYTOPENIA_RULES,
    MET,
    NOT_ASSESSABLE,
    OUTCOMES,
    evaluate_signs,
    label,
)

# Values near the limits, so that every state is common.
VALUES = {
    "ferritin": ("500", "3000", "9999", "10000", "10001", "40000", ">10000", ">2000"),
    "ast": ("20", "120", "121", "400/200", ">120", "<5"),
    "alt": ("20", "130", "90/25"),
    "fibrinogen": ("149", "150", "300", "<150", "<200"),
    "triglycerides": ("265", "266", "<300"),
    "anc": ("0", "0.4", "0.9", "1", "3", "<0.5"),
    "hemoglobin": ("7.9", "8", "12"),
    "platelets": ("10", "40", "50", "90", "<60"),
}
EVENTS = (
    "death",
    "transplant",
    "new_cell_therapy",
    "last_follow_up",
    "icu_admission",
    "organ_failure",
    "organ_dysfunction",
    "cytopenia_anc",
    "cytopenia_platelets",
    "lymphodepletion_start",
    "hemophagocytosis",
    "iec_hs",
)
HOURS = st.sampled_from([-100, -24, -1, 0, 10, 24, 30.5, 48, 72, 96, 120, 168, 240, 336, 400])


def _lab() -> st.SearchStrategy[str]:
    return st.one_of(
        [
            st.tuples(HOURS, st.sampled_from(values)).map(lambda r, n=name: f"{n}@{r[0]}={r[1]}")
            for name, values in VALUES.items()
        ]
    )


def _event() -> st.SearchStrategy[str]:
    value = st.sampled_from(["", "=yes", "=no"])
    return st.tuples(st.sampled_from(EVENTS), HOURS, value).map(lambda r: f"{r[0]}@{r[1]}{r[2]}")


LINES = st.lists(
    st.tuples(
        st.lists(_lab(), max_size=25),
        st.lists(_event(), max_size=4),
    ).map(lambda parts: "; ".join([*parts[0], *parts[1]])),
    min_size=1,
    max_size=4,
)
TARGETS = st.lists(st.sampled_from(["CD19", "BCMA", "CD22", None]), min_size=4, max_size=4)
RULES = st.sampled_from(CYTOPENIA_RULES)
Build = Callable[..., Cohort]


@given(lines=LINES, targets=TARGETS, rule=RULES, seed=st.integers(0, 99))
def test_order_and_repetition_of_rows_change_nothing(
    lines: list[str], targets: list[str | None], rule: str, seed: int, cohort_of: Build
) -> None:
    cohort = cohort_of(lines, targets[: len(lines)])

    def shuffled(table: pd.DataFrame) -> pd.DataFrame:
        twice = pd.concat([table, table.iloc[: len(table) // 2]], ignore_index=True)
        order = np.random.default_rng(seed).permutation(len(twice))
        return twice.iloc[order].reset_index(drop=True)

    other = replace(cohort, labs=shuffled(cohort.labs), events=shuffled(cohort.events))
    pd.testing.assert_frame_equal(
        label(cohort, cytopenia_rule=rule), label(other, cytopenia_rule=rule)
    )


@given(lines=LINES, targets=TARGETS, rule=RULES, t=HOURS)
def test_later_records_change_nothing(
    lines: list[str], targets: list[str | None], rule: str, t: float, cohort_of: Build
) -> None:
    cohort = cohort_of(lines, targets[: len(lines)])
    whole = evaluate_signs(cohort, "astct-2024", rule)
    known = evaluate_signs(cohort.until(t), "astct-2024", rule)
    pd.testing.assert_frame_equal(whole.at(t), known.at(t))
    np.testing.assert_array_equal(whole.definition_state_at(t), known.definition_state_at(t))
    np.testing.assert_array_equal(whole.signs_still_needed_at(t), known.signs_still_needed_at(t))
    seen = np.where(whole.onset_hours <= t, whole.onset_hours, np.nan)
    np.testing.assert_array_equal(seen, known.onset_hours)


@given(lines=LINES, targets=TARGETS, rule=RULES)
def test_states_agree_with_each_other(
    lines: list[str], targets: list[str | None], rule: str, cohort_of: Build
) -> None:
    timeline = evaluate_signs(cohort_of(lines, targets[: len(lines)]), "astct-2024", rule)
    when = timeline.moments
    for t in sorted(set(when.hours)):
        at, rows = timeline.at(t).to_numpy(), np.flatnonzero(when.hours == t)
        np.testing.assert_array_equal(at[when.patient[rows]], timeline.states[rows])
        state, needed = timeline.definition_state_at(t), timeline.signs_still_needed_at(t)
        assert ((state == MET) == ((needed == 0) & (t >= 0))).all()
        assert (timeline.onset_hours[state[: len(lines)] == MET] <= t).all()


@given(lines=LINES, rule=RULES, horizon=st.sampled_from([3.0, 14.0, 28.0]))
def test_one_of_five_outcomes_with_its_time(
    lines: list[str], rule: str, horizon: float, cohort_of: Build
) -> None:
    found = label(cohort_of(lines), cytopenia_rule=rule, horizon_days=horizon)
    assert set(found["outcome"]) <= set(OUTCOMES)
    for row in found.itertuples():
        assert np.isnan(row.outcome_hours) == (row.outcome == "not_assessed")
        if row.outcome == "event":
            assert row.outcome_hours == row.onset_hours < 24 * horizon
        if row.outcome == "no_event":
            assert row.outcome_hours == 24 * horizon <= row.observed_until_hours
            assert not row.onset_hours < 24 * horizon
            assert row.longest_unassessed_hours <= 72
        if row.outcome in ("lost", "competing"):
            assert 0 <= row.outcome_hours < 24 * horizon
        assert pd.isna(row.grade) == np.isnan(row.onset_hours)
        if not pd.isna(row.grade):
            assert 1 <= row.grade_at_onset <= row.grade <= 4


@pytest.mark.parametrize(
    ("sign", "analyte", "abnormal"),
    [
        ("ferritin", "ferritin", 1),
        ("transaminases", "ast", 1),
        ("transaminases", "alt", 1),
        ("fibrinogen", "fibrinogen", -1),
        ("triglycerides", "triglycerides", 1),
    ],
)
@given(lines=LINES, pick=st.integers(0, 24), share=st.floats(1.0, 3.0))
def test_a_more_abnormal_value_never_takes_a_sign_away(
    sign: str,
    analyte: str,
    abnormal: int,
    lines: list[str],
    pick: int,
    share: float,
    cohort_of: Build,
) -> None:
    cohort = cohort_of(lines)  # CD19: ferritin by its absolute limit
    rows = np.flatnonzero((cohort.labs["analyte"] == analyte) & (cohort.labs["comparator"] == 0))
    if not len(rows):
        return
    labs = cohort.labs.copy()
    labs.loc[rows[pick % len(rows)], "value"] *= share**abnormal
    before = evaluate_signs(cohort, "astct-2024", "any")
    after = evaluate_signs(replace(cohort, labs=labs), "astct-2024", "any")
    column = before.signs.index(sign)
    met = before.states[:, column] == MET
    assert (after.states[met, column] == MET).all()


@pytest.mark.parametrize("analyte", ["fibrinogen", "triglycerides", "anc", "platelets"])
@given(t=st.floats(0, 100), age=st.floats(0, 48))
def test_without_its_only_value_a_sign_is_not_assessable(
    analyte: str, t: float, age: float, cohort_of: Build
) -> None:
    if t - age < 0:
        return
    cohort = cohort_of([f"{analyte}@{t - age:.6f}=5; fever@{t:.6f}"])
    sign = {"anc": "cytopenia_anc", "platelets": "cytopenia_platelets"}.get(analyte, analyte)
    empty = replace(cohort, labs=cohort.labs.iloc[:0])
    hours = round(t, 6)
    assert evaluate_signs(empty).at(hours)[sign][0] == NOT_ASSESSABLE
    assert evaluate_signs(cohort, "astct-2024", "any").at(hours)[sign][0] != NOT_ASSESSABLE


def test_a_sign_from_before_the_infusion_is_met_if_it_still_stands(cohort_of: Build) -> None:
    timeline = evaluate_signs(cohort_of(["fibrinogen@-40=100", "fibrinogen@-50=100"]))
    assert timeline.at(0.0)["fibrinogen"].tolist() == [MET, NOT_ASSESSABLE]


def test_an_empty_cohort_has_an_empty_timeline(cohort_of: Build) -> None:
    timeline = evaluate_signs(cohort_of([]))
    assert timeline.at(24.0).shape == (0, len(timeline.signs))
    assert timeline.onset_hours.shape == (0,)


@pytest.mark.parametrize(
    ("line", "state", "measured", "why"),
    [
        ("ferritin@24=12000; ferritin@48=>2000", 1, True, "open after it was met"),
        ("ferritin@24=3000; ferritin@48=>2000", 0, True, "open after it was not met"),
        ("ferritin@48=>2000", -1, True, "open, and never known"),
        ("ferritin@24=12000; ferritin@48=2000", 0, True, "known"),
        ("ferritin@24=12000; ferritin@48=3000; ferritin@60=>2000", 0, True, "the last one known"),
        ("crp@24=12", -1, False, "not measured"),
        ("ferritin@48=>2000; ferritin@80=12000", -1, True, "what comes later tells nothing"),
    ],
)
def test_an_open_sample_keeps_the_state_before_it(
    line: str, state: int, measured: bool, why: str, cohort_of: Build
) -> None:
    signs = evaluate_signs(cohort_of([line], ["CD19"]))
    k = signs.signs.index("ferritin")
    states, done = signs.likely_at(72.0, 168.0)
    assert (states[0, k], done[0, k]) == (state, measured), why
    if state == 1:
        assert signs.likely_at(72.0, 40.0)[0][0, k] == -1
