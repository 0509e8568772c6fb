"""The compiled pass against a second, plain expression of every lab kinetic."""

import tomllib
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from riskmodel.cohort import Cohort
from riskmodel.features import Records, load_catalogue, matrices, matrix, parse_catalogue
from riskmodel.features.builders.kinetics import lab_statistics
from riskmodel.features.statistic import PARAMETERS, STATISTICS
from riskmodel.files import material

PATIENTS = 3
LANDMARKS = [0.0, 24.0, 72.0, 120.0, 312.0]
WINDOWS = [
    ["infusion", "prediction"],
    ["prediction-48h", "prediction"],
    ["prediction-72h", "prediction-24h"],
    ["first_record", "infusion"],
]
NUMBERS = {"floor": 20.0, "span": 12.0, "rate": 5.0, "fall": 0.8, "level": 30.0, "gap": 60.0}


def every_statistic() -> Iterator[dict[str, Any]]:
    """Every statistic in every kind of window with every choice of ends, for two analytes."""
    closed = ("both", "left", "right", "neither")
    for (b, builder), (w, window) in product(enumerate(STATISTICS), enumerate(WINDOWS)):
        for k, analyte in enumerate(("ferritin", "platelets")):
            yield {
                "name": f"{builder}_{w}_{analyte}",
                "stage": "early",
                "builder": builder,
                "of": analyte,
                "window": window,
                "closed": closed[(b + w + k) % 4],
                "unit": "any",
                "range": [-1e12, 1e12],
                "direction": 0,
                "group": "any",
                "label": "any",
                "source": "test",
                "parameters": {
                    key: NUMBERS[key] for key in PARAMETERS.get(STATISTICS[builder], ())
                },
            }


def toml(entry: dict[str, Any]) -> str:
    lines = []
    for key, value in entry.items():
        if isinstance(value, dict):
            shown = "{ " + ", ".join(f"{k} = {v}" for k, v in value.items()) + " }"
        else:
            shown = f'"{value}"' if isinstance(value, str) else str(value)
        lines.append(f"{key} = {shown}")
    return "\n".join(["[[feature]]", *lines, ""])


SYNTHETIC = list(every_statistic())
SHIPPED = [
    entry
    for name in ("baseline.toml", "kinetics.toml")
    for entry in tomllib.loads(material("features", name).read_text(encoding="utf-8"))["feature"]
    if entry["builder"] in STATISTICS
]
SYNTHETIC_FEATURES = list(parse_catalogue("\n".join(map(toml, SYNTHETIC))))
SHIPPED_FEATURES = list(load_catalogue().select([entry["name"] for entry in SHIPPED]))

# Window edges and ties often, any time at other times.
EDGES = sorted({t + d for t in LANDMARKS for d in (-72.0, -48.0, -24.0, 0.0, 0.25)} | {-168.0})
HOURS = st.one_of(
    st.sampled_from(EDGES),
    st.sampled_from([-170.0, -12.0, 10.0, 20.0, 30.0]),
    st.floats(-800, 400, allow_nan=False).map(lambda x: round(x, 2)),
)
VALUES = st.one_of(
    st.sampled_from([0.0, 10.0, 20.0, 25.0, 80.0, 100.0, 1e5]),
    st.floats(0.05, 5e4).map(lambda x: float(f"{x:.4g}")),
)


@st.composite
def dense_labs(draw: Any) -> list[tuple[int, float, str, float, int]]:
    """Results at a handful of times, so that many share one."""
    times = st.sampled_from(draw(st.lists(HOURS, min_size=2, max_size=12, unique=True)))
    rows = st.tuples(
        st.integers(0, PATIENTS - 1),
        times,
        st.sampled_from(["ferritin", "ferritin", "platelets"]),
        VALUES,
        st.sampled_from([-2, -1, 0, 0, 0, 1, 2]),
    )
    return draw(st.lists(rows, min_size=draw(st.sampled_from([0, 30])), max_size=70))


LABS = dense_labs()


def shuffled(cohort: Cohort, seed: int) -> Cohort:
    rows = np.random.default_rng(seed).permutation(len(cohort.labs))
    return Cohort(cohort.patients, cohort.labs.iloc[rows].reset_index(drop=True), cohort.events)


def same(found: Any, expected: Any, name: str) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9, err_msg=name)


def test_every_statistic_has_a_second_expression(oracle):
    assert set(oracle.KINETICS) == set(STATISTICS)
    assert {entry["builder"] for entry in SYNTHETIC} == set(STATISTICS)


@given(labs=LABS, seed=st.integers(0, 99), ordered=st.booleans())
def test_every_statistic_in_every_window_equals_its_second_expression(
    make_cohort, oracle, labs, seed, ordered
):
    cohort = make_cohort(labs, [], patients=PATIENTS)
    given_rows = cohort if ordered else shuffled(cohort, seed)
    found = lab_statistics(Records(given_rows), SYNTHETIC_FEATURES, LANDMARKS)
    series = oracle.series_of(given_rows.labs)
    for t, now in enumerate(LANDMARKS):
        for f, entry in enumerate(SYNTHETIC):
            expected = oracle.kinetic(series, PATIENTS, entry, now)
            same(found[t, f], expected, f"{entry} at {now}")


@given(labs=LABS, now=st.sampled_from(LANDMARKS[1:]))
def test_every_lab_feature_of_the_catalogue_equals_its_second_expression(
    make_cohort, oracle, labs, now
):
    """Transforms and plausible ranges left out: both are told by `matrix`."""
    of = sorted({entry["of"] for entry in SHIPPED})
    mapped = [(p, t, of[k % len(of)], v, c) for k, (p, t, _, v, c) in enumerate(labs * 3)]
    cohort = make_cohort(mapped, [], patients=PATIENTS)
    found = lab_statistics(Records(cohort), SHIPPED_FEATURES, [now])[0]
    series = oracle.series_of(cohort.labs)
    for values, entry in zip(found, SHIPPED, strict=True):
        same(values, oracle.kinetic(series, PATIENTS, entry, now), entry["name"])


@given(labs=LABS, seed=st.integers(0, 99))
def test_the_order_of_the_rows_changes_nothing(make_cohort, labs, seed):
    cohort = make_cohort(labs, [], patients=PATIENTS)
    in_order = lab_statistics(Records(cohort), SYNTHETIC_FEATURES, LANDMARKS)
    mixed = lab_statistics(Records(shuffled(cohort, seed)), SYNTHETIC_FEATURES, LANDMARKS)
    np.testing.assert_array_equal(mixed, in_order)


@given(labs=LABS)
@settings(max_examples=8)
def test_several_landmarks_in_one_pass_are_each_alone(make_cohort, labs):
    catalogue = load_catalogue()
    records = Records(make_cohort(labs, [], patients=PATIENTS))
    together = matrices(records, catalogue, LANDMARKS[1:])
    for frame, now in zip(together, LANDMARKS[1:], strict=True):
        pd.testing.assert_frame_equal(frame, matrix(records, catalogue, now), check_exact=True)


def test_a_cohort_without_results(make_cohort):
    frame = matrix(make_cohort([], [], patients=0), load_catalogue(), 72.0)
    assert len(frame) == 0
    counts = [f for f in SYNTHETIC_FEATURES if f.builder == "number_of_draws"]
    assert (lab_statistics(Records(make_cohort([], [])), counts, [72.0]) == 0).all()


def one(make_cohort, name, labs, now):
    cohort = make_cohort([(0, t, a, v, c) for t, a, v, c in labs], [])
    return float(matrix(cohort, load_catalogue().select([name]), now)[name].iloc[0])


FERRITIN = [(-24, "ferritin", 1000.0, 0), (24, "ferritin", 2000.0, 0), (48, "ferritin", 8000.0, 0)]


@pytest.mark.parametrize(
    ("name", "now", "expected", "why"),
    [
        ("ferritin_baseline_log10", 48, 3.0, "the last before the infusion"),
        ("ferritin_last_log10", 48, np.log10(8000), "a sample exactly at the prediction time"),
        ("ferritin_last_log10", 47, np.log10(2000), "not one an hour later"),
        ("ferritin_last_log10", 125, np.nan, "older than 72 hours"),
        ("ferritin_fold_log2", 48, 3.0, "8 x the baseline"),
        ("ferritin_slope_48h", 48, 2.0, "2000 to 8000 in a day: two doublings a day"),
        ("ferritin_slope_48h", 24, 0.5, "both ends of the window are included"),
        ("ferritin_slope_48h", 23, np.nan, "one sample in the window"),
        ("ferritin_greatest_rise_log10", 48, np.log10(251), "6000 in 24 h"),
        ("ferritin_hours_rising", 48, 24.0, "250 ng/mL per h for 24 h, 20.8 before it"),
        ("ferritin_highest_log10", 30, np.log10(2000), "since the infusion"),
        ("ferritin_hours_since_draw", 60, 12.0, "drawn at hour 48"),
        ("prediction_day", 60, 2.5, "hour 60"),
        ("days_left_log2", 60, np.log2(11.5), "11.5 of 14 days"),
        ("days_left_inverse", 60, 1 / 11.5, "one over the days left"),
        ("days_left_inverse", 330, 1.0, "at least a day, or the last hours would weigh the most"),
    ],
)
def test_ferritin_kinetics(make_cohort, name, now, expected, why):
    found = one(make_cohort, name, FERRITIN, now)
    np.testing.assert_allclose(found, expected, rtol=1e-12, err_msg=why)


@pytest.mark.parametrize("analyte", ["platelets", "fibrinogen", "hemoglobin", "ldh", "ferritin"])
def test_a_fall_is_as_visible_as_a_rise(make_cohort, analyte):
    """Half of the value before the infusion is -1 doublings, twice of it is 1."""
    for factor, expected in ((0.5, -1.0), (2.0, 1.0)):
        labs = [(-12, analyte, 40.0, 0), (24, analyte, 40.0 * factor, 0)]
        found = one(make_cohort, f"{analyte}_fold_log2", labs, 24)
        assert found == pytest.approx(expected)


def test_equal_times_count_once_as_their_mean(make_cohort):
    labs = [(10, "ferritin", 100.0, 0), (10, "ferritin", 300.0, 0)]
    assert one(make_cohort, "ferritin_last_log10", labs, 24) == pytest.approx(np.log10(200))


def test_a_slope_needs_its_span(make_cohort):
    close = [(10, "ferritin", 100.0, 0), (15, "ferritin", 300.0, 0)]
    assert np.isnan(one(make_cohort, "ferritin_slope_48h", close, 24))


def test_rebound_is_the_ratio_to_the_low_after_a_first_fall(make_cohort):
    labs = [(t, "crp", v, 0) for t, v in ((10, 200.0), (40, 50.0), (60, 100.0))]
    assert one(make_cohort, "crp_rebound_log2", labs, 72) == pytest.approx(1.0)
    assert one(make_cohort, "crp_rebound_log2", labs[:2], 72) == pytest.approx(0.0)
    rising = [(t, "crp", v, 0) for t, v in ((10, 50.0), (40, 60.0))]
    assert one(make_cohort, "crp_rebound_log2", rising, 72) == pytest.approx(0.0)
