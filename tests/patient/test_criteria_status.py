"""The criteria table and the curves agree: a low value that does not count says why."""

import pytest

from riskmodel.cohort import cohort_of
from riskmodel.patient.criteria_status import standing

LOW = [(24.0, 0.3), (72.0, 0.4)]
FELL = [(24.0, 4.0), (72.0, 0.3)]


def neutrophils(samples, rule):
    labs = [
        {"patient_id": "p", "hours_from_infusion": h, "analyte": "anc", "value": str(v),
         "unit": "10*9/L"}
        for h, v in samples
    ]  # fmt: skip
    cohort = cohort_of([{"patient_id": "p", "product": "axi-cel"}], labs, [])
    rows = [
        sign
        for part in standing(cohort, "astct-2024", rule, 72.0).parts
        for sign in part.signs
        if any("0.4" in text or "0.3" in text for text in sign.results)
    ]
    (row,) = rows
    return row


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("recovery", "no recovery seen since lymphodepletion"),
        ("infusion", "never at or above the limit since the infusion"),
        (
            "worsening",
            "the expected nadir of lymphodepletion: before day 9, and no recovery before",
        ),
    ],
)
def test_a_low_value_that_does_not_count_says_why(rule, why):
    row = neutrophils(LOW, rule)
    assert row.state == "not met"
    assert row.results[0].endswith(f"below the limit, not counted: {why}")


@pytest.mark.parametrize(("samples", "rule"), [(FELL, "infusion"), (LOW, "any")])
def test_a_low_value_that_counts_says_nothing_more(samples, rule):
    row = neutrophils(samples, rule)
    assert row.state == "met"
    assert "not counted" not in row.results[0]
