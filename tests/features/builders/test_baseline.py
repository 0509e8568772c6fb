"""What is known before the infusion, by hand-worked cases."""

import numpy as np
import pytest

from riskmodel.features import load_catalogue, matrix

CATALOGUE = load_catalogue()


@pytest.mark.parametrize(
    ("product", "target", "disease", "share", "why"),
    [
        ("idecabtagene vicleucel", "BCMA", "MM", 0.029, "its own series"),
        ("Abecma", "BCMA", "MM", 0.029, "by its brand name"),
        ("cilta-cel", "BCMA", "MM", 0.067, "not that of ide-cel"),
        ("in-house", "BCMA", "MM", 0.049, "BCMA products together"),
        ("tisa-cel", "CD19", "B-ALL", 0.141, "CD19 in B-ALL"),
        (None, "CD19", "LBCL", 0.035, "CD19 elsewhere, whatever the product"),
        ("in-house", "CD22", "B-ALL", None, "the CD22 cohort is reserved"),
        (None, None, None, None, "nothing known"),
    ],
)
def test_the_nearest_series_counts(make_cohort, product, target, disease, share, why):
    columns = {"product": [product], "target_antigen": [target], "disease": [disease]}
    cohort = make_cohort([], [], patients=1, **columns)
    name = "reported_incidence_log_odds"
    found = matrix(cohort, CATALOGUE.select([name]), 0.0)[name].iloc[0]
    expected = np.nan if share is None else np.log(share / (1 - share))
    assert found == pytest.approx(expected, nan_ok=True), why


def test_a_product_is_known_by_any_of_its_names(make_cohort):
    names = ["cilta-cel", "Carvykti", "ciltacabtagene autoleucel", "ide-cel", "in-house", None]
    cohort = make_cohort([], [], patients=6, product=names)
    chosen = CATALOGUE.select(["product_cilta_cel", "product_ide_cel"])
    found = matrix(cohort, chosen, 0.0)
    np.testing.assert_array_equal(found["product_cilta_cel"], [1, 1, 1, 0, 0, np.nan])
    np.testing.assert_array_equal(found["product_ide_cel"], [0, 0, 0, 1, 0, np.nan])


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
