"""What a composed feature rests on: the same records, at the same time, as the feature itself."""

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

from riskmodel.features import feature_sources, load_catalogue, matrix, parse_catalogue

CLEAR = {"platelets": 200.0, "anc": 3.0, "hemoglobin": 11.0, "crp": 5.0, "ferritin": 300.0}
ITEMS = {"ldh": 400.0, "creatinine": 1.5, "platelets": 50.0, "crp": 40.0}


def labs_of(values, hours, patient=0):
    return [(patient, hours, name, value, 0) for name, value in values.items()]


def source_of(cohort, catalogue=None):
    return feature_sources(cohort, 0.0, catalogue)["tumor_burden_source"].tolist()


def test_only_scores_of_the_stage_are_named(make_cohort):
    cohort = make_cohort(labs_of(ITEMS, -130.0), [])
    before, early = feature_sources(cohort), feature_sources(cohort, 24.0)
    assert before.columns.tolist() == [
        "patient_id",
        "tumor_burden_source",
        "easix_log2_missing",
        "s_easix_log2_missing",
        "m_easix_log2_missing",
        "car_hematotox_missing",
    ]
    assert {"hscore_missing", "m_easix_log2_now_missing"} <= set(early.columns)
    assert before["easix_log2_missing"].tolist() == ["", "ldh; creatinine; platelets"]


@pytest.mark.parametrize("now", [0.0, 72.0])
def test_what_figures_rest_on_does_not_change_with_later_records(make_cohort, now):
    labs = labs_of(ITEMS, -130.0) + labs_of({"ldh": 300.0}, 30.0)
    later = labs_of(ITEMS | CLEAR, now + 0.5) + labs_of(CLEAR, now + 0.5, patient=1)
    starts = [
        (0, -120.0, "lymphodepletion_start", np.nan, ""),
        (1, now + 1, "lymphodepletion_start", np.nan, ""),
    ]
    disease = {"disease": ["LBCL", "LBCL"]}
    alone = feature_sources(make_cohort(labs, starts[:1], **disease), now)
    with_later = make_cohort(labs + later, starts, **disease)
    assert_frame_equal(feature_sources(with_later, now), alone)
    assert alone["tumor_burden_source"].tolist() == ["ldh", ""]


def test_a_catalogue_without_burden_names_no_source(make_cohort):
    cohort = make_cohort([], [], patients=1, disease=["MM"], m_protein_g_per_l=[9.0])
    assert source_of(cohort, load_catalogue().select(["age_years"])) == [""]
    assert source_of(cohort) == ["m_protein_g_per_l"]


def test_a_score_is_known_where_nothing_of_it_is_missing(make_cohort):
    """Each item left out in turn: the feature is missing where the table names an item."""
    known = {**CLEAR, **ITEMS}
    names = ["easix_log2", "s_easix_log2", "m_easix_log2", "car_hematotox"]
    for left_out in [None, *known]:
        labs = labs_of({k: v for k, v in known.items() if k != left_out}, -130.0)
        cohort = make_cohort(labs, [], patients=1)
        built = matrix(cohort, load_catalogue().select(names), 0.0)
        missing = feature_sources(cohort)
        for name in names:
            assert np.isnan(built[name][0]) == (missing[f"{name}_missing"][0] != ""), name
            assert missing[f"{name}_missing"][0] in ("", left_out)


@pytest.mark.parametrize("now", [0.0, 48.0])
def test_the_burden_rests_on_what_its_own_window_holds(make_cohort, now):
    """A centre's burden that reads LDH up to the prediction time names LDH from then on."""
    shipped = load_catalogue()
    before, after = shipped.text.split('name = "tumor_burden"')
    own = parse_catalogue(
        before
        + 'name = "tumor_burden"'
        + after.replace('["infusion-720h", "infusion"]', '["infusion-720h", "prediction"]', 1)
    )
    cohort = make_cohort([(0, 24.0, "ldh", 900.0, 0)], [], patients=1, disease=["LBCL"])
    built = matrix(cohort, own.select(["tumor_burden"]), now)["tumor_burden"]
    source = feature_sources(cohort, now, own)["tumor_burden_source"]
    assert source.tolist() == (["ldh"] if now else [""])
    assert built.isna().tolist() == [not now]
