"""The workspace of an OMOP source."""

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from pandas.testing import assert_frame_equal

from riskmodel.cohort import Cohort, read_omop
from riskmodel.cohort.omop.source import MEMORY_LIMIT
from riskmodel.errors import SchemaError

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


def same(one: Cohort, other: Cohort) -> None:
    assert_frame_equal(one.patients, other.patients, check_exact=True)
    assert_frame_equal(one.labs, other.labs, check_exact=True)
    assert_frame_equal(one.events, other.events, check_exact=True)
    assert_frame_equal(one.rejected, other.rejected)
    assert one.notes == other.notes


def as_duckdb(folder: Path, out: Path, *, schema: str = "main", text: bool = True) -> Path:
    with contextlib.closing(duckdb.connect(str(out))) as database:
        database.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        for path in sorted(folder.glob("*.csv")):
            read = f"read_csv('{path}', header=true, all_varchar={str(text).lower()})"
            database.execute(f'CREATE TABLE "{schema}"."{path.stem}" AS SELECT * FROM {read}')
    return out


def test_the_schema_is_chosen_or_asked_for(make: Make, tmp_path: Path) -> None:
    folder = make()
    path = as_duckdb(folder, tmp_path / "omop.duckdb", schema="one")
    as_duckdb(folder, path, schema="two")
    with pytest.raises(SchemaError, match="one, two all have a table 'person'"):
        read_omop(path)
    mapping = tmp_path / "own.toml"
    mapping.write_text('[source]\nschema = "two"\n')
    same(read_omop(path, mapping=mapping), read_omop(folder))


def test_the_memory_limit_is_a_small_part_of_the_promise() -> None:
    assert MEMORY_LIMIT.endswith("MB")
    assert int(MEMORY_LIMIT.removesuffix("MB")) <= 1024
