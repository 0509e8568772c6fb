"""What the page shows: the numbers of score, its limits, and the days behind it."""

import re

import numpy as np
import pytest

from riskmodel.models import percent
from riskmodel.patient.content import net_benefit, patient_content, risk_edges, unusable
from riskmodel.patient.wording import frequency
from riskmodel.scoring import score


def test_the_page_says_the_risk_that_score_gives(html, scores, early, document):
    row = scores.loc[scores["risk"].idxmax()]
    text = document(html).text
    assert f'<span class="figure">{percent(row["risk"]).replace(">", "&gt;")}</span>' in html
    assert f"{frequency(row['risk'])} patients like this" in text
    interval = f"90% interval: {percent(row['risk_low'])} to {percent(row['risk_high'])}"
    assert interval in re.sub(r"\s+", " ", text)
    named = {"low": "○ Low", "intermediate": "◐ Intermediate", "high": "● High"}
    group = named.get(row["risk_group"], "Group cannot be told")
    assert group in text
    assert f"This patient {percent(row['risk'])}" in text
    low, high = early.card.design.risk_groups
    held = {entry.metric: entry.value for entry in early.card.held_out}
    for edge in (low, high):
        told = 1000 * held[f"net_benefit_{edge:g}"]
        assert re.search(rf"{told:.0f}( \([-\d]+ to [-\d]+\))? from {percent(edge)}", text)
    assert f"Low below {percent(low)}" in text
    assert f"high from {percent(high)}" in text
    assert "project's choice, not clinical thresholds" in text


def test_the_page_names_its_limits_and_the_model(html, early, document):
    text = document(html).text
    assert text.count("Research use only") == 2
    assert "trained on simulated patients" in text
    assert "day 6 after the infusion (records up to hour 144)" in text
    assert "information, never a directive" in text
    assert "onset before day 14, exclusive" in text
    for said in (early.name, early.version, early.definition, early.cytopenia_rule):
        assert said in text
    assert f"Trained on {early.counts['patients']} simulated patients" in text
    assert f"{early.counts['events']} of them with IEC-HS" in text


def test_the_days_are_the_scores_of_the_days(cohort, early, before, patient, changed):
    one = cohort.take(np.array([changed.code(cohort, patient)]))
    content = patient_content(one, early, "day-3", before=before)
    wanted = [
        score(one, before, "pre-infusion"),
        *(score(one, early, f"day-{d}") for d in (1, 2, 3)),
    ]
    assert [value for _, value, _ in content["day_rows"]] == [
        percent(table["risk"].iloc[0]) for table in wanted
    ]
    rows = [score(one, early, f"day-{d}", explain=True).iloc[0] for d in (2, 3)]
    columns = [c for c in rows[0].index if c.startswith("contribution_")]
    moved = {c: rows[1][c] - rows[0][c] for c in columns if c != "contribution_base"}
    assert sorted(change.change for change in content["changes"]) == pytest.approx(
        sorted(value for value in moved.values() if abs(value) >= 0.05)
    )


def test_net_benefit_stands_at_the_limits_between_the_groups(early):
    found = net_benefit(early)
    assert [entry["edge"] for entry in found] == [percent(edge) for edge in risk_edges(early)]
    assert all(re.fullmatch(r"-?\d+( \(-?\d+ to -?\d+\))?", entry["value"]) for entry in found)


def test_cells_of_the_row_that_were_left_empty_are_named():
    from riskmodel.cohort import cohort_of

    cohort = cohort_of([{"patient_id": "p", "age_years": "900"}])
    assert unusable(cohort, "p") == [
        "age years: has a number outside its allowed range; the cell is left empty"
    ]
    assert unusable(cohort, "other") == []


def test_a_comparison_names_each_factors_part_with_the_other_inputs(one, early, changed):
    other = score(changed.patient(one, 0, disease="MM"), early, "day-4", explain=True).iloc[0]
    found = patient_content(one, early, "day-4", compared=other)["compared"]
    assert found["risk"] == percent(other["risk"])
    assert len(found["was"]) == len(set(early.classifier.groups.values()))
