import itertools

import numpy as np
import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort.schema import COMPARATORS
from riskmodel.criteria.truth import (
    COMPARISONS,
    MET,
    NOT_ASSESSABLE,
    NOT_MET,
    all_of,
    any_of,
    at_least,
    intervals,
    opposite,
    satisfies,
)

STATES = (MET, NOT_MET, NOT_ASSESSABLE)
HOLDS = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


@pytest.mark.parametrize("comparison", COMPARISONS)
@pytest.mark.parametrize("comparator", COMPARATORS)
def test_compare_is_what_every_allowed_value_says(comparison: str, comparator: str) -> None:
    # Halves between whole bounds and limits reach every side of every end.
    for bound, threshold in itertools.product(range(1, 5), range(1, 5)):
        allowed = [v for v in np.arange(0, 8, 0.5) if HOLDS.get(comparator, np.equal)(v, bound)]
        answers = {bool(HOLDS[comparison](v, threshold)) for v in allowed}
        expected = NOT_ASSESSABLE if len(answers) == 2 else int(answers.pop())
        found = intervals(np.array([float(bound)]), np.array([COMPARATORS[comparator]], np.int8))
        assert satisfies(found, comparison, float(threshold))[0] == expected, (bound, threshold)


@given(st.lists(st.sampled_from(STATES), min_size=1, max_size=6), st.integers(1, 4))
def test_kleene_logic_is_agreement_over_every_completion(states: list[int], count: int) -> None:
    unknown = [(0, 1) if s == NOT_ASSESSABLE else (s,) for s in states]
    completions = list(itertools.product(*unknown))

    def agreed(answers: set[bool]) -> int:
        return NOT_ASSESSABLE if len(answers) == 2 else int(answers.pop())

    columns = [np.array([s], dtype=np.int8) for s in states]
    assert all_of(*columns)[0] == agreed({all(c) for c in completions})
    assert any_of(*columns)[0] == agreed({any(c) for c in completions})
    assert opposite(columns[0])[0] == agreed({not c[0] for c in completions})
    table = np.array([states], dtype=np.int8)
    assert at_least(table, count)[0] == agreed({sum(c) >= count for c in completions})
