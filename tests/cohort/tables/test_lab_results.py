"""Results judged possible, plausible or neither, and what is told of them."""

import pytest

from riskmodel.cohort import cohort_of

PATIENT = {"patient_id": "P1"}


def labs(*rows: dict):
    base = {"patient_id": "P1", "hours_from_infusion": 5}
    return cohort_of([PATIENT], [{**base, **row} for row in rows])


@pytest.mark.parametrize(
    ("row", "kept", "why"),
    [
        ({"analyte": "fibrinogen", "value": "<5", "unit": "mg/dL"}, True, "a bound may lie beyond"),
        ({"analyte": "fibrinogen", "value": "5", "unit": "mg/dL"}, False, "no result may"),
        ({"analyte": "ferritin", "value": ">6000000", "unit": "ng/mL"}, True, "a bound above"),
        ({"analyte": "ferritin", "value": "<-5", "unit": "ng/mL"}, False, "nothing is below 0"),
        ({"analyte": "platelets", "value": "0", "unit": "10*9/L"}, True, "none are left"),
    ],
)
def test_what_can_be_a_result(row: dict, kept: bool, why: str) -> None:
    found = labs(row)
    assert len(found.labs) == kept, why
    assert found.rejected["reason"].tolist() == ([] if kept else ["value_impossible"])


def test_bounds_and_oddities_are_counted() -> None:
    found = labs(
        {"analyte": "ferritin", "value": ">900", "unit": "ng/mL"},
        {"analyte": "ldh", "value": "90000", "unit": "U/L"},
    )
    assert found.notes["comparators kept"] == {"ferritin": 1}
    assert found.notes["flagged"] == {"ldh: implausible value kept": 1}


@pytest.mark.parametrize(
    ("text", "column", "comparator"),
    [("600", ">", 2), (">600", "", 2), (">600", ">", 2), (">600", "<", None), ("600", "~", None)],
)
def test_a_comparator_stands_in_the_text_or_in_its_column(text, column, comparator) -> None:
    row = {"analyte": "ferritin", "value": text, "unit": "ng/mL", "comparator": column}
    found = labs(row)
    assert found.labs["comparator"].tolist() == ([] if comparator is None else [comparator])
    if comparator is None:
        assert found.rejected["reason"].tolist() == ["unknown_comparator"]
