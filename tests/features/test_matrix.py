"""The matrix: a column for each feature, plausible or missing, of each patient alone."""

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


@given(labs=LABS, events=EVENTS, day=DAYS, seed=st.integers(0, 99))
def test_one_patients_features_do_not_depend_on_the_others(make_cohort, labs, events, day, seed):
    now = 24.0 * day
    used = CATALOGUE if day else CATALOGUE.stage("pre_infusion")
    both = matrix(make_cohort(labs, events), used, now)
    first = make_cohort([r for r in labs if r[0] == 0], [r for r in events if r[0] == 0])
    assert_frame_equal(matrix(first, used, now).iloc[:1], both.iloc[:1], check_exact=True)


def test_an_implausible_value_is_missing(make_cohort):
    cohort = make_cohort([(0, -1.0, "ferritin", 1e7, 0)], [])
    name = "ferritin_baseline_log10"
    assert np.isnan(matrix(cohort, CATALOGUE.select([name]), 0)[name][0])


@given(labs=LABS, events=EVENTS, day=DAYS)
def test_it_has_a_plausible_column_for_each_feature(make_cohort, labs, events, day):
    now = 24.0 * day
    used = CATALOGUE if day else CATALOGUE.stage("pre_infusion")
    cohort = make_cohort(labs, events)
    frame = matrix(cohort, used, now)
    assert frame.columns.tolist() == ["patient_id", "prediction_time_hours", *used.names]
    assert frame["patient_id"].tolist() == cohort.patient_id.tolist()
    assert (frame["prediction_time_hours"] == now).all()
    assert (frame.dtypes.iloc[1:] == np.float64).all()
    for feature in used:
        known = frame[feature.name].dropna()
        assert known.between(feature.minimum, feature.maximum).all(), feature.name


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
