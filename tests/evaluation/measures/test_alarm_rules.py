"""Alarms by rule of persistence, counted by hand."""

import numpy as np
import pandas as pd
import pytest

from riskmodel.evaluation.alarm_policy import Policy, load_policy
from riskmodel.evaluation.measures.alarm_rules import METRICS, policy_alarms, policy_lines
from riskmodel.evaluation.measures.comparators import Contender
from riskmodel.evaluation.rows import Examples

# patient: risk on days 1, 2, 3 ..., and the hour of its onset.
COURSES = {
    0: ([0.10, 0.30, 0.35], 96.0),  # a case: over from day 2, rising
    1: ([0.30, 0.10, 0.30], None),  # none: over on days 1 and 3, never twice in a row
    2: ([0.25, 0.25, 0.25], None),  # none: always over, never rising
    3: ([0.05, 0.05, 0.05], 100.0),  # a case that nothing finds
    4: ([0.05, 0.25], 60.0),  # a case: over on day 2, its onset comes before day 3
}


def rows_of(courses, weight=1.0):
    parts = [
        (patient, 24.0 * (k + 1), risk, onset)
        for patient, (risks, onset) in courses.items()
        for k, risk in enumerate(risks)
    ]
    patient, hours, risk, onset = (np.array(part, dtype=float) for part in zip(*parts, strict=True))
    event = ~np.isnan(onset)
    share = np.bincount(patient.astype(int))[patient.astype(int)]
    rows = Examples(
        pd.DataFrame(index=range(len(parts))), event.astype(np.int8), weight / share,
        patient.astype(int), hours, onset - hours,
        np.where(event, "event", "no_event").astype(object), np.full(len(parts), 336.0), {},
    )  # fmt: skip
    return rows, Contender("one", risk, risk, "")


def policy(threshold=0.2, harm=(0.1, 0.5), factor=2.0):
    level = {
        "name": "high", "threshold": threshold, "action": "look", "harm_to_benefit": harm,
        "reason": "test", "source": "test",
    }  # fmt: skip
    return Policy(name="test", rise_factor=factor, levels=[level])


@pytest.fixture
def found():
    table = policy_alarms(*rows_of(COURSES), policy(), draws=30, seed=1)
    return table.set_index(["rule", "metric"])["value"]


@pytest.mark.parametrize(
    ("rule", "alarmed", "true", "alarms", "lead"),
    [
        # patients 0, 1, 2, 4; patient 1 alarms twice; leads 48 and 12 hours
        ("once", 4, 2, 5, 12.0),
        # patient 0 on day 3 and patient 2 on day 2
        ("twice", 2, 1, 2, 24.0),
        # patient 0 on day 2, patient 1 on day 3 (from 0.10 to 0.30), patient 4 on day 2
        ("rise", 3, 2, 3, 12.0),
    ],
)
def test_by_hand(found, rule, alarmed, true, alarms, lead):
    own = found[rule]
    assert own["patients_alarmed"] == pytest.approx(alarmed / 5)
    assert own["sensitivity"] == pytest.approx(true / 3)
    assert own["patients_alarmed_per_case"] == pytest.approx(alarmed / true)
    assert own["alarms_per_case"] == pytest.approx(alarms / true)
    assert own["lead_hours"] == pytest.approx(lead)
    false = alarmed - true
    for name, harm in (("net_benefit", 0.25), ("net_benefit_least_harm", 0.1),
                       ("net_benefit_most_harm", 0.5)):  # fmt: skip
        assert own[name] == pytest.approx((true - harm * false) / 5)
    assert own["alarm_all"] == pytest.approx((3 - 0.25 * 2) / 5)


def test_how_early_counts_the_cases_that_nothing_found(found):
    assert found["once", "lead_24_hours"] == pytest.approx(1 / 3)
    assert found["once", "lead_48_hours"] == pytest.approx(1 / 3)
    assert found["twice", "lead_24_hours"] == pytest.approx(1 / 3)
    assert found["twice", "lead_48_hours"] == 0


def test_a_stricter_rule_alarms_no_patient_that_once_does_not():
    rng = np.random.default_rng(4)
    courses = {
        k: (rng.uniform(0, 0.5, 6).tolist(), 200.0 if rng.random() < 0.3 else None)
        for k in range(80)
    }
    table = policy_alarms(*rows_of(courses), policy(), draws=0, seed=1)
    own = table.set_index(["rule", "metric"])["value"]
    for name in ("patients_alarmed", "sensitivity", "lead_48_hours"):
        assert own["once", name] >= own["twice", name]
        assert own["once", name] >= own["rise", name]
    assert own["twice", "lead_hours"] <= own["once", "lead_hours"]


def test_the_order_of_rows_and_a_row_that_stands_twice_change_nothing():
    rows, one = rows_of(COURSES)
    before = policy_alarms(rows, one, policy(), draws=20, seed=1)
    order = np.random.default_rng(1).permutation(len(rows.y))
    # Every row in halves with the same outcome, shuffled.
    both = np.concatenate([order, order])
    halves = rows.take(both)
    object.__setattr__(halves, "weight", halves.weight / 2)
    twice = Contender("one", one.risk[both], one.rank[both], "")
    pd.testing.assert_frame_equal(before, policy_alarms(halves, twice, policy(), draws=20, seed=1))


def test_an_onset_that_a_gap_hides_counts_for_its_share():
    rows, one = rows_of({0: ([0.3], 100.0), 1: ([0.1], None)})
    half = rows.take(np.array([0, 0, 1]))
    object.__setattr__(half, "weight", np.array([0.25, 0.75, 1.0]))
    object.__setattr__(half, "y", np.array([1, 0, 0], dtype=np.int8))
    object.__setattr__(half, "lead", np.array([76.0, np.nan, np.nan]))
    twice = Contender("one", one.risk[[0, 0, 1]], one.rank[[0, 0, 1]], "")
    table = policy_alarms(half, twice, policy(), draws=0, seed=1).set_index("metric")["value"]
    assert table["net_benefit"] == pytest.approx((0.25 - 0.25 * 0.75) / 2)
    assert table["patients_alarmed_per_case"] == pytest.approx(4)


def test_a_share_of_one_is_not_certain():
    courses = {k: ([0.4, 0.4], 100.0 if k < 12 else None) for k in range(40)}
    table = policy_alarms(*rows_of(courses), policy(), draws=100, seed=1)
    own = table[(table["rule"] == "once") & (table["metric"] == "sensitivity")].iloc[0]
    assert own["value"] == own["high"] == 1
    assert own["low"] == pytest.approx(0.025 ** (1 / 12))


def test_one_prediction_a_patient_has_one_rule_and_a_level_nobody_reaches_has_no_lead():
    rows, one = rows_of({0: ([0.3], 100.0), 1: ([0.1], None)})
    table = policy_alarms(rows, one, policy(0.4, (0.5, 0.9)), draws=20, seed=1)
    assert set(table["rule"]) == {"once"}
    assert tuple(table["metric"]) == METRICS
    own = table.set_index("metric")["value"]
    assert own["patients_alarmed"] == 0
    assert np.isnan(own["lead_hours"])
    assert np.isnan(own["patients_alarmed_per_case"])
    assert "not estimable hours" in policy_lines(table)[0]


def test_every_level_and_rule_is_a_line():
    table = policy_alarms(*rows_of(COURSES), load_policy(), draws=20, seed=1)
    lines = policy_lines(table)
    assert len(lines) == 6
    assert "alarm 'high' from 15%, twice" in lines[4]
