"""Rows in memory become a cohort, each patient's by themselves."""

import pytest

from riskmodel.cohort import cohort_of
from riskmodel.cohort.tables.rows import cell, frame

PATIENT = {"patient_id": "P1", "infusion_time": "2024-05-10T10:00"}


def lab(value: object, **more: object) -> dict:
    return {"patient_id": "P1", "hours_from_infusion": 5, "analyte": "ferritin", "value": value,
            "unit": "ng/mL", **more}  # fmt: skip


def test_rows_are_cells_of_a_file() -> None:
    table = frame([{"patient_id": "NA", "value": 3.0}, {"value": "NA", "own": True}], "labs")
    assert table["patient_id"].fillna("").tolist() == ["NA", ""]
    assert table["value"].fillna("").tolist() == ["3", ""]
    assert table["own"].fillna("").tolist() == ["", "1"]
    assert cell(1e300) == "1e+300"


@pytest.mark.parametrize(
    ("value", "read"), [(1.234, 1.234), ("1.234", 1.234), ("<1.5", 1.5), (600, 600)]
)
def test_numbers_of_a_request_have_a_point(value: object, read: float) -> None:
    assert cohort_of([PATIENT], [lab(value)]).labs["value"].tolist() == [read]


def test_a_comma_is_open_whatever_other_patients_write() -> None:
    rows = [lab("1,234"), lab("12,5", hours_from_infusion=6)]
    found = cohort_of([PATIENT], rows)
    assert found.labs["value"].tolist() == [12.5]
    assert found.rejected["reason"].tolist() == ["number_two_ways"]
    assert cohort_of([PATIENT], rows[:1], decimal=",").labs["value"].tolist() == [1.234]
