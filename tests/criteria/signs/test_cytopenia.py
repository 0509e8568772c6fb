"""The switch against a slow reading of its words, and against its own positions."""

from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort import Cohort
from riskmodel.criteria import CYTOPENIA_RULES, evaluate_signs
from riskmodel.errors import SchemaError

COUNTS = st.lists(st.sampled_from([0, 10, 20, 24.9, 25, 40, 49.9, 50, 60, 100, 120]), max_size=9)


def slowly(counts: list[float], rule: str) -> bool:
    below = [count < 50 for count in counts]
    if not below[-1]:
        return False
    earlier = counts[:-1]
    stood = any(count >= 50 for count in earlier)
    if rule == "recovery":
        return any(
            any(below[:k]) and not below[k] and not below[k + 1] for k in range(len(earlier) - 1)
        )
    halved = bool(earlier) and max(earlier) > 0 and counts[-1] <= max(earlier) / 2
    return {"any": True, "infusion": stood, "worsening": stood or halved}[rule]


@pytest.mark.parametrize("rule", CYTOPENIA_RULES)
@given(patients=st.lists(COUNTS, min_size=1, max_size=4))
def test_the_switch_as_read_slowly(
    rule: str, patients: list[list[float]], cohort_of: Callable[..., Cohort]
) -> None:
    lines = [
        "; ".join(f"platelets@{24 * k}={count}" for k, count in enumerate(counts))
        for counts in patients
    ]
    timeline = evaluate_signs(cohort_of(lines), "astct-2024", rule)
    for day in range(9):
        found = timeline.at(24.0 * day)["cytopenia_platelets"]
        for patient, counts in enumerate(patients):
            if day < len(counts):
                assert found[patient] == slowly(counts[: day + 1], rule)


@given(counts=COUNTS)
def test_a_stricter_rule_never_finds_more(
    counts: list[float], cohort_of: Callable[..., Cohort]
) -> None:
    line = "; ".join(f"anc@{24 * k}={count / 50}" for k, count in enumerate(counts))
    met = {
        rule: evaluate_signs(cohort_of([line]), "astct-2024", rule).states[:, 5] == 1
        for rule in CYTOPENIA_RULES
    }
    for narrow, wide in [("recovery", "infusion"), ("infusion", "worsening"), ("worsening", "any")]:
        assert not (met[narrow] & ~met[wide]).any()


def test_an_unknown_rule_lists_the_allowed(cohort_of: Callable[..., Cohort]) -> None:
    with pytest.raises(SchemaError, match=r"'never' is unknown\. Allowed: recovery, infusion"):
        evaluate_signs(cohort_of([""]), "astct-2024", "never")
