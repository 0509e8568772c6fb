"""Reading OMOP CDM 5.4: the same cohort through every door, and nothing lost in silence."""

import contextlib
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from typer.testing import CliRunner

from riskmodel.cli import app
from riskmodel.cohort import read_cohort, read_omop, write_cohort
from riskmodel.cohort.schema import GREATER, LESS
from riskmodel.criteria import label
from riskmodel.errors import SchemaError
from riskmodel.features import load_catalogue, matrix

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


def as_duckdb(folder: Path, out: Path, *, schema: str = "main", text: bool = True) -> Path:
    with contextlib.closing(duckdb.connect(str(out))) as database:
        database.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        for path in sorted(folder.glob("*.csv")):
            read = f"read_csv('{path}', header=true, all_varchar={str(text).lower()})"
            database.execute(f'CREATE TABLE "{schema}"."{path.stem}" AS SELECT * FROM {read}')
    return out


def as_sqlite(folder: Path, out: Path) -> Path:
    with contextlib.closing(sqlite3.connect(out)) as database:
        for path in sorted(folder.glob("*.csv")):
            frame = pd.read_csv(path)
            frame.to_sql(path.stem, database, index=False)
    return out


def test_what_the_tables_say_arrives(make: Make) -> None:
    cohort = read_omop(make())
    patients = cohort.patients
    assert list(cohort.patient_id) == ["1", "2"]
    assert list(patients["sex"]) == ["F", "M"]
    assert patients["age_years"][0] == pytest.approx(60.05, abs=0.01)
    assert patients["age_years"][1] == 70
    assert patients["disease"][0] == "MM"
    assert pd.isna(patients["disease"][1])
    assert patients["product"][1] == "tisagenlecleucel"
    assert patients["costimulatory_domain"][1] == "4-1BB"
    labs = cohort.labs.assign(analyte=cohort.labs["analyte"].astype(str))
    rows = list(
        labs[["patient", "hours", "analyte", "value", "comparator"]].itertuples(index=False)
    )
    assert sorted(map(tuple, rows)) == [
        (0, 24.0, "ferritin", 900.0, 0),
        (0, 48.0, "crp", 35.0, 0),
        (0, 48.0, "platelets", 5.0, LESS),
        (0, 48.0, "platelets", 81.0, 0),
        (0, 49.5, "ferritin", 2000.0, GREATER),
        (1, 24.0, "hemoglobin", 8.5, 0),
    ]
    assert labs["reference_high"].dropna().tolist() == [300.0]
    events = cohort.events
    assert list(
        zip(events["patient"], events["event"].astype(str), events["hours"], strict=True)
    ) == [
        (0, "last_follow_up", pytest.approx(92 * 24 - 10)),
        (1, "lymphodepletion_start", -121.0),
        (1, "tocilizumab", 47.0),
        (1, "death", 738.0),
    ]
    assert cohort.rejected.empty
    assert cohort.notes["measurements of other concepts, not read"] == {"555": 1}
    assert cohort.notes["measurements of people outside the cohort, not read"] == {"rows": 1}
    assert cohort.notes["several diseases recorded, left empty"] == {"patients": 1}
    assert cohort.notes["age from the year of birth alone"] == {"patients": 1}


def test_every_row_is_a_result_a_rejection_or_counted(make: Make) -> None:
    cohort = read_omop(make(measurement=measured("19,1,3001122,,,,0,3,3,8842,,x,")))
    counted = [k for k in cohort.notes if k.endswith("not read")]
    left_out = sum(sum(cohort.notes[kind].values()) for kind in counted)
    assert len(cohort.labs) + len(cohort.rejected) + left_out == 9


def test_a_list_says_who_and_when(make: Make, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(
        "patient_id,infusion_time\n1,2020-06-02T10:00\n3,2020-07-01T09:00\n9,2020-01-01\n"
    )
    cohort = read_omop(make(procedure_occurrence=None, drug_exposure=None), infusions=path)
    assert list(cohort.patient_id) == ["1", "3"]
    assert cohort.labs.loc[cohort.labs["value"] == 900, "hours"].tolist() == [0.0]
    assert list(cohort.rejected["reason"]) == ["unknown_patient"]


def test_mimic_is_the_same_cohort_as_its_tidy_form(shared_data: Path, tmp_path: Path) -> None:
    top = shared_data / "mimic3_demo_20"
    tidy = read_cohort(top / "tidy")
    cohorts = [
        read_omop(top / "omop"),
        read_omop(top / "omop", infusions=top / "omop" / "infusions.csv"),
        read_omop(as_duckdb(top / "omop", tmp_path / "omop.duckdb")),
        read_omop(as_sqlite(top / "omop", tmp_path / "omop.db")),
    ]
    catalogue = load_catalogue()
    for cohort in cohorts:
        assert_frame_equal(cohort.labs, tidy.labs, rtol=0, atol=1e-9)
        assert_frame_equal(cohort.events, tidy.events, rtol=0, atol=1e-9)
        columns = ["patient_id", "age_years", "sex"]
        assert_frame_equal(cohort.patients[columns], tidy.patients[columns])
        assert_frame_equal(label(cohort), label(tidy), rtol=0, atol=1e-9)
        for hours in (0.0, 72.0):
            ours, theirs = (matrix(c, catalogue, hours) for c in (cohort, tidy))
            other = [name for name in ours if name.startswith("disease")]
            assert_frame_equal(
                ours.drop(columns=other), theirs.drop(columns=other), rtol=0, atol=1e-9
            )


def test_a_full_synthetic_export_converts_and_checks(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "synthea27nj_omop54"
    with pytest.raises(SchemaError, match="--infusions"):
        read_omop(folder)
    people = pd.read_csv(folder / "PERSON.csv")["person_id"]
    path = tmp_path / "list.csv"
    pd.DataFrame({"patient_id": people, "infusion_time": "2015-06-01T08:00:00"}).to_csv(path)
    out = tmp_path / "cohort"
    line = ["convert", "omop", str(folder), str(out), "--infusions", str(path)]
    result = CliRunner().invoke(app, line)
    assert result.exit_code == 0, result.output
    cohort = read_omop(folder, infusions=path)
    assert len(read_cohort(out).labs) == len(cohort.labs) > 500
    assert set(cohort.labs["analyte"].astype(str)) >= {"ferritin", "creatinine", "platelets"}
    unread = sum(cohort.notes["measurements of other concepts, not read"].values())
    merged = cohort.notes.get("merged equal results", {}).get("labs", 0)
    derived = sum(cohort.notes.get("derived", {}).values())
    refused = int((cohort.rejected["table"] == "labs").sum())
    weights = sum(cohort.notes["body weight"].values())
    assert weights > 0
    assert len(cohort.labs) - derived + merged + refused + unread + weights == 10_040


def test_writing_and_reading_back_keeps_the_cohort(make: Make, tmp_path: Path) -> None:
    cohort = read_omop(make())
    write_cohort(cohort, tmp_path / "out")
    again = read_cohort(tmp_path / "out")
    assert_frame_equal(again.labs, cohort.labs)
    assert_frame_equal(again.events, cohort.events)


def test_every_missing_table_and_column_is_named_at_once(make: Make) -> None:
    folder = make(
        person=None,
        procedure_occurrence=None,
        drug_exposure=None,
        measurement="measurement_id,person_id\n1,1\n",
    )
    with pytest.raises(SchemaError) as error:
        read_omop(folder)
    for part in ("'person'", "measurement_datetime or", "value_as_number or", "'drug_exposure'"):
        assert part in str(error.value)


def test_no_infusion_is_refused(make: Make) -> None:
    with pytest.raises(SchemaError, match="no CAR-T infusion"):
        read_omop(make(procedure_occurrence="person_id,procedure_date\n", drug_exposure=None))


def test_later_records_change_no_earlier_result(make: Make) -> None:
    before = read_omop(make()).until(24)
    late = "19,1,3001122,2020-06-20,,,0,9,9,8840,mg/L,x,"
    after = read_omop(make(measurement=measured(late))).until(24)
    assert_frame_equal(before.labs, after.labs)
    assert_frame_equal(before.patients, after.patients)
