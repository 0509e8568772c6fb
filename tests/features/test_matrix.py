"""The leakage law for every feature at every landmark, and the builders' own figures."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from pandas.testing import assert_frame_equal

from riskmodel.cohort import analytes
from riskmodel.cohort.schema import EVENT_NAMES
from riskmodel.errors import SchemaError
from riskmodel.features import Catalogue, implausible, load_catalogue, matrix, prediction_hours

CATALOGUE = load_catalogue()
HOURS = st.one_of(
    st.sampled_from([0.0, 24.0, 48.0, 72.0, 120.0, 312.0]),
    st.floats(-200, 400, allow_nan=False).map(lambda x: round(x, 2)),
)
ANALYTES = sorted({f.of for f in CATALOGUE if f.of in analytes()})
LABS = st.lists(
    st.tuples(
        st.integers(0, 1),
        HOURS,
        st.sampled_from(ANALYTES),
        st.floats(0.05, 5e4).map(lambda x: float(f"{x:.4g}")),
        st.sampled_from([-2, 0, 0, 0, 2]),
    ),
    max_size=60,
)
EVENTS = st.lists(
    st.tuples(
        st.integers(0, 1),
        HOURS,
        st.sampled_from(sorted(EVENT_NAMES)),
        st.sampled_from([1.0, 2.0, 4.0]),
        st.sampled_from(["", "yes", "no"]),
    ),
    max_size=15,
)
DAYS = st.integers(0, 13)


@given(labs=LABS, events=EVENTS, later=LABS, later_events=EVENTS, day=DAYS)
def test_records_after_the_prediction_time_change_no_feature(
    make_cohort, labs, events, later, later_events, day
):
    """Adding, deleting or moving any record after the prediction time changes nothing."""
    now = 24.0 * day
    used = CATALOGUE if day else CATALOGUE.stage("pre_infusion")
    columns = {"target_antigen": ["CD19", "BCMA"], "disease": ["LBCL", "MM"]}
    known = [row for row in labs if row[1] <= now]
    known_events = [row for row in events if row[1] <= now]
    future = [row for row in labs + later if row[1] > now]
    future_events = [row for row in events + later_events if row[1] > now]
    alone = matrix(make_cohort(known, known_events, **columns), used, now)
    with_future = make_cohort(known + future, known_events + future_events, **columns)
    assert_frame_equal(matrix(with_future, used, now), alone, check_exact=True)


def test_a_leaking_builder_would_be_caught(make_cohort, monkeypatch):
    """The property above is able to fail."""
    from riskmodel.features.builders import registry
    from riskmodel.features.builders.registry import Builder

    def leak(records, feature, prediction_time):
        return records.draws(feature.of).last(records.patients)

    monkeypatch.setitem(registry.BUILDERS, "last_lab", Builder(leak, "analyte"))
    now = 24.0
    before = [(0, 0.0, "ferritin", 100.0, 0)]
    one = CATALOGUE.select(["ferritin_last_log10"])
    alone = matrix(make_cohort(before, []), one, now)
    later = matrix(make_cohort([*before, (0, 30.0, "ferritin", 9000.0, 0)], []), one, now)
    assert not alone.equals(later)


@given(labs=LABS, events=EVENTS, day=DAYS, seed=st.integers(0, 99))
def test_one_patients_features_do_not_depend_on_the_others(make_cohort, labs, events, day, seed):
    now = 24.0 * day
    used = CATALOGUE if day else CATALOGUE.stage("pre_infusion")
    both = matrix(make_cohort(labs, events), used, now)
    first = make_cohort([r for r in labs if r[0] == 0], [r for r in events if r[0] == 0])
    assert_frame_equal(matrix(first, used, now).iloc[:1], both.iloc[:1], check_exact=True)


def one(make_cohort, name: str, labs, now: float, events=(), **columns) -> float:
    cohort = make_cohort([(0, t, a, v, c) for t, a, v, c in labs], list(events), **columns)
    return float(matrix(cohort, CATALOGUE.select([name]), now)[name].iloc[0])


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


def test_grades_are_known_from_their_own_time(make_cohort):
    events = [(0, 48.0, "crs", 1.0, ""), (0, 72.0, "crs", 3.0, "")]
    grades = [one(make_cohort, "crs_grade", [], t, events) for t in (24, 48, 71, 72)]
    assert grades == [0, 1, 1, 3]


@pytest.mark.parametrize(
    ("columns", "labs", "expected", "why"),
    [
        ({"disease": ["B-ALL"] * 2, "marrow_blasts_percent": [71, 0]}, [], 0.71, "blasts"),
        ({"disease": ["MM"] * 2, "m_protein_g_per_l": [31.3, 0]}, [], 0.626, "M-protein"),
        (
            {"disease": ["LBCL"] * 2, "metabolic_tumor_volume_ml": [100, 5]},
            [],
            0.5,
            "halfway between 5 and 2000 mL on a log scale",
        ),
        ({"disease": ["LBCL"] * 2, "tumor_burden": ["high", "low"]}, [], 0.85, "the centre's call"),
        (
            {"disease": ["B-ALL"] * 2, "tumor_burden": ["high"] * 2, "m_protein_g_per_l": [1, 1]},
            [(-5, "ldh", 150.0, 0)],
            0.85,
            "the category comes before LDH; M-protein is no measure of leukemia",
        ),
        (
            {"disease": ["LBCL"] * 2},
            [(-5, "ldh", 2000.0, 0)],
            1.0,
            "LDH when nothing else is known",
        ),
        ({"disease": ["SLE"] * 2}, [], np.nan, "nothing known"),
        ({"marrow_blasts_percent": [50, 50]}, [], 0.5, "disease unknown"),
    ],
)
def test_tumor_burden_follows_the_disease(make_cohort, columns, labs, expected, why):
    found = one(make_cohort, "tumor_burden", labs, 0, **columns)
    np.testing.assert_allclose(found, expected, atol=1e-12, err_msg=why)


def test_construct_features_keep_unknown_apart_from_no(make_cohort):
    columns = {"target_antigen": ["CD19/CD22", np.nan], "costimulatory_domain": ["4-1BB", np.nan]}
    frame = matrix(make_cohort([], [], **columns), CATALOGUE.stage("pre_infusion"), 0)
    assert frame["target_cd22"].tolist()[0] == 1
    assert frame["costimulation_cd28"].tolist()[0] == 0
    assert frame[["target_cd22", "costimulation_cd28"]].iloc[1].isna().all()


def test_tet2_is_read_from_an_allele_fraction(make_cohort):
    frame = matrix(
        make_cohort([], [], tet2_vaf_percent=[3.0, 0.0]), CATALOGUE.select(["tet2_mutation"]), 0
    )
    assert frame["tet2_mutation"].tolist() == [1.0, 0.0]


def test_an_implausible_value_is_missing(make_cohort):
    assert np.isnan(one(make_cohort, "ferritin_baseline_log10", [(-1, "ferritin", 1e7, 0)], 0))


def test_values_outside_their_range_are_counted(make_cohort):
    labs = [(0, -1.0, "ferritin", 1e7, 0), (1, -1.0, "ferritin", 1e6, 0), (1, 9.0, "ldh", 5e5, 0)]
    cohort = make_cohort(labs, [], age_years=[130, 120])
    chosen = CATALOGUE.select(["age_years", "ferritin_baseline_log10", "ldh_last_log10"])
    found = implausible(cohort, chosen, 24.0)
    assert found.to_dict() == {"age_years": 1, "ferritin_baseline_log10": 1, "ldh_last_log10": 1}
    built = matrix(cohort, chosen, 24.0)
    assert built["ferritin_baseline_log10"].isna().tolist() == [True, False]
    assert implausible(cohort, chosen.select(["age_years"]), 24.0).index.tolist() == ["age_years"]


@pytest.mark.parametrize("at", ["day-0", "day-30", "day-x", "tomorrow", ""])
def test_unknown_prediction_times_are_refused(at):
    with pytest.raises(SchemaError, match="Allowed: pre-infusion, day-1 to day-29"):
        prediction_hours(at)


def test_every_risk_factor_named_in_print_is_a_feature(catalogue: Catalogue):
    """EVIDENCE.md A.4: each one is there, with evidence of the printed direction."""
    signs = {f.name: f for f in catalogue}
    for name, direction in {
        "tumor_burden": 1,
        "costimulation_cd28": 1,
        "target_cd22": 1,
        "tet2_mutation": 1,
        "nk_cells_log10": -1,
        "ferritin_baseline_log10": 1,
        "crp_baseline_log10": 1,
        "cell_dose_log10": 1,
    }.items():
        assert signs[name].direction == direction
        assert np.sign(signs[name].evidence_mean) == direction
