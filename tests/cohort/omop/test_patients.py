"""Ages, sexes and diseases of an OMOP source."""

from pathlib import Path

import pandas as pd
import pytest

from riskmodel.cohort import Cohort, read_omop

PERSON = "person_id,gender_concept_id,gender_source_value,year_of_birth,month_of_birth,day_of_birth"
INFUSION = (
    "person_id,procedure_concept_id,procedure_datetime,procedure_source_value\n"
    "1,0,2020-06-01 10:00:00,XW033C3\n"
)
LABS = "person_id,measurement_concept_id,measurement_datetime,value_as_number,unit_source_value\n"


def read(folder: Path, person: str, conditions: str = "") -> Cohort:
    tables = {
        "person": f"{PERSON}\n{person}\n",
        "procedure_occurrence": INFUSION,
        "measurement": f"{LABS}1,3001122,2020-06-02 10:00:00,900,ng/mL\n",
    }
    if conditions:
        head = "person_id,condition_concept_id,condition_start_date,condition_source_value"
        tables["condition_occurrence"] = f"{head}\n{conditions}\n"
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return read_omop(folder)


@pytest.mark.parametrize(
    ("person", "age"),
    [
        ("1,8532,,1960,6,1", 60.0),
        ("1,8532,,1960,,", 60.0),
        ("1,8532,,,,", None),
        ("1,8532,,unknown,,", None),
    ],
)
def test_age_at_the_infusion(tmp_path: Path, person: str, age: float | None) -> None:
    found = read(tmp_path, person).patients["age_years"].iloc[0]
    assert pd.isna(found) if age is None else found == pytest.approx(age, abs=0.01)


@pytest.mark.parametrize(
    ("person", "sex"),
    [("1,8507,,1960,,", "M"), ("1,0,female,1960,,", "F"), ("1,0,x9,1960,,", None)],
)
def test_sex_by_concept_or_text(tmp_path: Path, person: str, sex: str | None) -> None:
    found = read(tmp_path, person).patients["sex"].iloc[0]
    assert pd.isna(found) if sex is None else found == sex


@pytest.mark.parametrize(
    ("rows", "disease"),
    [
        ("1,0,2019-01-01,C90.0", "MM"),
        ("1,0,2021-01-01,C90.0", None),
        ("1,0,2019-01-01,C90.0\n1,0,2019-01-01,C83.3", None),
    ],
)
def test_disease_known_by_the_infusion(tmp_path: Path, rows: str, disease: str | None) -> None:
    found = read(tmp_path, "1,8532,,1960,,", rows).patients["disease"].iloc[0]
    assert pd.isna(found) if disease is None else found == disease
