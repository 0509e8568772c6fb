"""Severe CRS that recovers is told from what rises again, stays, or is beyond it."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort import Cohort
from riskmodel.criteria import CRS_RULES, evaluate_signs, label, load_definition
from riskmodel.errors import SchemaError

Build = Callable[..., Cohort]
FALLEN = "anc@0:96:24=3; hemoglobin@0:96:24=10; platelets@0:96:24=150"
LOW = "hemoglobin@120:312:24=7; platelets@120:312:24=30; fibrinogen@0:312:24=350; alt@0:312:24=20"
RECOVERING = f"{FALLEN}; {LOW}; ast@0:96:24=30; ast@120:168:24=150; ast@192:312:24=30"
PEAK = "ferritin@0:96:24=900; ferritin@120=14000; ferritin@144=13000; ferritin@168=12000"
CALMED = "ferritin@192=3000; ferritin@216:312:24=900; last_follow_up@400"


def onsets(cohort_of: Build, line: str) -> dict[str, float]:
    """Onset of each position of the switch."""
    return {
        rule: float(label(cohort_of([line]), f"astct-2024/{rule}")["onset_hours"].iloc[0])
        for rule in CRS_RULES
    }


@pytest.mark.parametrize(
    ("line", "off", "prefer", "strict", "why"),
    [
        (f"{RECOVERING}; {PEAK}; {CALMED}; crs@72#2; crs@96#4; crs@240#0", 120, None, None,
         "severe CRS that recovers is not IEC-HS"),
        (f"{RECOVERING}; {PEAK}; {CALMED}; crs@96#4", 120, None, None, "an end not recorded"),
        (f"{RECOVERING}; {PEAK}; {CALMED}; crs@96#3", 120, None, None, "grade 3 is severe"),
        (f"{RECOVERING}; {PEAK}; {CALMED}; crs@96#2", 120, 120, 120, "grade 2 does not do this"),
        (f"{RECOVERING}; {PEAK}; {CALMED}", 120, 120, 120, "nor does no CRS"),
        (f"{RECOVERING}; {PEAK}; {CALMED}; crs@96", 120, 120, None, "an unknown grade"),
        (f"{RECOVERING}; {PEAK}; {CALMED}; crs@96#4; crs@150#1", 120, 150, 150, "CRS improved"),
        (f"{RECOVERING}; {PEAK}; {CALMED}; crs@96#4; crs@150#0", 120, 150, 150, "CRS ended"),
        (f"{RECOVERING}; {PEAK}; {CALMED}; crs@96#4; crs@96#0", 120, None, None,
         "of two at one time the higher grade"),
        (f"{FALLEN}; {LOW}; {PEAK}; {CALMED.replace('3000', '13000')}; ast@120:312:24=150; "
         "crs@96#4", 120, None, None, "over before CRS should be"),
        (f"{FALLEN}; {LOW}; ferritin@0:96:24=900; ferritin@120:312:24=14000; "
         "ast@120:312:24=150; crs@96#4; last_follow_up@400", 120, 264, 264, "it stays"),
        (f"{FALLEN}; {LOW}; ferritin@0:96:24=900; ferritin@120:312:24=14000; "
         "ast@120:312:24=150; crs@140#4; last_follow_up@400", 120, 120, 120, "met before CRS"),
        (f"{RECOVERING}; {PEAK.replace('13000', '50000.1')}; {CALMED}; crs@96#4", 120, 144, 144,
         "ferritin beyond what CRS reaches"),
        (f"{RECOVERING}; {PEAK.replace('13000', '50000')}; {CALMED}; crs@96#4", 120, None, None,
         "the limit itself is not beyond it"),
        (f"{RECOVERING}; {PEAK.replace('13000', '11200')}; {CALMED}; crs@96#4; ferritin@156=16800",
         120, 156, 156, "fell to 0.8 and rose again by half"),
        (f"{RECOVERING}; {PEAK.replace('13000', '11200')}; {CALMED}; crs@96#4; ferritin@156=16799",
         120, None, None, "not by half"),
        (f"{RECOVERING}; {PEAK}; {CALMED}; crs@96#4; crp@100=100; crp@110=50; crp@122=90",
         120, 122, 122, "another marker rose again"),
        (f"{RECOVERING}; ferritin@120=14000; {CALMED}; crs@96#4", 120, 120, None,
         "a first result says nothing of the course"),
        (f"{RECOVERING}; {PEAK.replace('14000', '>14000')}; {CALMED}; crs@96#4", 120, 120, None,
         "nor does a bound"),
    ],
)  # fmt: skip
def test_the_course_of_severe_crs(
    cohort_of: Build,
    line: str,
    off: float,
    prefer: float | None,
    strict: float | None,
    why: str,
) -> None:
    expected = {
        rule: float("nan") if hours is None else hours
        for rule, hours in zip(CRS_RULES, (off, prefer, strict), strict=True)
    }
    np.testing.assert_equal(onsets(cohort_of, line), expected, why)


def test_the_row_says_why_it_does_not_count(cohort_of: Build) -> None:
    row = label(cohort_of([f"{RECOVERING}; {PEAK}; {CALMED}; crs@96#4"])).iloc[0]
    assert row["outcome"] == "no_event"
    assert row["require_new_after_crs"] == "prefer"
    assert row["new_after_crs_state"] in ("met", "not_met")
    seen = label(cohort_of([f"{RECOVERING}; {PEAK}; crs@96#4; last_follow_up@180"])).iloc[0]
    assert seen["new_after_crs_state"] == "not_met"
    assert "new_after_crs: severe CRS stands" in seen["uncounted"]


def test_the_letter_of_the_definition_knows_no_crs() -> None:
    letter = load_definition("astct-2024/off")
    assert [part.name for part in letter.parts] == ["macrophage_activation", "cytopenias"]
    assert "new_after_crs" not in letter.signs
    assert load_definition("astct-2024/prefer").name == "astct-2024"


@pytest.mark.parametrize("name", ["astct-2024/ever", "astct-2024/", "hlh-2004/strict", "a/off"])
def test_an_unknown_position_is_refused(name: str) -> None:
    with pytest.raises(SchemaError, match=r"is unknown\. Allowed: "):
        load_definition(name)


TIMES = st.sampled_from([0, 48, 96, 120, 144, 156, 168, 216, 240, 264, 300])
RECORD = st.one_of(
    st.tuples(TIMES, st.sampled_from(["900", "9000", "14000", "60000", ">2000"])).map(
        lambda r: f"ferritin@{r[0]}={r[1]}"
    ),
    st.tuples(TIMES, st.sampled_from(["5", "60", "200"])).map(lambda r: f"crp@{r[0]}={r[1]}"),
    st.tuples(TIMES, st.sampled_from(["#0", "#1", "#3", "#4", ""])).map(
        lambda r: f"crs@{r[0]}{r[1]}"
    ),
    st.tuples(TIMES, st.sampled_from(["30", "150"])).map(lambda r: f"ast@{r[0]}={r[1]}"),
)
LINES = st.lists(st.lists(RECORD, max_size=20).map("; ".join), min_size=1, max_size=3)


@given(lines=LINES, definition=st.sampled_from(["astct-2024", "astct-2023"]))
def test_a_stricter_position_never_finds_more(
    lines: list[str], definition: str, cohort_of: Build
) -> None:
    whole = [f"{FALLEN}; {LOW}; {line}" for line in lines]
    found = [
        evaluate_signs(cohort_of(whole), f"{definition}/{rule}").definition_states == 1
        for rule in CRS_RULES
    ]
    assert not (found[1] & ~found[0]).any()
    assert not (found[2] & ~found[1]).any()


@given(lines=LINES, rule=st.sampled_from(CRS_RULES), t=TIMES)
def test_later_records_change_nothing(
    lines: list[str], rule: str, t: float, cohort_of: Build
) -> None:
    cohort = cohort_of([f"{FALLEN}; {LOW}; {line}" for line in lines])
    name = f"astct-2024/{rule}"
    whole, known = evaluate_signs(cohort, name), evaluate_signs(cohort.until(t), name)
    np.testing.assert_array_equal(whole.definition_state_at(t), known.definition_state_at(t))
