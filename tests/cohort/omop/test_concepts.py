"""What concept ids and source codes mean."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskmodel.cohort import read_omop
from riskmodel.cohort.omop.concepts import Concepts
from riskmodel.cohort.vocabulary.mapping import CodeMapping

# ruff: noqa: E501 (tables as they are)

Make = Callable[..., Path]


# ruff: noqa: E501 (tables as they are)
TABLES: dict[str, str] = {
    "person": """person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth
1,8532,1960,5,15
2,8507,1950,,
3,8507,1990,1,1
""",
    "procedure_occurrence": """person_id,procedure_concept_id,procedure_datetime,procedure_source_value
1,0,2020-06-01 10:00:00,XW033C3
""",
    "drug_exposure": """person_id,drug_concept_id,drug_exposure_start_date,drug_exposure_start_datetime,drug_source_value
2,700,2020-07-01,2020-07-01 09:00:00,
2,701,2020-07-03,2020-07-03 08:00:00,
2,702,2020-07-03,2020-07-03 08:00:00,
2,703,2020-06-27,2020-06-27 08:00:00,
2,703,2020-06-26,2020-06-26 08:00:00,
2,703,2019-01-01,2019-01-01 08:00:00,
3,701,2020-07-03,2020-07-03 08:00:00,
""",
    "measurement": """measurement_id,person_id,measurement_concept_id,measurement_date,measurement_datetime,measurement_time,operator_concept_id,value_as_number,value_source_value,unit_concept_id,unit_source_value,measurement_source_value,range_high
11,1,3001122,2020-06-02,2020-06-02 10:00:00,,4172703,900,900,8842,ng/mL,x,300
12,1,3001122,2020-06-03,,11:30,0,,GREATER THAN 2000,0,ug/L,x,
13,1,3020460,2020-06-03,2020-06-03 10:00:00,,0,3.5,3.5,8840,,x,
14,1,0,2020-06-03,2020-06-03 10:00:00,,0,81,81,0,K/uL,777-3,
15,1,901,2020-06-03,2020-06-03 10:00:00,,4171756,5,<5,8848,,x,
16,1,555,2020-06-03,2020-06-03 10:00:00,,0,37,37,0,,x,
17,2,3000963,2020-07-02,2020-07-02 09:00:00,,0,8.5,8.5,8713,g/dL,x,
18,3,3000963,2020-07-02,2020-07-02 09:00:00,,0,8.5,8.5,8713,g/dL,x,
""",
    "concept": """concept_id,concept_name,vocabulary_id,concept_code
700,tisagenlecleucel Injection,RxNorm,1
701,tocilizumab 20 MG/ML Injection,RxNorm,2
702,hydrocortisone 10 MG/ML Topical Cream,RxNorm,3
703,fludarabine 25 MG/ML Injection,RxNorm,4
710,Multiple myeloma,SNOMED,109989006
901,Platelets [#/volume] in Blood,LOINC,26515-7
""",
    "condition_occurrence": """person_id,condition_concept_id,condition_start_date,condition_source_value
1,710,2019-01-01,
2,0,2019-01-01,C83.30
2,0,2019-02-01,C91.00
1,0,2021-01-01,M32.9
""",
    "death": "person_id,death_date,death_datetime\n2,2020-08-01,2020-08-01 03:00:00\n",
    "observation_period": """person_id,observation_period_start_date,observation_period_end_date
1,2019-01-01,2020-09-01
1,2020-11-01,2021-09-01
2,2019-01-01,2020-08-01
""",
}


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Write a small OMOP folder; any table's text can be replaced, None leaves it out."""

    def write(**changed: str | None) -> Path:
        folder = tmp_path / "omop"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, text in (TABLES | changed).items():
            if text is not None:
                (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        return folder

    return write


def measured(row: str) -> str:
    """The measurement table with one more row."""
    return TABLES["measurement"] + row + "\n"


@pytest.mark.parametrize(
    ("cells", "value", "note", "why"),
    [
        ("3.5,3.5,8840,mg/L", 35.0, "differ by a factor", "the concept goes with the number"),
        (",3.5,8840,mg/L", 3.5, "differ by a factor", "the source unit goes with the source text"),
        ("3.5,3.5,0,mg/dL", 35.0, "", "no concept"),
        ("3.5,3.5,99999,mg/dL", 35.0, "", "an unknown concept"),
        ("3.5,3.5,8840,furlong", 35.0, "", "an unknown spelling"),
        ("3.5,3.5,8842,mg/L", 3.5, "one fits", "the concept is a unit, but not one of CRP's"),
    ],
)
def test_unit_concept_and_unit_text(
    make: Make, cells: str, value: float, note: str, why: str
) -> None:
    head = "measurement_id,person_id,measurement_concept_id,measurement_datetime,"
    head += "value_as_number,value_source_value,unit_concept_id,unit_source_value\n"
    cohort = read_omop(make(measurement=f"{head}1,1,3020460,2020-06-03 10:00:00,{cells}\n"))
    assert cohort.labs["value"].tolist() == [value], why
    flagged = " ".join(cohort.notes.get("flagged", {}))
    assert (note in flagged) if note else not flagged


def test_own_codes_come_from_a_mapping(make: Make, tmp_path: Path) -> None:
    mapping = tmp_path / "own.toml"
    mapping.write_text(
        '[infusion]\ncodes = ["OPS 5-936"]\nomop = [4242]\n[analytes]\nferritin = [555, "LAB7"]\n'
    )
    folder = make(
        procedure_occurrence="person_id,procedure_concept_id,procedure_date,procedure_source_value\n"
        "1,0,2020-06-01,ops 5-936\n3,4242,2020-07-01,\n",
        measurement=measured("19,3,0,2020-07-02,,,0,7,7,8842,,LAB7,"),
    )
    cohort = read_omop(folder, mapping=mapping)
    assert list(cohort.patient_id) == ["1", "2", "3"]
    ferritin = cohort.labs[cohort.labs["analyte"] == "ferritin"]
    assert 7.0 in ferritin["value"].tolist()
    assert list(cohort.rejected["reason"]) == ["missing_unit"]


def test_concept_ids_and_codes_of_analytes_never_disagree(shared_data: Path) -> None:
    paths = ("synthea27nj_omop54/CONCEPT.csv", "mimic3_demo_20/omop/concept.csv")
    for path in paths:
        table = pd.read_csv(shared_data / path, dtype=str, keep_default_na=False)
        table.index = pd.Index(table["concept_id"].astype(np.int64))
        columns = ["vocabulary_id", "concept_code", "concept_name"]
        with_ids = Concepts(table[columns], CodeMapping()).analyte_ids()
        loinc = table[table["vocabulary_id"] == "LOINC"]
        bare = loinc.assign(shifted=loinc.index + 10**9).set_index("shifted")
        by_code = Concepts(bare[columns], CodeMapping()).analyte_ids()
        for key, name in by_code.items():
            if key >= 10**9:
                assert with_ids[key - 10**9] == name
