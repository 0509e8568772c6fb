from collections.abc import Callable

import pytest

from riskmodel.cohort import Cohort
from riskmodel.criteria import grades_by_day, label

Build = Callable[..., Cohort]


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ("astct-2024", [0, 1, 1, 3, 4, 4]),
        ("astct-2023", [0, 1, 2, 3, 4, 5]),
        ("ohi-2022", [0, 0, 0, 0, 0, 0]),
    ],
)
def test_grade_day_by_day(definition: str, expected: list[int], cohort_of: Build) -> None:
    cohort = cohort_of(
        ["{onset}; anakinra@30; icu_admission@72; ventilation@80; death@120; anakinra@2"]
    )
    found = grades_by_day(cohort, definition, cytopenia_rule="any", days=range(6))
    assert found.iloc[0, 1:].fillna(0).tolist() == expected
    highest = label(cohort, definition, cytopenia_rule="any")["grade"].fillna(0)[0]
    assert highest == expected[-1]


def test_no_onset_no_grade(cohort_of: Build) -> None:
    found = grades_by_day(cohort_of(["icu_admission@24", ""]), "astct-2023", days=[0, 30])
    assert found.shape == (2, 3)
    assert found.iloc[:, 1:].isna().all(axis=None)
