"""The switch against a slow reading of its words, and against its own positions."""

from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort import Cohort
from riskmodel.criteria import CYTOPENIA_RULES, evaluate_signs, label
from riskmodel.errors import SchemaError

COUNTS = st.lists(st.sampled_from([0, 10, 20, 24.9, 25, 40, 49.9, 50, 60, 100, 120]), max_size=12)


def slowly(counts: list[float], rule: str, *, nadir: bool = False) -> bool:
    """The state of the last of daily counts, the first on day 0; `nadir` for the neutrophils."""
    below = [count < 50 for count in counts]
    if not below[-1]:
        return False
    earlier = counts[:-1]
    stood = any(count >= 50 for count in earlier)
    recovered = any(
        any(below[:k]) and not below[k] and not below[k + 1] for k in range(len(earlier) - 1)
    )
    if rule == "recovery":
        return recovered
    if rule == "worsening" and nadir:
        return recovered or len(earlier) >= 9
    halved = bool(earlier) and max(earlier) > 0 and counts[-1] <= max(earlier) / 2
    return {"any": True, "infusion": stood, "worsening": stood or halved}[rule]


@pytest.mark.parametrize("lineage", ["platelets", "anc"])
@pytest.mark.parametrize("rule", CYTOPENIA_RULES)
@given(patients=st.lists(COUNTS, min_size=1, max_size=4))
def test_the_switch_as_read_slowly(
    lineage: str, rule: str, patients: list[list[float]], cohort_of: Callable[..., Cohort]
) -> None:
    scale = 50 if lineage == "anc" else 1
    lines = [
        "; ".join(f"{lineage}@{24 * k}={count / scale}" for k, count in enumerate(counts))
        for counts in patients
    ]
    timeline = evaluate_signs(cohort_of(lines), "astct-2024", rule)
    for day in range(12):
        found = timeline.at(24.0 * day)[f"cytopenia_{lineage}"]
        for patient, counts in enumerate(patients):
            if day < len(counts):
                expected = slowly(counts[: day + 1], rule, nadir=lineage == "anc")
                assert found[patient] == expected


@given(counts=COUNTS)
def test_a_stricter_rule_never_finds_more(
    counts: list[float], cohort_of: Callable[..., Cohort]
) -> None:
    steps = {
        "platelets": [("recovery", "infusion"), ("infusion", "worsening"), ("worsening", "any")],
        "anc": [("recovery", "infusion"), ("infusion", "any"), ("recovery", "worsening"),
                ("worsening", "any")],
    }  # fmt: skip
    for lineage, pairs in steps.items():
        scale = 50 if lineage == "anc" else 1
        line = "; ".join(f"{lineage}@{24 * k}={count / scale}" for k, count in enumerate(counts))
        met = {
            rule: evaluate_signs(cohort_of([line]), "astct-2024", rule) for rule in CYTOPENIA_RULES
        }
        states = {
            rule: found.states[:, found.signs.index(f"cytopenia_{lineage}")] == 1
            for rule, found in met.items()
        }
        for narrow, wide in pairs:
            assert not (states[narrow] & ~states[wide]).any()


def test_the_nadir_of_lymphodepletion_counts_in_nobody(cohort_of: Callable[..., Cohort]) -> None:
    counts = [3, 2, 0.9, 0.4, 0.1, 0, 0, 0.2, 0.5]  # day 0 to 8, as after any fludarabine
    line = "; ".join(f"anc@{24 * day}={count}" for day, count in enumerate(counts))
    timeline = evaluate_signs(cohort_of([line, line + "; anc@216=0.5"]), "astct-2024", "worsening")
    met = (timeline.states[:, timeline.signs.index("cytopenia_anc")] == 1).nonzero()[0]
    assert timeline.moments.patient[met].tolist() == [1]  # still low when recovery is expected
    assert timeline.moments.hours[met].tolist() == [216]


@pytest.mark.parametrize("definition", ["astct-2024", "astct-2023"])
@pytest.mark.parametrize("rule", CYTOPENIA_RULES)
@given(counts=COUNTS)
def test_a_low_value_counts_or_says_why_not(
    definition: str, rule: str, counts: list[float], cohort_of: Callable[..., Cohort]
) -> None:
    line = "; ".join(
        f"platelets@{24 * k}={count}; anc@{24 * k}={count / 50}" for k, count in enumerate(counts)
    )
    row = label(cohort_of([line]), definition, cytopenia_rule=rule).iloc[0]
    reasons = dict(text.split(": ", 1) for text in row["uncounted"].split("; ") if text)
    for name, limit in {"cytopenia_platelets": 50, "cytopenia_anc": 1}.items():
        low = row[f"{name}_state"] == "not_met" and row[f"{name}_value"] < limit
        assert (name in reasons) == low
    assert all(reasons.values())


def test_an_unknown_rule_lists_the_allowed(cohort_of: Callable[..., Cohort]) -> None:
    with pytest.raises(SchemaError, match=r"'never' is unknown\. Allowed: recovery, infusion"):
        evaluate_signs(cohort_of([""]), "astct-2024", "never")
