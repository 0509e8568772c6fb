"""The criteria table and the curves agree: a low value that does not count says why."""

import re

import pytest

from riskmodel.cohort import cohort_of
from riskmodel.criteria import evaluate_signs
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


def test_every_sign_stands_with_state_limit_and_last_result(
    html, cohort, early, patient, document, changed
):
    code = changed.code(cohort, patient)
    states = evaluate_signs(cohort.until(144.0), "astct-2024", early.cytopenia_rule).at(144.0)
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>\s*<td class="(met|unmet|open)">', html)
    shown = [{"met": 1, "unmet": 0, "open": -1}[state] for _, state in rows]
    assert shown == states.iloc[code].tolist()
    text = document(html).text
    for limit in ("< 150 mg/dL", "> 265 mg/dL", "< 8 g/dL", "< 50 ×10⁹/L", "× ULN"):
        assert limit in text
    assert "read as worsening" in text


@pytest.mark.parametrize(
    ("target", "limits", "absent"),
    [
        ("CD19", ["> 10,000 ng/mL"], "for > 12 h"),
        ("BCMA", ["rise ≥ 100 ng/mL per hour for > 12 h"], "> 10,000 ng/mL"),
        ("CD22", ["> 10,000 ng/mL", "or rise ≥ 100 ng/mL per hour for > 12 h"], "nothing absent"),
    ],
)
def test_the_ferritin_rule_is_that_of_the_target(one, early, target, limits, absent, changed):
    altered = changed.patient(one.until(144.0), 0, target_antigen=target)
    found = standing(altered, "astct-2024", early.cytopenia_rule, 144.0)
    text = " ".join(found.parts[0].signs[0].limits)
    for limit in limits:
        assert limit in text
    assert absent not in text
