"""Sources of labels: rules, humans, and the humans' onsets before the rules'."""

import numpy as np
import pytest

from riskmodel.cohort import read_cohort
from riskmodel.errors import SchemaError
from riskmodel.evaluation import labelled, outcome_table


@pytest.fixture(scope="module")
def cohort(simulated):
    return read_cohort(simulated)


@pytest.fixture(scope="module")
def found(cohort):
    how = ("astct-2024", "worsening", 14)
    return {s: labelled(cohort, s, *how) for s in ("rules", "adjudicated", "rules+adjudicated")}


def test_a_humans_onset_stands_before_the_rules(found):
    both, theirs = found["rules+adjudicated"], found["adjudicated"].table["onset_hours"]
    dated = theirs.notna()
    assert dated.any()
    assert np.array_equal(both.by_humans, dated)
    for name in ("onset_hours", "outcome", "outcome_hours"):
        expected = found["rules"].table[name].where(~dated, found["adjudicated"].table[name])
        assert both.table[name].equals(expected)


def test_only_rules_tell_how_well_a_patient_was_watched(found):
    assert found["adjudicated"].watch is None
    assert found["rules"].watch is not None
    assert not found["rules"].by_humans.any()


def test_the_table_is_that_of_the_labels(cohort, found):
    table = outcome_table(cohort, "rules", "astct-2024", "worsening", 14)
    assert table.equals(found["rules"].table)


@pytest.mark.parametrize("source", ["rules", "adjudicated", "rules+adjudicated"])
def test_an_onset_below_the_grade_ends_the_time_at_risk_and_is_no_event(cohort, found, source):
    how = ("astct-2024", "worsening", 14)
    any_onset, severe = found[source].table, labelled(cohort, source, *how, 3).table
    grade = any_onset["grade"].fillna(0).astype(float)
    came, event = any_onset["onset_hours"].notna(), any_onset["outcome"] == "event"
    assert (event & (grade >= 3)).any()
    assert (event & (grade < 3)).any()
    assert severe["onset_hours"].equals(any_onset["onset_hours"].where(~came | (grade >= 3)))
    low = event & (grade < 3)
    assert (severe["outcome"][low] == "competing").all()
    assert severe["outcome_hours"][low].equals(any_onset["onset_hours"][low])
    assert severe["outcome"][~low].equals(any_onset["outcome"][~low])


def test_a_grade_cannot_be_asked_of_what_has_none(cohort):
    with pytest.raises(SchemaError, match=r"onsets without a grade, and the target asks for grade"):
        labelled(cohort, "rules", "prwcc-2023", "worsening", 14, 3)
