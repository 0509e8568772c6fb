"""Alarm policies as files: each limit with an action and a range that holds it."""

import pytest

from riskmodel.errors import SchemaError
from riskmodel.evaluation.alarm_policy import (
    DEFAULT,
    load_policy,
    policy_names,
    stored_policy,
)
from riskmodel.files import material
from riskmodel.training import load_design


def test_the_limits_of_the_shipped_designs_are_those_of_their_policies():
    for path in material("training").glob("*.toml"):
        design = load_design(path)
        policy = load_policy(design.alarm_policy)
        limits = tuple(level.threshold for level in policy.levels)
        assert design.risk_groups == limits, path.name
        assert policy.says(design.risk_groups).startswith("By policy 'watch', low is below 5.0%")


def test_every_shipped_policy_says_what_for_and_on_what_it_rests():
    assert DEFAULT in policy_names()
    for name in policy_names():
        for level in load_policy(name).levels:
            assert level.action
            assert level.reason
            assert level.source
            low, high = level.harm_to_benefit
            assert low <= level.odds <= high


def test_other_limits_stand_for_no_action():
    said = load_policy().says((0.02, 0.3))
    assert "rank its risks and stand for no action" in said
    assert "2.0% and 30.0%" in said


def test_a_card_keeps_its_policy():
    policy = load_policy()
    assert stored_policy(policy.model_dump()) == policy
    assert stored_policy({}) == policy
    assert load_design("default").as_dict()["alarms"] == policy.model_dump()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("threshold = 0.05", "threshold = 0.5", "no rising thresholds"),
        ("threshold = 0.05", "threshold = 0.12", "odds lie outside its harm_to_benefit"),
        ("threshold = 0.05", "threshold = 5", "'levels.0.threshold' is not a risk"),
        ("harm_to_benefit = [0.02, 0.10]", "harm_to_benefit = [0.1, 0.02]", "two rising positive"),
        ("rise_factor = 2.0", "rise_factor = 1.0", "'rise_factor' is not a number above 1"),
        ('name = "watch"', 'name = "watch"\nloud = true', "'loud' is not a known key"),
        ('action = "ferritin', '# "ferritin', "'levels.0.action' is missing"),
    ],
)
def test_a_wrong_policy_is_refused(tmp_path, old, new, message):
    text = material("training", "policies", "watch.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SchemaError, match=message):
        load_policy(path)


def test_an_unknown_policy_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(SchemaError, match=r"'loud' does not exist\. Shipped: watch"):
        load_policy("loud")
    design = material("training", "quick.toml").read_text(encoding="utf-8")
    path = tmp_path / "design.toml"
    path.write_text('alarm_policy = "loud"\n' + design, encoding="utf-8")
    with pytest.raises(SchemaError, match="'alarm_policy' cannot be read: Alarm policy 'loud'"):
        load_design(path)
