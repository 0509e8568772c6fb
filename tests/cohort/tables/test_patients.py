"""The patients table: numbers in one way, equal rows merged, flags and choices."""

import pytest

from riskmodel.cohort import Cohort, cohort_of


def patients(*rows: dict, decimal: str = "") -> Cohort:
    return cohort_of(
        [{"patient_id": f"P{k}", **row} for k, row in enumerate(rows)], decimal=decimal
    )


@pytest.mark.parametrize(
    ("column", "text", "decimal", "value"),
    [
        ("age_years", "60,5", "", 60.5),
        ("weight_kg", "70,125", "", 70.125),
        ("cell_dose_million", "1,234", "", None),
        ("cell_dose_million", "1,234", ",", 1.234),
        ("nk_cells_per_ul", "99999", "", None),
        ("age_years", "-999", "", None),
        ("age_years", "60 years", "", None),
        ("age_years", "<60", "", None),
        ("marrow_blasts_percent", "5", "", 5.0),
    ],
)
def test_a_number_is_read_in_one_way_or_left_empty(column, text, decimal, value) -> None:
    found = patients({column: text}, decimal=decimal)
    assert found.patients[column].fillna(-1).tolist() == [-1 if value is None else value]
    assert len(found.rejected) == (1 if value is None else 0)


def test_rows_that_differ_in_spaces_alone_are_one() -> None:
    found = cohort_of([{"patient_id": "F", "sex": "F"}, {"patient_id": "F ", "sex": "F "}])
    assert found.patient_id.tolist() == ["F"]
    assert found.rejected.empty


@pytest.mark.parametrize(("text", "flag"), [("1", True), ("Yes", True), ("0", False), ("N", False)])
def test_flags(text: str, flag: bool) -> None:
    assert patients({"prior_hct": text}).patients["prior_hct"].tolist() == [flag]


@pytest.mark.parametrize("time", ["2024-05", "2024", "10.05.2024", "soon"])
def test_an_infusion_without_a_day_has_no_time(time: str) -> None:
    found = patients({"infusion_time": time})
    assert found.patients["infusion_time"].isna().all()
    assert found.rejected["reason"].tolist() == ["time_unreadable"]


def test_an_infusion_of_a_day_alone_is_told() -> None:
    found = patients({"infusion_time": "2024-05-10"})
    told = found.notes["date without a time of day, read as midnight"]
    assert told == {"patients.infusion_time": 1}


def test_an_m_beside_an_h_alone_may_be_either() -> None:
    both = [{"patient_id": str(k), "sex": sex} for k, sex in enumerate(["H", "M", "M"])]
    assert patients(*both).patients["sex"].isna().all()
    with_f = [{"patient_id": str(k), "sex": sex} for k, sex in enumerate(["F", "M", "H"])]
    assert patients(*with_f).patients["sex"].fillna("").tolist() == ["F", "M", ""]


def test_an_identifier_that_a_spreadsheet_shortened_is_nobody() -> None:
    found = patients({"patient_id": "1.23457E+11"}, {"patient_id": "12E"})
    assert found.patients["patient_id"].tolist() == ["12E"]
    assert found.rejected["reason"].tolist() == ["patient_id_shortened"]
