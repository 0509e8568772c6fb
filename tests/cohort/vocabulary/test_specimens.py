"""Which specimens are not blood."""

import re

import pytest

from riskmodel.cohort.vocabulary.specimens import is_not_blood, not_blood_pattern


@pytest.mark.parametrize(
    ("text", "code", "other"),
    [
        ("Cerebrospinal fluid", "", True),
        ("WBC, CSF", "", True),
        ("Creatinine [Urine]", "", True),
        ("24 h Urine", "", True),
        ("Pleural Fluid", "", True),
        ("LDH, body fluid", "", True),
        ("Aszites / Punktat", "", True),
        ("Líquido: orina", "", True),
        ("Arterial blood gas", "", True),
        ("", "UR", True),
        ("", "258450006", True),
        ("U-Kreatinin", "", True),
        ("dU-Albumin", "", True),
        ("Creatinine (U)", "", True),
        ("Creatinine, U", "", True),
        ("P-Ferritin", "", False),
        ("LDH U/L", "", False),
        ("尿 クレアチニン", "", True),
        ("Venous blood", "", False),
        ("Serum or plasma", "119364003", False),
        ("Flow cytometry", "", False),
        ("Curing agent", "", False),
        ("", "BLD", False),
        ("", "", False),
    ],
)
def test_specimens(text: str, code: str, other: bool) -> None:
    assert is_not_blood(text, *([code] if code else [])) == other


def test_the_pattern_reads_the_same_in_a_database() -> None:
    pattern = re.compile(not_blood_pattern())
    assert pattern.search("urine creatinine")
    assert not pattern.search("ferritin")
