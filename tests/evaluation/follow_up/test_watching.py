"""Until when an onset can be excluded, by hand: the same rule whatever is found after a gap."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from riskmodel.criteria.intervals import Moments
from riskmodel.evaluation.follow_up.watching import LONGEST_GAP_HOURS, Watch, followed

HORIZON = 336.0
WINDOW = 72.0
GAP = LONGEST_GAP_HOURS

# Hours at which the definition is excluded, its onset, a competing outcome, end of records; then
# what became of the patient from hour 0 on: outcome, hour, share.
COURSES = (
    ("daily", [*range(0, 361, 24)], None, None, 360, ("no_event", 336, 1)),
    ("seen", [0, 100, 200], 210, None, 400, ("event", 210, 1)),
    ("closed late", [0, 240, 340], None, None, 400, ("no_event", 336, 1)),
    ("last in the window", [0, 264], None, None, 400, ("no_event", 336, 1)),
    ("just before the window", [0, 263], None, None, 900, ("not_assessed", 263, 1)),
    ("a gap too long", [0, 100, 101 + GAP], None, None, 900, ("not_assessed", 100, 1)),
    ("a gap just not too long", [0, 100, 100 + GAP], None, None, 900, ("no_event", 336, 1)),
    ("found after the horizon", [0, 240], 368, None, 400, ("event", 288, 0.75)),
    ("found long after", [0, 240], 240 + 2 * GAP, None, 999, ("event", 288, 1 / 7)),
    ("clear at the horizon", [0, 200, 336], 360, None, 400, ("no_event", 336, 1)),
    ("died", [0, 100], None, 150, 150, ("competing", 150, 1)),
    ("lost", [0, 100], None, None, 130, ("lost", 100, 1)),
    ("lost in the window", [0, 300], None, None, 310, ("lost", 300, 1)),
    ("nothing", [], None, None, 400, ("not_assessed", 0, 1)),
)


def _watch() -> tuple[Watch, pd.DataFrame]:
    patient = np.concatenate([np.full(len(c[1]) + (c[2] is not None), k) for k, c in
                              enumerate(COURSES)]).astype(np.int64)  # fmt: skip
    hours = np.concatenate([[*c[1], *([] if c[2] is None else [c[2]])] for c in COURSES])
    hours = hours.astype(np.float64)
    gap = np.where(patient[1:] == patient[:-1], np.diff(hours), np.inf)
    breaks = np.append(gap > GAP, True)
    ends = np.where(breaks, np.arange(len(hours)), len(hours))
    until = np.minimum.accumulate(ends[::-1])[::-1]
    timeline = SimpleNamespace(moments=Moments(len(COURSES), patient, hours))
    watch = Watch(timeline, patient, hours, np.zeros(len(hours)), until, WINDOW)
    ended = [c[3] for c in COURSES]
    table = pd.DataFrame(
        {
            "onset_hours": [np.nan if c[2] is None else c[2] for c in COURSES],
            "outcome": ["competing" if hour else "other" for hour in ended],
            "outcome_hours": [hour or np.nan for hour in ended],
            "observed_until_hours": [float(c[4]) for c in COURSES],
        }
    )
    return watch, table


@pytest.mark.parametrize("k", range(len(COURSES)), ids=[c[0] for c in COURSES])
def test_from_the_infusion_on(k: int):
    watch, table = _watch()
    nobody = np.zeros(len(COURSES), dtype=bool)
    found = followed(watch, table, nobody, np.array([k]), np.zeros(1), HORIZON)
    outcome, end, part = COURSES[k][5]
    assert found.outcome[0] == outcome
    assert found.end[0] == end
    assert found.part[0] == pytest.approx(part)


def test_a_prediction_time_cuts_the_interval_of_an_onset():
    watch, table = _watch()
    k = [c[0] for c in COURSES].index("found after the horizon")
    nobody = np.zeros(len(COURSES), dtype=bool)
    found = followed(watch, table, nobody, np.array([k]), np.array([304.0]), HORIZON)
    assert (found.outcome[0], found.end[0], found.part[0]) == ("event", 320.0, 0.5)


def test_watching_starts_again_at_each_prediction_time():
    watch, table = _watch()
    k = [c[0] for c in COURSES].index("a gap too long")
    nobody = np.zeros(len(COURSES), dtype=bool)
    found = followed(watch, table, nobody, np.array([k]), np.array([144.0]), HORIZON)
    # The draw at 101 hours after the gap's beginning is within reach of hour 144.
    assert (found.outcome[0], found.end[0]) == ("no_event", HORIZON)


def test_an_onset_that_a_human_dated_needs_no_watching_and_has_no_interval():
    watch, table = _watch()
    everyone = np.ones(len(COURSES), dtype=bool)
    late = [c[0] for c in COURSES].index("found after the horizon")
    found = followed(watch, table, everyone, np.array([late]), np.zeros(1), HORIZON)
    assert (found.outcome[0], found.part[0]) == ("no_event", 1.0)


def test_moments_before_and_after_are_found_strictly():
    watch, _ = _watch()
    place, hour = watch.after(np.array([1, 1, 13]), np.array([100.0, 210.0, 0.0]))
    assert hour.tolist() == [200.0, np.inf, np.inf]
    assert watch.hours[place[0]] == 200.0
    assert watch.last(np.array([1, 1]), np.array([100.0, 99.9]))[1].tolist() == [100.0, 0.0]
