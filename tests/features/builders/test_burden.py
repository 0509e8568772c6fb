"""One burden from 0 to 1 per disease, and which measure it rests on."""

import numpy as np
import pytest

from riskmodel.cohort.schema import AUTOIMMUNE, PATIENT_CHOICES
from riskmodel.features import feature_sources, load_catalogue, matrix

CATALOGUE = load_catalogue().select(["tumor_burden"])
KNOWN = {
    "marrow_blasts_percent": [60.0],
    "metabolic_tumor_volume_ml": [100.0],
    "sum_product_diameters_cm2": [np.sqrt(150.0)],
    "m_protein_g_per_l": [10.0],
    "tumor_burden": ["high"],
}
LDH = [(0, -20.0, "ldh", 150.0, 0)]
PLACED = {
    "marrow_blasts_percent": 0.6,
    "metabolic_tumor_volume_ml": 0.5,
    "sum_product_diameters_cm2": 0.5,
    "m_protein_g_per_l": 0.2,
    "tumor_burden": 0.85,
    "ldh": 0.0,
    "": np.nan,
}
LYMPHOMA = ["metabolic_tumor_volume_ml", "sum_product_diameters_cm2", "tumor_burden", "ldh", ""]
ORDERS = {
    "B-ALL": ["marrow_blasts_percent", "tumor_burden", "ldh", ""],
    "LBCL": LYMPHOMA,
    "FL": LYMPHOMA,
    "MCL": LYMPHOMA,
    "CLL": ["marrow_blasts_percent", "sum_product_diameters_cm2", "tumor_burden", "ldh", ""],
    "MM": ["m_protein_g_per_l", "tumor_burden", "marrow_blasts_percent", "ldh", ""],
    **{name: [""] for name in AUTOIMMUNE},
}
OTHER = [
    "tumor_burden",
    "marrow_blasts_percent",
    "metabolic_tumor_volume_ml",
    "sum_product_diameters_cm2",
    "m_protein_g_per_l",
    "",
]


def source_of(cohort):
    return feature_sources(cohort)["tumor_burden_source"][0]


def found(make_cohort, disease, without=()):
    columns = {name: value for name, value in KNOWN.items() if name not in without}
    labs = [] if "ldh" in without else LDH
    cohort = make_cohort(labs, [], patients=1, disease=[disease], **columns)
    return matrix(cohort, CATALOGUE, 0)["tumor_burden"][0], source_of(cohort)


def test_every_disease_has_its_order():
    assert {*ORDERS, "other"} == set(PATIENT_CHOICES["disease"])


@pytest.mark.parametrize("disease", [*ORDERS, "other", np.nan])
def test_the_best_known_measure_of_the_disease_counts(make_cohort, disease):
    """Each measure is taken away in turn: the next of the order follows, and no other."""
    order = ORDERS.get(disease, OTHER)
    for place, measure in enumerate(order):
        value, source = found(make_cohort, disease, without=order[:place])
        assert source == measure
        np.testing.assert_allclose(value, PLACED[measure], atol=1e-12)


@pytest.mark.parametrize(
    ("disease", "column", "value", "expected", "why"),
    [
        ("B-ALL", "marrow_blasts_percent", 0.0, 0.0, "no blasts"),
        ("B-ALL", "marrow_blasts_percent", 100.0, 1.0, "all blasts"),
        ("LBCL", "metabolic_tumor_volume_ml", 0.0, 0.0, "below the scale stays at 0"),
        ("LBCL", "metabolic_tumor_volume_ml", 2000.0, 1.0, "the upper end"),
        ("LBCL", "metabolic_tumor_volume_ml", 9e4, 1.0, "beyond it stays at 1"),
        ("FL", "sum_product_diameters_cm2", 1.0, 0.0, "the lower end"),
        ("MM", "m_protein_g_per_l", 50.0, 1.0, "the upper end"),
        ("MCL", "tumor_burden", "low", 0.15, "the centre's call"),
        ("MCL", "tumor_burden", "intermediate", 0.5, "the centre's call"),
    ],
)
def test_ends_of_the_scales(make_cohort, disease, column, value, expected, why):
    cohort = make_cohort([], [], patients=1, disease=[disease], **{column: [value]})
    assert matrix(cohort, CATALOGUE, 0)["tumor_burden"][0] == pytest.approx(expected), why
    assert source_of(cohort) == column


def test_an_old_or_later_ldh_is_no_burden(make_cohort):
    labs = [(0, -721.0, "ldh", 900.0, 0), (0, 1.0, "ldh", 900.0, 0)]
    cohort = make_cohort(labs, [], patients=1, disease=["LBCL"])
    assert source_of(cohort) == ""
