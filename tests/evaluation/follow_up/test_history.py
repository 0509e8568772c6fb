"""What is known of a patient at a time: its last results and grades, without a gap."""

import numpy as np
import pytest

from riskmodel.cohort import read_cohort
from riskmodel.evaluation import labelled
from riskmodel.evaluation.follow_up.history import (
    AGO,
    ANALYTES,
    CLOCK,
    LONGEST_AGO,
    ago,
    clock,
    history,
)


def test_columns_of_time_bend_at_their_hinges():
    assert clock(np.array([0.0, 8.0]))[:, :3].tolist() == [[0, 0, 0], [8, 4, 1]]
    assert ago(np.array([1.0, 3.0, np.inf])).tolist() == [
        [1, 1, 1], [1.5, 3, 3], [1.5, 4, LONGEST_AGO],
    ]  # fmt: skip


@pytest.fixture(scope="module")
def found(simulated):
    cohort = read_cohort(simulated)
    watch = labelled(cohort, "rules", "astct-2024", "worsening", 14).watch
    who, when = np.arange(len(cohort)), np.full(len(cohort), 168.0)
    return cohort, history(cohort, watch, who, when)


def test_the_last_ferritin_up_to_the_time_is_there(found):
    cohort, X = found
    labs = cohort.labs
    own = labs[(labs["analyte"] == "ferritin").to_numpy() & (labs["hours"] <= 168).to_numpy()]
    last = own.sort_values("hours", kind="stable").groupby("patient")["value"].last()
    column = X[:, AGO.stop + 2]
    assert column[last.index] == pytest.approx(np.log10(last.to_numpy()))


def test_the_highest_grade_so_far_is_there(found):
    cohort, X = found
    crs = cohort.events[(cohort.events["event"] == "crs") & (cohort.events["hours"] <= 168)]
    highest = crs.groupby("patient")["grade"].max().reindex(range(len(cohort))).fillna(0)
    assert np.array_equal(X[:, AGO.stop + 1], highest)


def test_no_cell_is_empty(found):
    _, X = found
    assert X.shape[1] == AGO.stop + 2 + 2 * len(ANALYTES)
    assert CLOCK.stop == AGO.start
    assert np.isfinite(X).all()
