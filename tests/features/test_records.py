"""Series of a cohort: one draw a time, in the order of patient and time, from any order of rows."""

import numpy as np
from hypothesis import given, strategies as st

from riskmodel.cohort import Cohort
from riskmodel.features import Records
from riskmodel.features.feature import parse_window

ROWS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from([-30.0, 0.0, 1.5, 24.0]),
        st.sampled_from(["crp", "ldh"]),
        st.sampled_from([1.0, 2.0, 50.0]),
        st.just(0),
    ),
    max_size=25,
)


def shuffled(cohort, seed):
    rows = np.random.default_rng(seed).permutation(len(cohort.labs))
    return Cohort(cohort.patients, cohort.labs.iloc[rows].reset_index(drop=True), cohort.events)


@given(rows=ROWS)
def test_equal_times_of_a_patient_are_one_draw_at_their_mean(make_cohort, rows):
    records = Records(make_cohort(rows, [], patients=3))
    for analyte in ("crp", "ldh", "ferritin"):
        draws = records.draws(analyte)
        of = [row for row in rows if row[2] == analyte]
        times = sorted({(p, t) for p, t, *_ in of})
        means = [np.mean([v for p, t, _, v, _ in of if (p, t) == time]) for time in times]
        assert list(zip(draws.patient, draws.hours, strict=True)) == times
        np.testing.assert_allclose(draws.value, means)
        assert draws.count(3).tolist() == [sum(p == k for p, _ in times) for k in range(3)]


@given(rows=ROWS, closed=st.sampled_from(["both", "left", "right", "neither"]))
def test_the_last_draw_is_the_latest_one_of_the_window(make_cohort, rows, closed):
    draws = Records(make_cohort(rows, [], patients=3)).draws("crp")
    within = draws.within(parse_window(["infusion-30h", "prediction"], closed), 1.5)
    last = within.last(3)
    for patient in range(3):
        held = [
            (hours, value)
            for who, hours, value in zip(draws.patient, draws.hours, draws.value, strict=True)
            if who == patient
            and (hours > -30 or closed in ("both", "left"))
            and (hours < 1.5 or (hours == 1.5 and closed in ("both", "right")))
        ]
        np.testing.assert_equal(last[patient], max(held)[1] if held else np.nan)


def test_an_end_of_an_event_is_no_event(make_cohort):
    events = [(0, 5.0, "crs", 2.0, ""), (0, 50.0, "crs", 0.0, ""), (1, 9.0, "fever", np.nan, "")]
    found = Records(make_cohort([], events)).events("crs")
    assert (found.patient.tolist(), found.hours.tolist()) == ([0], [5.0])
    assert found.value.tolist() == [2.0]
    assert len(Records(make_cohort([], events)).events("icans").hours) == 0


def test_the_signs_are_those_of_the_chosen_definition(make_cohort):
    cohort = make_cohort([(0, 1.0, "ferritin", 9e4, 0)], [])
    one, other = Records(cohort), Records(cohort, "hlh-2004")
    assert set(one.signs.signs) != set(other.signs.signs)
    assert one.signs is one.signs
    assert list(one.hscore_signs.signs) == list(other.hscore_signs.signs)


def test_ordered_results_are_not_sorted_again(make_cohort):
    labs = [(p, float(t), "crp", 5.0, 0) for p in range(2) for t in range(9)]
    cohort = make_cohort(labs, [])
    assert len(Records(cohort).labs.order) == 0
    assert len(Records(shuffled(cohort, 1)).labs.order) == len(labs)


def test_ordered_columns_are_read_where_they_stand(make_cohort):
    cohort = make_cohort([(0, 1.0, "crp", 5.0, 0)], [])
    labs = Records(cohort).labs
    assert np.shares_memory(labs.hours, cohort.labs["hours"].to_numpy())
    assert np.shares_memory(labs.value, cohort.labs["value"].to_numpy())
