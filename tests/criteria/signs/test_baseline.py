from collections.abc import Callable

import numpy as np
from hypothesis import given, strategies as st

from riskmodel.cohort import Cohort
from riskmodel.criteria.intervals import lab_samples
from riskmodel.criteria.signs.baseline import RelativeRule, baselines, upper_limits
from riskmodel.criteria.truth import MET, NOT_ASSESSABLE, NOT_MET

Build = Callable[..., Cohort]


def test_a_limit_is_the_rows_then_the_centres_then_the_default(cohort_of: Build) -> None:
    lines = ["ldh@1=9; ldh@2=9/200; ldh@3=9; ldh@4=9/300; ldh@5=9", "ldh@6=9"]
    samples = lab_samples(cohort_of(lines), "ldh")
    found = upper_limits(samples, 250.0)
    assert found.limit.tolist() == [250, 200, 200, 300, 300, 250]
    assert found.source.tolist() == [2, 1, 3, 1, 3, 2]
    without = upper_limits(samples, None)
    assert np.isnan(without.limit[[0, 5]]).all()
    assert without.source.tolist() == [0, 1, 3, 1, 3, 0]


def test_a_baseline_is_the_last_result_at_or_before_the_infusion(cohort_of: Build) -> None:
    lines = ["ast@-30=10; ast@-5=20; ast@1=90", "ast@0=30", "ast@-200=40", "ast@-1=<5", ""]
    found = baselines(lab_samples(cohort_of(lines), "ast"), 5, 168.0)
    assert found.low.tolist() == [20, 30, 0, 0, 0]
    assert found.high.tolist() == [20, 30, np.inf, 5, np.inf]


@given(
    base=st.sampled_from([None, 10, 30, 50, 80]),
    value=st.integers(1, 500),
    limit=st.sampled_from([20, 40]),
    kind=st.sampled_from(["uln", "baseline", "higher"]),
)
def test_a_rule_as_read_slowly(
    base: int | None, value: int, limit: int, kind: str, cohort_of: Build
) -> None:
    line = f"ast@-5={base}/{limit}; " if base is not None else ""
    samples = lab_samples(cohort_of([f"{line}ast@24={value}/{limit}"]), "ast")
    rule = RelativeRule("ast", kind, ">", 5.0, 168.0, 40.0, "")
    state, _ = rule.judge(samples, 1)
    if kind == "uln":
        expected = int(value > 5 * limit)
    elif base is not None:
        expected = int(value > 5 * (base if kind == "baseline" else max(base, limit)))
    else:
        expected = NOT_MET if kind == "higher" and value <= 5 * limit else NOT_ASSESSABLE
    assert state[-1] == expected


def test_without_any_limit_of_normal_it_is_not_assessable(cohort_of: Build) -> None:
    samples = lab_samples(cohort_of(["creatinine@24=9; creatinine@48=9/1"]), "creatinine")
    state, _ = RelativeRule("creatinine", "uln", ">", 3.0, 0.0, None, "").judge(samples, 1)
    assert state.tolist() == [NOT_ASSESSABLE, MET]
