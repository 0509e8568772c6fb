"""Published scores by hand-worked cases, a row an edge."""

import numpy as np
import pytest

from riskmodel.criteria import hscore
from riskmodel.features import Records, feature_sources, load_catalogue, matrix

CATALOGUE = load_catalogue()
CLEAR = {"platelets": 200.0, "anc": 3.0, "hemoglobin": 11.0, "crp": 5.0, "ferritin": 300.0}
EXACT = 0


def labs_of(values, hours=-130.0, patient=0):
    return [
        (patient, hours, name, *(value if isinstance(value, tuple) else (value, EXACT)))
        for name, value in values.items()
    ]


def one(make_cohort, name, labs, now=0.0, events=(), **columns):
    cohort = make_cohort(labs, list(events), **columns)
    return float(matrix(cohort, CATALOGUE.select([name]), now)[name].iloc[0])


@pytest.mark.parametrize(
    ("changed", "expected", "why"),
    [
        ({}, 0, "nothing counts"),
        ({"platelets": 175.1}, 0, "above 175"),
        ({"platelets": 175.0}, 1, "175 itself is 75 to 175"),
        ({"platelets": 75.0}, 1, "75 itself is 75 to 175"),
        ({"platelets": 74.9}, 2, "below 75"),
        ({"anc": 1.2}, 0, "1,200 itself does not count"),
        ({"anc": 1.19}, 1, "below 1,200"),
        ({"hemoglobin": 9.0}, 0, "9 itself does not count"),
        ({"hemoglobin": 8.9}, 1, "below 9"),
        ({"crp": 29.9}, 0, "below 3.0 mg/dL"),
        ({"crp": 30.0}, 1, "3.0 mg/dL itself counts, in mg/L"),
        ({"ferritin": 649.0}, 0, "below 650"),
        ({"ferritin": 650.0}, 1, "650 itself is 650 to 2,000"),
        ({"ferritin": 2000.0}, 1, "2,000 itself is 650 to 2,000"),
        ({"ferritin": 2001.0}, 2, "above 2,000"),
        ({"ferritin": (2000.0, 2)}, 2, "> 2,000 is above it, whatever it is"),
        ({"ferritin": (1000.0, 2)}, np.nan, "> 1,000 leaves 2,000 open"),
        ({"crp": (5.0, -2)}, 0, "< 5 mg/L is below 30"),
        ({"crp": (40.0, -2)}, np.nan, "< 40 mg/L leaves 30 open"),
        (
            {"platelets": 40.0, "anc": 0.5, "hemoglobin": 7.5, "crp": 90.0, "ferritin": 5e3},
            7,
            "every point",
        ),
    ],
)
def test_car_hematotox_points(make_cohort, changed, expected, why):
    found = one(make_cohort, "car_hematotox", labs_of(CLEAR | changed))
    np.testing.assert_equal(found, float(expected), err_msg=why)


@pytest.mark.parametrize("absent", sorted(CLEAR))
def test_car_hematotox_is_missing_where_an_item_is_and_says_which(make_cohort, absent):
    cohort = make_cohort(labs_of({k: v for k, v in CLEAR.items() if k != absent}), [])
    assert np.isnan(matrix(cohort, CATALOGUE.select(["car_hematotox"]), 0)["car_hematotox"][0])
    assert feature_sources(cohort)["car_hematotox_missing"][0] == absent


ITEMS = {"ldh": 400.0, "creatinine": 1.5, "platelets": 50.0, "crp": 40.0}


@pytest.mark.parametrize(
    ("name", "changed", "expected", "why"),
    [
        ("easix_log2", {}, np.log2(12), "400 U/L x 1.5 mg/dL / 50"),
        ("s_easix_log2", {}, np.log2(8), "400 U/L / 50"),
        ("m_easix_log2", {}, np.log2(32), "400 U/L x 4.0 mg/dL / 50: CRP in mg/dL"),
        ("s_easix_log2", {"creatinine": np.nan}, np.log2(8), "creatinine is not its item"),
        ("easix_log2", {"creatinine": np.nan}, np.nan, "creatinine is missing"),
        ("m_easix_log2", {"crp": np.nan}, np.nan, "CRP is missing"),
        ("m_easix_log2", {"crp": 0.0}, np.log2(400 * 0.01 / 50), "at least 0.1 mg/L"),
        ("s_easix_log2", {"platelets": 0.0}, np.log2(400), "at least 1 platelet"),
    ],
)
def test_easix_by_its_printed_units(make_cohort, name, changed, expected, why):
    values = {k: v for k, v in (ITEMS | changed).items() if not np.isnan(v)}
    found = one(make_cohort, name, labs_of(values))
    np.testing.assert_allclose(found, expected, rtol=1e-12, err_msg=why)


START = "lymphodepletion_start"


@pytest.mark.parametrize(
    ("hours", "starts", "expected", "why"),
    [
        (-130, [-130], 8, "a result exactly at the start counts"),
        (-129, [-130], None, "one an hour after it does not"),
        (-130, [-130, -106, -82], 8, "each day of it recorded: the first one counts"),
        (-100, [-72], 8, "lymphodepletion on day -3: results of day -4 still count"),
        (-120, [], 8, "no start recorded: up to day -5"),
        (-119, [], None, "no start recorded: not after day -5"),
        (-119, [24], None, "a start after the infusion is not this one's"),
        (-140, [-900], 8, "nor one of an earlier therapy"),
        (-504, [], 8, "21 days before the infusion"),
        (-505, [], None, "older than that"),
    ],
)
def test_scores_are_read_before_lymphodepletion(make_cohort, hours, starts, expected, why):
    labs = labs_of({"ldh": 400.0, "platelets": 50.0}, hours)
    labs += labs_of({"ldh": 800.0, "platelets": 5.0}, -1.0)
    events = [(0, start, START, np.nan, "") for start in starts]
    found = one(make_cohort, "s_easix_log2", labs, events=events)
    np.testing.assert_allclose(
        found, np.nan if expected is None else np.log2(expected), err_msg=why
    )


def test_nk_cells_and_counts_are_read_before_lymphodepletion(make_cohort):
    labs = labs_of({"nk_cells": 99.0, "platelets": 100.0, "anc": 9.0, "hemoglobin": 10.0})
    labs += labs_of({"nk_cells": 1.0, "platelets": 10.0, "anc": 0.1, "hemoglobin": 7.0}, -2.0)
    for name, expected in (
        ("nk_cells_log10", 2.0),
        ("platelets_before_lymphodepletion_log10", 2.0),
        ("platelets_baseline_log10", 1.0),
        ("anc_before_lymphodepletion_log10", 1.0),
        ("hemoglobin_before_lymphodepletion", 10.0),
        ("hemoglobin_baseline", 7.0),
    ):
        assert one(make_cohort, name, labs) == pytest.approx(expected), name
    assert one(make_cohort, "nk_cells_log10", labs, nk_cells_per_ul=[9.0, 9.0]) == pytest.approx(
        1.0
    )


def test_scores_as_they_stand_use_the_last_three_days(make_cohort):
    labs = labs_of(ITEMS, 24.0) + labs_of({"platelets": 25.0}, 48.0)
    assert one(make_cohort, "easix_log2_now", labs, 48.0) == pytest.approx(np.log2(24))
    assert one(make_cohort, "m_easix_log2_now", labs, 48.0) == pytest.approx(np.log2(64))
    assert np.isnan(one(make_cohort, "easix_log2_now", labs, 97.0))


def test_hscore_counts_what_is_known(make_cohort):
    labs = labs_of({"ferritin": 7000.0, "fibrinogen": 200.0, "ast": 60.0}, 24.0)
    assert one(make_cohort, "hscore", labs, 24.0) == 50 + 30 + 19
    assert one(make_cohort, "hscore", labs, 23.0) != 99
    missing = feature_sources(make_cohort(labs, []), 24.0)["hscore_missing"][0]
    assert "immunosuppression" in missing
    assert "ferritin" not in missing


@pytest.mark.parametrize("now", [0.0, 24.0, 36.0, 72.0])
def test_hscore_is_that_of_the_criteria(make_cohort, now):
    labs = labs_of({"ferritin": 7000.0, "fibrinogen": 200.0, "ast": 60.0, "wbc": 1.0}, 24.0)
    events = [(0, 30.0, "fever", np.nan, "39.6"), (0, 30.0, "splenomegaly", np.nan, "")]
    records = Records(make_cohort(labs, events), "hlh-2004")
    expected = hscore(records.cohort, now)
    known = expected.filter(like="points_").notna().any(axis=1)
    total = expected["total_low"].where(known).astype(float).tolist()
    built = matrix(records, CATALOGUE.select(["hscore"]), now)["hscore"]
    np.testing.assert_array_equal(built, total)
    if now:
        missing = feature_sources(records, now)["hscore_missing"].tolist()
        assert missing == expected["missing_items"].tolist()
