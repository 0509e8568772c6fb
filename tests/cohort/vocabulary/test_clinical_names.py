"""Diagnoses, treatments and intensive care by codes and names."""

import pytest

from riskmodel.cohort.vocabulary.clinical_names import (
    conditioning_days,
    disease_of,
    fold_code,
    icu_concepts,
    is_intensive_care,
    treatment_of,
)


@pytest.mark.parametrize(
    ("code", "text", "disease"),
    [
        ("C83.38", "", "LBCL"),
        ("C8330", "", "LBCL"),
        ("C83.0", "", "CLL"),
        ("109989006", "", "MM"),
        ("J18.9", "pneumonia", None),
        ("", "Multiple myeloma", "MM"),
        ("", "History of multiple myeloma in mother", None),
    ],
)
def test_diseases(code: str, text: str, disease: str | None) -> None:
    assert disease_of(code, text) == disease


@pytest.mark.parametrize(
    ("text", "codes", "event"),
    [
        ("Tocilizumab 400 MG", (), "tocilizumab"),
        ("Dexamethasone eye drops", (), None),
        ("Anakinra refused", (), None),
        ("tocilizumab or siltuximab", (), None),
        ("", ("ICD10PCS//30233R1",), "transfusion_platelets"),
        ("Fludarabine 25 mg/m2", (), "lymphodepletion"),
    ],
)
def test_treatments(text: str, codes: tuple[str, ...], event: str | None) -> None:
    assert treatment_of(text, *codes) == event


def test_intensive_care_and_codes() -> None:
    assert is_intensive_care("Surgical ICU")
    assert not is_intensive_care("Discharge from ICU")
    assert 32037 in icu_concepts()
    assert conditioning_days() > 0
    assert fold_code("CPT//0540T") == "0540T"
