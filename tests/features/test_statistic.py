"""What each statistic of a window is: cases worked by hand, and what each needs."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from riskmodel.features import Records
from riskmodel.features.builders.kinetics import lab_statistic
from riskmodel.features.catalogue_checks import PARAMETERS as CHECKED, read_entry
from riskmodel.features.statistic import BOUND_HOURS, PARAMETERS, STATISTICS, Statistic

NUMBERS = {"floor": 20.0, "span": 12.0, "rate": 5.0, "fall": 0.8, "level": 200.0, "gap": 96.0}
NOW = 72.0
ONE_DRAW = {"last_lab", "highest", "lowest", "number_of_draws", "hours_since_draw", "fold_change",
            "last_above_limit", "last_below_limit"}  # fmt: skip


def statistic(make_cohort, name, rows, now=NOW, window=("infusion", "prediction"), **numbers):
    """The statistic of rows of hours, value and comparator."""
    needed = PARAMETERS.get(STATISTICS[name], ())
    feature = read_entry(
        {
            "name": "tried", "stage": "early", "builder": name, "of": "ferritin",
            "window": list(window), "closed": "both", "unit": "any", "range": [-1e12, 1e12],
            "direction": 0, "group": "any", "label": "any", "source": "test",
            "parameters": {key: (NUMBERS | numbers)[key] for key in needed},
        }
    )  # fmt: skip
    cohort = make_cohort([(0, float(t), "ferritin", v, c) for t, v, c in rows], [], patients=1)
    return lab_statistic(Records(cohort), feature, now)[0]


def test_each_statistic_has_one_name_and_known_parameters():
    assert sorted(STATISTICS.values()) == sorted(Statistic)
    assert set(PARAMETERS) <= set(Statistic)
    assert {key for keys in PARAMETERS.values() for key in keys} <= set(CHECKED)
    assert all(len(keys) <= 2 for keys in PARAMETERS.values()), "the pass reads two numbers"


WAVE = [(-24, 50, 0), (6, 100, 0), (18, 400, 0), (42, 100, 0), (54, 200, 0)]


@pytest.mark.parametrize(
    ("name", "expected", "why"),
    [
        ("last_lab", 200, "at hour 54"),
        ("highest", 400, "at hour 18"),
        ("lowest", 100, "in the window; the 50 stands before it"),
        ("number_of_draws", 4, "since the infusion"),
        ("hours_since_draw", 18, "72 - 54"),
        ("fold_change", 4, "200 over the 50 before the infusion"),
        ("greatest_rise", 25, "300 in 12 hours"),
        ("greatest_fall", 12.5, "300 in 24 hours"),
        ("hours_of_rise", 12, "25 an hour for 12 hours; the other rise is 8.3 for 12"),
        ("rebound", 2, "200 over the 100 that it fell to"),
        ("last_above_limit", 0, "no bound"),
        ("last_below_limit", 0, "no bound"),
    ],
)
def test_a_wave(make_cohort, name, expected, why):
    assert statistic(make_cohort, name, WAVE) == pytest.approx(expected), why


@pytest.mark.parametrize(
    ("name", "rows", "numbers", "expected", "why"),
    [
        ("log_slope", [(0, 40, 0), (24, 160, 0)], {}, 2, "two doublings in a day"),
        ("doubling_time", [(0, 40, 0), (24, 160, 0)], {}, 12, "hours"),
        ("halving_time", [(0, 40, 0), (24, 160, 0)], {}, np.nan, "it rises"),
        ("halving_time", [(0, 160, 0), (24, 40, 0)], {}, 12, "hours"),
        ("doubling_time", [(0, 40, 0), (24, 40, 0)], {}, np.nan, "it does not rise"),
        ("log_slope", [(0, 5, 0), (24, 40, 0)], {}, 1, "5 counts as the floor, 20"),
        ("log_slope", [(0, 40, 0), (11.9, 80, 0)], {}, np.nan, "closer than the span"),
        ("log_slope", [(0, 40, 0), (12, 80, 0)], {}, 2, "exactly the span"),
        ("fold_change", [(-168, 5, 0), (24, 40, 0)], {}, 2, "168 h before: the floor, 20"),
        ("fold_change", [(-168.1, 5, 0), (24, 40, 0)], {}, np.nan, "older than that"),
        ("fold_change", [(0, 40, 0)], {}, 1, "a draw at the infusion is both"),
        ("hours_of_rise", [(0, 0, 0), (10, 50, 0)], {}, 10, "exactly the rate"),
        ("hours_of_rise", [(0, 0, 0), (10, 49, 0)], {}, 0, "below it"),
        ("hours_of_rise", [(0, 0, 0), (4, 90, 0), (9, 180, 0)], {}, 9, "an unbroken run"),
        ("rebound", [(0, 100, 0), (9, 80, 0), (18, 90, 0)], {}, 90 / 80, "a fall to exactly 0.8"),
        ("rebound", [(0, 100, 0), (9, 81, 0), (18, 90, 0)], {}, 1, "none has fallen"),
        ("hours_above", [(0, 100, 0), (24, 400, 0)], {}, 12, "twice the level, from half of it"),
        ("area_above", [(0, 100, 0), (24, 400, 0)], {}, 0.25, "up to one doubling in half a day"),
        ("hours_above", [(0, 100, 0), (24, 200, 0)], {}, 0, "up to the level itself"),
        ("hours_above", [(0, 400, 0), (72, 400, 0)], {"gap": 71.0}, 0, "too far apart to tell"),
        ("last_above_limit", [(0, 9, 1)], {}, 1, ">= is beyond the limit too"),
        ("last_below_limit", [(0, 9, -2), (1, 9, 0)], {}, 0, "the last draw has none"),
    ],
)
def test_edges(make_cohort, name, rows, numbers, expected, why):
    found = statistic(make_cohort, name, rows, **numbers)
    np.testing.assert_allclose(found, expected, rtol=1e-12, err_msg=why)


@pytest.mark.parametrize("name", STATISTICS)
def test_without_enough_draws_it_is_missing_and_no_zero(make_cohort, name):
    assert statistic(make_cohort, "number_of_draws", []) == 0
    if name != "number_of_draws":
        assert np.isnan(statistic(make_cohort, name, []))
    alone = statistic(make_cohort, name, [(-3, 90.0, 0), (30, 100.0, 0)])
    assert np.isnan(alone) == (name not in ONE_DRAW)


POSITIVE = st.lists(
    st.tuples(st.integers(1, 71), st.floats(25.0, 5e4)),
    min_size=2, max_size=8, unique_by=lambda row: row[0],
)  # fmt: skip


@given(rows=POSITIVE, factor=st.floats(1.0, 50.0))
def test_another_unit_changes_levels_by_its_factor_and_no_ratio(make_cohort, rows, factor):
    """All above the floor, so that nothing is lifted to it."""
    plain = [(t, v, 0) for t, v in rows]
    other = [(t, v * factor, 0) for t, v in rows]
    for name in ("last_lab", "highest", "lowest", "greatest_rise", "greatest_fall"):
        expected = factor * statistic(make_cohort, name, plain)
        assert statistic(make_cohort, name, other) == pytest.approx(expected), name
    for name in ("number_of_draws", "hours_since_draw", "log_slope"):
        expected = statistic(make_cohort, name, plain)
        found = statistic(make_cohort, name, other)
        assert found == pytest.approx(expected, abs=1e-9, nan_ok=True), name


def test_the_bound_is_as_long_as_the_baseline():
    assert BOUND_HOURS == 168.0


@pytest.mark.parametrize(
    ("rows", "name", "expected", "why"),
    [
        ([(0, 2800, 0), (48, 2000, 1)], "last_lab", 2800, "above the limit after more: no fall"),
        ([(0, 2800, 0), (48, 2000, 2)], "fold_change", 1, "no fall from before the infusion"),
        ([(1, 2800, 0), (48, 2000, 1)], "log_slope", 0, "no falling slope"),
        ([(1, 2800, 0), (48, 2000, 1)], "greatest_fall", 0, "no fall"),
        ([(1, 2800, 0), (48, 2000, 1)], "rebound", 1, "nothing has fallen"),
        ([(1, 2800, 0), (24, 2000, 1), (48, 2000, 1)], "last_lab", 2800, "nor the one after it"),
        ([(1, 1500, 0), (48, 2000, 1)], "last_lab", 2000, "a rise at least to the bound"),
        ([(1, 2800, 0), (48, 2000, 0)], "last_lab", 2000, "a fall that was measured"),
        ([(-121, 2800, 0), (48, 2000, 1)], "last_lab", 2000, "too long ago to tell: 169 h"),
        ([(-120, 2800, 0), (48, 2000, 1)], "last_lab", 2800, "168 h ago"),
        ([(1, 10, 0), (48, 20, -1)], "last_lab", 10, "below the limit after less: no rise"),
        ([(1, 10, 0), (48, 20, -2)], "greatest_rise", 0, "no rise"),
        ([(1, 10, 0), (48, 2, -2)], "last_lab", 2, "a fall at least to the bound"),
        ([(1, 2800, 0), (48, 2000, 1), (48, 2100, -1)], "last_lab", 2050, "both bounds at once"),
    ],
)
def test_a_result_beyond_a_limit_never_counts_against_it(make_cohort, rows, name, expected, why):
    assert statistic(make_cohort, name, rows) == pytest.approx(expected), why
