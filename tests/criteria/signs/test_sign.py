"""Signs judged sample by sample: exactly at a limit as printed, and never more than is known."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort import Cohort, analytes
from riskmodel.criteria import definition_names, load_definition
from riskmodel.criteria.signs.sign import (
    FROM_DEFAULT,
    FROM_ROW,
    ULN,
    FindingSign,
    LabSign,
    SignTable,
    Threshold,
)
from riskmodel.criteria.truth import COMPARISONS, MET, NOT_ASSESSABLE, NOT_MET

Build = Callable[..., Cohort]
FOUND = FindingSign("found", "hemophagocytosis", ("yes", "seen"), ("no",), 72.0, "")


def limit(comparison: str, value: float, analyte: str = "ferritin", unit: str = "ng/mL") -> LabSign:
    return LabSign("sign", (Threshold(analyte, comparison, value, unit, ""),), 48.0)


@pytest.mark.parametrize("comparison", COMPARISONS)
@pytest.mark.parametrize(("value", "where"), [(999, -1), (1000, 0), (1001, 1)])
def test_a_value_at_the_limit_follows_the_printed_sign(
    comparison: str, value: int, where: int, cohort_of: Build
) -> None:
    (series,) = limit(comparison, 1000.0).judge(cohort_of([f"ferritin@1={value}"])).series
    holds = {"<": where < 0, "<=": where <= 0, ">": where > 0, ">=": where >= 0}[comparison]
    assert series.state.tolist() == [MET if holds else NOT_MET]
    assert series.value.tolist() == [value]
    assert series.carry.tolist() == [48.0]


@given(
    bound=st.floats(1, 1e5),
    comparator=st.sampled_from(["<", "<=", ">", ">="]),
    comparison=st.sampled_from(COMPARISONS),
    truth=st.floats(0, 2e5),
)
def test_a_bound_decides_only_what_every_value_within_it_decides(
    bound: float, comparator: str, comparison: str, truth: float, cohort_of: Build
) -> None:
    """A result known only as a bound never says more than the exact result would."""
    bound, truth = round(bound, 3), round(truth, 3)
    within = {"<": truth < bound, "<=": truth <= bound, ">": truth > bound, ">=": truth >= bound}
    if not within[comparator]:
        return
    lines = [f"ferritin@1={comparator}{bound:f}", f"ferritin@1={truth:f}"]
    (series,) = limit(comparison, 1000.0).judge(cohort_of(lines)).series
    assert series.state[0] in (NOT_ASSESSABLE, series.state[1])


def test_a_multiple_of_normal_is_of_the_rows_own_limit_else_of_the_default(
    cohort_of: Build,
) -> None:
    default = analytes()["ast"].uln
    assert default is not None
    lines = ["ast@1=61/20", f"ast@1={3 * default}", f"ast@1={3 * default + 1}"]
    (series,) = limit(">", 3.0, "ast", ULN).judge(cohort_of(lines)).series
    assert series.state.tolist() == [MET, NOT_MET, MET]
    assert series.uln is not None
    assert series.uln.tolist() == [FROM_ROW, FROM_DEFAULT, FROM_DEFAULT]


def test_without_any_limit_of_normal_it_is_not_assessable(cohort_of: Build) -> None:
    nameless = next(name for name, entry in analytes().items() if entry.uln is None)
    cohort = cohort_of([f"{nameless}@1=5", f"{nameless}@1=5/1"])
    (series,) = limit(">", 3.0, nameless, ULN).judge(cohort).series
    assert series.state.tolist() == [NOT_ASSESSABLE, MET]


def test_three_times_a_decimal_is_no_noise(cohort_of: Build) -> None:
    (series,) = limit(">", 3.0, "ast", ULN).judge(cohort_of(["ast@1=99.3/33.1"])).series
    assert series.state.tolist() == [NOT_MET]


@pytest.mark.parametrize(
    ("record", "expected", "why"),
    [
        ("hemophagocytosis@1=yes", [MET], "looked for and there"),
        ("hemophagocytosis@1= Seen ", [MET], "in any case, with spaces"),
        ("hemophagocytosis@1=no", [NOT_MET], "looked for and not there"),
        ("hemophagocytosis@1=maybe", [], "says nothing"),
        ("hemophagocytosis@1", [], "no answer at all"),
        ("hemophagocytosis@1=yes; hemophagocytosis@1=no", [NOT_ASSESSABLE], "two that disagree"),
        ("hemophagocytosis@1=yes; hemophagocytosis@1=seen", [MET], "two that agree"),
        ("hemophagocytosis@1=no; hemophagocytosis@2=yes", [NOT_MET, MET], "one after the other"),
        ("ferritin@1=9000", [], "nobody looked"),
    ],
)
def test_a_finding_needs_a_clear_answer(
    cohort_of: Build, record: str, expected: list[int], why: str
) -> None:
    (series,) = FOUND.judge(cohort_of([record])).series
    assert series.state.tolist() == expected, why
    assert np.isnan(series.value).all()
    assert series.absent == NOT_ASSESSABLE


def test_the_order_of_rows_changes_no_series(cohort_of: Build) -> None:
    lines = ["hemophagocytosis@3=no; hemophagocytosis@1=yes", "hemophagocytosis@2=no"]
    cohort = cohort_of(lines)
    turned = replace(cohort, events=cohort.events.iloc[::-1].reset_index(drop=True))
    one, two = (FOUND.judge(c).series[0] for c in (cohort, turned))
    for key in ("patient", "hours", "state"):
        assert getattr(one, key).tolist() == getattr(two, key).tolist()
    assert one.patient.tolist() == [0, 0, 1]
    assert one.hours.tolist() == [1, 3, 2]


@pytest.mark.parametrize("name", definition_names())
def test_every_reader_gives_sorted_series_of_its_own_name(name: str, cohort_of: Build) -> None:
    lines = ["{normal}; {onset}; fever@5=39; hemophagocytosis@9=yes", "", "{normal}"]
    cohort = cohort_of(lines)
    for reader in load_definition(name).readers:
        if not hasattr(reader, "judge"):
            continue
        try:
            sign = reader.judge(cohort)
        except TypeError:  # a cytopenia is judged under a rule
            continue
        assert sign.name == reader.name
        for series in sign.series:
            keys = list(zip(series.patient.tolist(), series.hours.tolist(), strict=True))
            assert keys == sorted(set(keys))
            assert set(series.state.tolist()) <= {MET, NOT_MET, NOT_ASSESSABLE}
            assert (series.carry > 0).all()


def test_a_table_without_a_reader_of_its_own_says_so() -> None:
    with pytest.raises(NotImplementedError):
        SignTable(kind="limit").sign("x", None)  # type: ignore[arg-type]
