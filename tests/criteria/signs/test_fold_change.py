"""Signs of several analytes and events, of which any suffices."""

from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort import Cohort
from riskmodel.criteria.signs.baseline import RelativeRule, RelativeSeries
from riskmodel.criteria.signs.events import EventSign
from riskmodel.criteria.signs.ferritin import QuickRise
from riskmodel.criteria.signs.fold_change import LowSign, RelativeSign, RiseSign
from riskmodel.criteria.signs.sign import LabSign, Threshold
from riskmodel.criteria.truth import MET, NOT_ASSESSABLE, NOT_MET

Build = Callable[..., Cohort]
LOW = LowSign(LabSign("low", (Threshold("fibrinogen", "<", 150.0, "mg/dL", ""),), 48.0))
RISE = RiseSign("rise", "ferritin", QuickRise(">=", 100.0, 24.0, ""), 48.0)


def states(sign: object, cohort: Cohort) -> list[list[int]]:
    return [series.state.tolist() for series in sign.judge(cohort).series]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("record", "state", "why"),
    [
        ("fibrinogen@1=149", MET, "below the limit"),
        ("fibrinogen@1=150", NOT_MET, "at the limit, without a range of its own"),
        ("fibrinogen@1=170/200-400", MET, "below the lower limit of its own row"),
        ("fibrinogen@1=200/200-400", NOT_MET, "at it"),
        ("fibrinogen@1=140/100-400", MET, "normal there, and below the limit all the same"),
        ("fibrinogen@1=<180/200-400", MET, "a bound that suffices"),
        ("fibrinogen@1=<210/200-400", NOT_ASSESSABLE, "a bound that does not"),
        ("fibrinogen@1=>160", NOT_MET, "a bound above the limit"),
        ("fibrinogen@1=>160/200-400", NOT_ASSESSABLE, "and below its own range, or not"),
    ],
)
def test_low_is_below_the_limit_or_below_the_range_of_the_row(
    cohort_of: Build, record: str, state: int, why: str
) -> None:
    assert states(LOW, cohort_of([record])) == [[state]], why
    assert LOW.name == "low"
    assert LOW.thresholds == LOW.absolute.thresholds


@given(value=st.floats(0.1, 1000), limit=st.floats(0.1, 1000))
def test_a_range_of_its_own_only_ever_adds(value: float, limit: float, cohort_of: Build) -> None:
    ((bare,),) = states(LOW, cohort_of([f"fibrinogen@1={value:f}"]))
    ((own,),) = states(LOW, cohort_of([f"fibrinogen@1={value:f}/{limit:f}-{limit + 1:f}"]))
    assert own == (MET if bare == MET or round(value, 6) < round(limit, 6) else NOT_MET)


@pytest.mark.parametrize(
    ("record", "expected", "why"),
    [
        ("ferritin@0=500; ferritin@10=1500", [NOT_ASSESSABLE, MET], "100 an hour exactly"),
        ("ferritin@0=500; ferritin@10=1499", [NOT_ASSESSABLE, NOT_MET], "less"),
        ("ferritin@0=500; ferritin@30=9000", [NOT_ASSESSABLE, MET], "some day of it rose so fast"),
        ("ferritin@0=500; ferritin@30=3000", [NOT_ASSESSABLE, NOT_ASSESSABLE], "one day may have"),
        ("ferritin@0=500; ferritin@30=2000", [NOT_ASSESSABLE, NOT_MET], "too little for any day"),
        ("ferritin@5=500", [NOT_ASSESSABLE], "a first sample says nothing"),
        ("ferritin@0=500; ferritin@10=>1500", [NOT_ASSESSABLE, MET], "a bound that suffices"),
        ("ferritin@0=<500; ferritin@10=1400", [NOT_ASSESSABLE, NOT_ASSESSABLE], "from where?"),
        ("ferritin@0=5000; ferritin@10=100", [NOT_ASSESSABLE, NOT_MET], "a fall"),
    ],
)
def test_a_rise_is_since_the_last_sample(
    cohort_of: Build, record: str, expected: list[int], why: str
) -> None:
    assert states(RISE, cohort_of([record])) == [expected], why
    assert RISE.thresholds == ()


RULE = RelativeRule("ast", "uln", ">", 3.0, 168.0, 40.0, "")
ALT = RelativeRule("alt", "uln", ">", 3.0, 168.0, 40.0, "")


def relative(rise: QuickRise | None = None, events: EventSign | None = None) -> RelativeSign:
    series = (RelativeSeries("ast", (RULE,), 48.0), RelativeSeries("alt", (ALT,), 48.0))
    return RelativeSign("any", series, rise, events)


def test_each_analyte_is_a_series_and_each_rule_a_limit(cohort_of: Build) -> None:
    cohort = cohort_of(["ast@1=121; alt@1=120", "alt@1=500"])
    assert states(relative(), cohort) == [[MET], [NOT_MET, MET]]
    assert [limit.analyte for limit in relative().thresholds] == ["ast", "alt"]


def test_a_rise_is_another_way_for_the_first_analyte_alone(cohort_of: Build) -> None:
    cohort = cohort_of(["ast@0=20; ast@10=70; alt@0=20; alt@10=70"])
    quick = QuickRise(">=", 5.0, 24.0, "")
    assert states(relative(), cohort) == [[NOT_MET, NOT_MET], [NOT_MET, NOT_MET]]
    assert states(relative(quick), cohort) == [[NOT_ASSESSABLE, MET], [NOT_MET, NOT_MET]]


def test_an_event_that_is_not_recorded_adds_nothing(cohort_of: Build) -> None:
    events = EventSign("lung", ("hypoxia",), ("no",), 72.0)
    sign = relative(events=events).judge(cohort_of(["ast@1=20; hypoxia@2"]))
    found = sign.series[-1]
    assert found.state.tolist() == [MET]
    assert found.absent == NOT_MET
    assert [series.absent for series in sign.series[:2]] == [NOT_ASSESSABLE] * 2


def test_nobody_has_the_series_of_any(cohort_of: Build) -> None:
    for sign in (LOW, RISE, relative(QuickRise(">=", 5.0, 24.0, ""))):
        assert {tuple(found) for found in states(sign, cohort_of([]))} == {()}
