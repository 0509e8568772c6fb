"""Prolonged cytopenia: certain only where the counts are, possible where they leave it open."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort import Cohort
from riskmodel.criteria.prolonged import prolonged_cytopenia

Build = Callable[..., Cohort]


@pytest.mark.parametrize(
    ("line", "state", "why"),
    [
        ("platelets@0:696:24=20; platelets@720=200", "not_met", "30 days at the most"),
        ("platelets@0:720:24=20; platelets@744=200", "not_assessable", "between 30 and 31 days"),
        ("platelets@0:744:24=20; platelets@768=200", "met", "31 days"),
        ("platelets@0:744:24=20", "met", "and nothing known after them"),
        ("platelets@0:696:24=20", "not_assessable", "low to the end of the record"),
        ("platelets@0:696:24=20; death@710", "not_met", "death ends the run before 30 days"),
        ("platelets@0:672:168=20; platelets@792=20", "met", "weekly counts join"),
        ("platelets@0=20; platelets@800=20", "not_assessable", "too far apart to join"),
        ("platelets@0=20; platelets@400=200; platelets@800=20", "not_assessable", "broken, open"),
        ("platelets@0=20; platelets@400=200", "not_met", "recovered"),
        ("platelets@0=200; platelets@100=200", "not_assessable", "ends before the recovery"),
        ("platelets@0=20; platelets@800=200", "not_assessable", "when it rose is not known"),
        ("", "not_assessable", "never counted"),
        ("platelets@-240:-24:24=20; platelets@0=200; platelets@400=200", "not_met", "before it"),
        ("cytopenia_platelets@24; platelets@800=20", "not_assessable", "a report, then a gap"),
    ],
)
def test_prolonged_cytopenia(cohort_of: Build, line: str, state: str, why: str) -> None:
    found = prolonged_cytopenia(cohort_of([line])).iloc[0]
    assert found["cytopenia_platelets_prolonged_state"] == state, why


def test_prolonged_is_any_lineage_and_shows_the_longest_run(cohort_of: Build) -> None:
    cohort = cohort_of(["anc@0:48:24=0.5; anc@72=3; anc@96:912:24=0.5", "{normal}"])
    found = prolonged_cytopenia(cohort)
    assert found["prolonged_cytopenia_state"].tolist() == ["met", "not_assessable"]
    assert found["cytopenia_anc_run_from_hours"].iloc[0] == 96
    assert found["cytopenia_anc_run_to_hours"].iloc[0] == 912
    assert found["cytopenia_anc_run_from_hours"].isna().iloc[1]


COUNTS = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from([20, 200])),
    max_size=12,
    unique_by=lambda count: count[0],
).map(sorted)
STATE = "cytopenia_platelets_prolonged_state"


def written(counts: list[tuple[int, int]]) -> str:
    return "; ".join(f"platelets@{24 * day}={value}" for day, value in counts)


def truth(counts: list[tuple[int, int]], days: int) -> bool:
    """Whether daily counts hold a run of low ones that lasts longer than `days`."""
    longest, start = 0, None
    for day, value in counts:
        start = (day if start is None else start) if value == 20 else None
        longest = max(longest, day - start if start is not None else 0)
    return longest > days


@given(
    values=st.lists(st.sampled_from([20, 200]), min_size=41, max_size=41),
    dropped=st.sets(st.integers(0, 40)),
)
def test_fewer_counts_never_turn_an_answer_round(
    values: list[int], dropped: set[int], cohort_of: Build
) -> None:
    """What some counts decide is what all of them say."""
    everything = list(enumerate(values))
    some = [count for count in everything if count[0] not in dropped]
    cohort = cohort_of([written(everything), written(some)])
    whole, part = prolonged_cytopenia(cohort)[STATE]
    assert part in (whole, "not_assessable")
    if whole != "not_assessable":
        assert (whole == "met") == truth(everything, 30)


@given(counts=COUNTS)
def test_the_longest_run_is_one_of_low_counts(
    counts: list[tuple[int, int]], cohort_of: Build
) -> None:
    found = prolonged_cytopenia(cohort_of([written(counts)])).iloc[0]
    start, end = (found[f"cytopenia_platelets_run_{name}_hours"] for name in ("from", "to"))
    low = [24.0 * day for day, value in counts if value == 20]
    if not low:
        assert np.isnan(start)
        assert np.isnan(end)
    else:
        assert {start, end} <= set(low)
        assert start <= end
        assert not any(start <= 24 * day <= end and value == 200 for day, value in counts)


def test_nobody_and_shuffled_rows(cohort_of: Build) -> None:
    lines = ["platelets@0:744:24=20; platelets@768=200", "{normal}", ""]
    cohort = cohort_of(lines)
    found = prolonged_cytopenia(cohort)
    none = prolonged_cytopenia(cohort_of([]))
    assert none.columns.tolist() == found.columns.tolist()
    pd.testing.assert_series_equal(none.dtypes, found.dtypes)
    turned = prolonged_cytopenia(cohort_of(lines[::-1]))
    assert turned[STATE].tolist() == found[STATE].tolist()[::-1]
    after = cohort.labs[cohort.labs["hours"] >= 0].reset_index(drop=True)
    pd.testing.assert_frame_equal(prolonged_cytopenia(replace(cohort, labs=after)), found)
