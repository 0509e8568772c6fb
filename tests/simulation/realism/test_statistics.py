"""Statistics of a simulated cohort: each against a plain expression of it, with its interval."""

import inspect

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.stats import binomtest

from riskmodel.simulation.realism import statistics
from riskmodel.simulation.realism.figures import figures
from riskmodel.simulation.realism.observed import CASE
from riskmodel.simulation.realism.statistics import (
    STATISTICS,
    above,
    anc_pattern,
    cytopenia,
    first_event,
    fold,
    graded,
    in_window,
    level,
    log_correlation,
    onset,
    peak,
    peak_above,
    present,
    quantile_of,
    share_of,
    surviving,
)


@pytest.fixture(scope="module")
def mix(calibration_mix):
    return calibration_mix


def test_statistics_by_hand(mix):
    """Each kind of statistic against a plain expression of it."""
    cases = mix.group(CASE)
    rows = mix.labs["crp"]
    rows = rows[rows["day"].between(6, 8) & cases[rows["patient"]]]
    by_patient = [part["value"].mean() for _, part in rows.groupby("patient")]
    assert level(mix, "crp", CASE, 7).value == pytest.approx(np.median(by_patient))
    assert np.nansum(in_window(mix, "crp", 7)[cases]) == pytest.approx(np.sum(by_patient))
    assert onset(mix, 0.5).value == pytest.approx(np.nanmedian(mix.onset))
    crs = mix.cohort.events[(mix.cohort.events["event"] == "crs").to_numpy()]
    first = crs.groupby("patient")["hours"].min() / 24
    assert first_event(mix, "crs", "CRS", 0.25).value == pytest.approx(first.quantile(0.25))
    x, y = (np.log(in_window(mix, "ferritin", day)) for day in (14, 21))
    known = ~np.isnan(x + y)
    r = np.corrcoef(x[known], y[known])[0, 1]
    assert log_correlation(mix, "ferritin", [14, 21]).value == pytest.approx(r)
    early = surviving(mix, "all", 20)  # nobody is lost so early, so that counting suffices
    gone = np.nan_to_num(mix.first("death"), nan=np.inf) <= 20
    left = (mix.end < 20) & ~gone
    assert early.value == pytest.approx(1 - gone.mean(), abs=left.mean() + 1e-9)


@given(held=st.lists(st.booleans(), min_size=1, max_size=60))
def test_a_share_has_the_exact_interval(held):
    found = share_of(np.array(held))
    exact = binomtest(sum(held), len(held)).proportion_ci(0.95, "exact")
    assert found.value == np.mean(held)
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high))
    assert found.n == len(held)


@given(
    values=st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=60),
    at=st.sampled_from([0.25, 0.5, 0.75]),
    gaps=st.integers(0, 3),
)
def test_a_quantile_lies_between_two_of_the_values(values, at, gaps):
    found = quantile_of(np.array([*values, *[np.nan] * gaps]), at)
    assert found.value == pytest.approx(np.quantile(values, at))
    assert {found.low, found.high} <= set(values)
    assert found.low <= found.high
    assert found.n == len(values)


def test_the_interval_of_a_median_covers_it():
    rng = np.random.default_rng(4)
    held = [
        found.low <= 0 <= found.high
        for found in (quantile_of(rng.standard_normal(80), 0.5) for _ in range(400))
    ]
    assert 0.93 < np.mean(held) < 0.995


def test_nothing_known_is_no_figure():
    empty = quantile_of(np.full(3, np.nan), 0.5)
    assert (np.isnan(empty.value), empty.n) == (True, 0)
    assert np.isnan(share_of(np.empty(0, dtype=bool)).value)


def test_shares_around_a_day_are_of_those_with_a_result(mix):
    values = in_window(mix, "crp", 7)[mix.group("all")]
    known = values[~np.isnan(values)]
    assert above(mix, "crp", "all", 7, 50.0).value == pytest.approx((known > 50).mean())
    assert above(mix, "crp", "all", 7, 50.0).n == len(known)
    assert present(mix, "crp", "all", 7).value == pytest.approx(len(known) / len(values))
    later = in_window(mix, "crp", 14)[mix.group("all")]
    assert fold(mix, "crp", "all", [7, 14]).value == pytest.approx(np.nanmedian(later / values))


def test_a_peak_is_the_highest_of_thirty_days(mix):
    rows = mix.labs["ferritin"]
    rows = rows[rows["day"].between(0, 30)]
    highest = rows.groupby("patient")["value"].max()
    assert peak(mix, "ferritin", "all").value == pytest.approx(highest.median())
    limit = float(highest.quantile(0.75))
    found = peak_above(mix, "ferritin", "all", limit)
    assert found.value == pytest.approx((highest >= limit).mean())


def test_shares_of_graded_events_fall_with_the_grade(mix):
    shares = [graded(mix, "crs", "all", least).value for least in (1, 2, 3, 4)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == pytest.approx((mix.crs > 0).mean())


def test_patterns_of_recovery_are_one_for_each_patient(mix):
    shares = [anc_pattern(mix, "all", name) for name in ("aplastic", "intermittent", "quick")]
    assert sum(share.value for share in shares) == pytest.approx(1)
    assert len({share.n for share in shares}) == 1


def test_more_lineages_are_rarer(mix):
    shares = [cytopenia(mix, lineages).value for lineages in (1, 2, 3)]
    assert shares == sorted(shares, reverse=True)


def test_survival_falls_with_time_and_with_what_it_is_free_of(mix):
    early, late = surviving(mix, "all", 20.0), surviving(mix, "all", 200.0)
    assert 1 >= early.value >= late.value >= surviving(mix, "all", 200.0, "relapse").value
    assert early.low <= early.value <= early.high


def test_every_statistic_is_printed_somewhere_and_named_as_its_function():
    assert {figure.statistic for figure in figures()} <= set(STATISTICS)
    written = {
        name
        for name, function in inspect.getmembers(statistics, inspect.isfunction)
        if inspect.signature(function).return_annotation is statistics.Estimate
        and "observed" in inspect.signature(function).parameters
    }
    assert written == set(STATISTICS)
