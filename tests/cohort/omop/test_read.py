"""Reading OMOP CDM 5.4: the same cohort through every door, and nothing lost in silence."""

import contextlib
import csv
import gzip
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from pandas.testing import assert_frame_equal
from typer.testing import CliRunner

from riskmodel.cli import app
from riskmodel.cohort import Cohort, read_cohort, read_omop, write_cohort
from riskmodel.cohort.omop.concepts import Concepts
from riskmodel.cohort.omop.source import MEMORY_LIMIT
from riskmodel.cohort.schema import GREATER, LESS
from riskmodel.cohort.vocabulary.mapping import CodeMapping
from riskmodel.criteria import label
from riskmodel.errors import SchemaError
from riskmodel.features import load_catalogue, matrix

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


@pytest.mark.parametrize(
    ("row", "reason", "why"),
    [
        ("99,1,3001122,2020-06-03,,,0,,UNABLE TO REPORT,8842,,x,", "value_not_a_number", "text"),
        ("99,1,3001122,2020-06-03,,,0,,,8842,,x,", "value_missing", "no value at all"),
        ("99,1,3001122,,,,0,3,3,8842,,x,", "time_missing", "no date"),
        ("99,1,3001122,soon,,,0,3,3,8842,,x,", "time_unreadable", "no date either"),
        ("99,1,3001122,2020-06-03,,,0,3,3,0,furlong,x,", "unknown_unit", "no unit"),
        ("99,1,3020460,2020-06-03,,,0,3,3,0,,x,", "missing_unit", "mg/L or mg/dL"),
        ("99,1,3001122,2020-06-03,,,4172700,3,3,8842,,x,", "unknown_comparator", "no operator"),
        ("99,1,3001122,2020-06-03,,,0,-3,-3,8842,,x,", "value_impossible", "negative"),
        ("99,1,3001122,1900-06-03,,,0,3,3,8842,,x,", "time_before_birth", "60 years too early"),
    ],
)
def test_a_bad_row_is_rejected_by_its_measurement_id(
    make: Make, row: str, reason: str, why: str
) -> None:
    good = read_omop(make())
    cohort = read_omop(make(measurement=measured(row)))
    assert len(cohort.rejected) == 1
    assert cohort.rejected.iloc[0]["reason"] == reason, why
    assert cohort.rejected.iloc[0]["row"] == 99
    assert_frame_equal(cohort.labs, good.labs)


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


def test_a_bound_in_the_source_text_is_kept_when_the_operator_is_silent(make: Make) -> None:
    row = '19,1,3001122,2020-06-05,2020-06-05 10:00:00,,4172703,100000,">100,000",8842,,x,'
    cohort = read_omop(make(measurement=measured(row)))
    last = cohort.labs[cohort.labs["value"] == 100000].iloc[0]
    assert last["comparator"] == GREATER
    assert cohort.notes["comparator read from value_source_value"] == {"labs": 1}


def test_a_list_says_who_and_when(make: Make, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(
        "patient_id,infusion_time\n1,2020-06-02T10:00\n3,2020-07-01T09:00\n9,2020-01-01\n"
    )
    cohort = read_omop(make(procedure_occurrence=None, drug_exposure=None), infusions=path)
    assert list(cohort.patient_id) == ["1", "3"]
    assert cohort.labs.loc[cohort.labs["value"] == 900, "hours"].tolist() == [0.0]
    assert list(cohort.rejected["reason"]) == ["unknown_patient"]


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


@pytest.mark.parametrize(
    "door", ["upper", "gzip", "parts", "parquet", "typed", "semicolon", "tabs"]
)
def test_every_form_of_file_is_the_same_cohort(make: Make, tmp_path: Path, door: str) -> None:
    folder = make()
    plain = read_omop(folder)
    other = tmp_path / "other" / "omop"
    other.mkdir(parents=True)
    for path in folder.glob("*.csv"):
        text = path.read_text()
        if door == "upper":
            head, rest = text.split("\n", 1)
            (other / f"{path.stem.upper()}.CSV").write_text(f"{head.upper()}\n{rest}")
        elif door == "gzip":
            (other / f"{path.stem}.csv.gz").write_bytes(gzip.compress(text.encode()))
        elif door == "parts":
            head, *rows = text.splitlines()
            (other / path.stem).mkdir()
            for k, row in enumerate(rows):
                (other / path.stem / f"{k}.csv").write_text(f"{head}\n{row}\n")
        elif door in ("parquet", "typed"):
            read = f"read_csv('{path}', header=true, all_varchar={str(door == 'parquet').lower()})"
            target = other / f"{path.stem}.parquet"
            duckdb.execute(f"COPY (SELECT * FROM {read}) TO '{target}' (FORMAT parquet)")
        else:
            rows = list(csv.reader(text.splitlines()))
            mark = ";" if door == "semicolon" else "\t"
            (other / path.name).write_text("\n".join(mark.join(row) for row in rows) + "\n")
    same(read_omop(other), plain)


@pytest.mark.parametrize("text", [True, False])
def test_a_duckdb_database_is_the_same_cohort(make: Make, tmp_path: Path, text: bool) -> None:
    folder = make()
    plain = read_omop(folder)
    path = as_duckdb(
        folder, tmp_path / "omop.duckdb", schema='odd "cdm"'.replace('"', ""), text=text
    )
    before = path.read_bytes()
    same(read_omop(path), plain)
    same(read_omop(f"duckdb:///{path}"), plain)
    assert path.read_bytes() == before


def test_a_sqlite_database_is_the_same_cohort(make: Make, tmp_path: Path) -> None:
    folder = make()
    plain = read_omop(folder)
    path = as_sqlite(folder, tmp_path / "omop.db")
    before = path.read_bytes()
    same(read_omop(f"sqlite:///{path}"), plain)
    same(read_omop(path), plain)
    assert path.read_bytes() == before


def test_the_schema_is_chosen_or_asked_for(make: Make, tmp_path: Path) -> None:
    folder = make()
    path = as_duckdb(folder, tmp_path / "omop.duckdb", schema="one")
    as_duckdb(folder, path, schema="two")
    with pytest.raises(SchemaError, match="one, two all have a table 'person'"):
        read_omop(path)
    mapping = tmp_path / "own.toml"
    mapping.write_text('[source]\nschema = "two"\n')
    same(read_omop(path, mapping=mapping), read_omop(folder))


def test_results_in_many_chunks_are_the_same_cohort(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make(measurement=measured("99,1,3001122,soon,,,0,3,3,8842,,x,"))
    whole = read_omop(folder)
    monkeypatch.setattr("riskmodel.cohort.source.assembly.PART_ROWS", 1)
    same(read_omop(folder), whole)


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


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://me:s3cret@127.0.0.1:9/omop", "postgresql"),
        ("postgresql://me:s3cret@127.0.0.1:port/omop", "cannot be read"),
        ("nosuch://me:s3cret@host/omop", "nosuch"),
        ("sqlite:////nowhere/at/all.db", "does not exist"),
        ("duckdb:////nowhere/at/all.db", "does not exist"),
        ("://s3cret", "cannot be read"),
        ("postgresql:/me:s3cret@host/omop", "cannot be read"),
        ("postgresql:me:s3cret@host/omop", "cannot be read"),
    ],
)
def test_a_database_that_does_not_answer_is_refused_without_its_password(
    url: str, told: str
) -> None:
    with pytest.raises(SchemaError, match=told) as error:
        read_omop(url)
    assert "s3cret" not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__ or error.value.__context__ is None


@pytest.mark.parametrize(
    "name",
    ["a b'c", 'd"e', "f[1]", "g*h", "semi;DROP TABLE lab--", "x'); DROP TABLE lab; --", "ünï"],
)
def test_names_are_never_sql_or_patterns(make: Make, tmp_path: Path, name: str) -> None:
    folder = make()
    plain = read_omop(folder)
    odd = tmp_path / name
    shutil.copytree(folder, odd)
    (tmp_path / "f1").mkdir()
    head, rest = TABLES["person"].split("\n", 1)
    with (odd / "person.csv").open("w", newline="") as stream:
        csv.writer(stream).writerow([*head.split(","), name])
        stream.write("\n".join(f"{row}," for row in rest.splitlines()) + "\n")
    cohort = read_omop(odd)
    assert_frame_equal(cohort.labs, plain.labs)
    path = tmp_path / "x.duckdb"
    as_duckdb(folder, path)
    with contextlib.closing(duckdb.connect(str(path))) as database:
        quoted = name.replace('"', '""')
        database.execute(f'ALTER TABLE person ADD COLUMN "{quoted}" INTEGER')
    assert_frame_equal(read_omop(path).labs, plain.labs)


def test_text_in_a_cell_is_never_sql(make: Make) -> None:
    evil = "'); DROP TABLE lab; --"
    row = f"19,1,3001122,2020-06-05,,,0,,{evil},8842,{evil},{evil},"
    cohort = read_omop(make(measurement=measured(row)))
    assert list(cohort.rejected["reason"]) == ["value_not_a_number"]


def test_a_view_of_a_database_opens_no_file(make: Make, tmp_path: Path) -> None:
    secret = tmp_path / "secret" / "measurement.csv"
    secret.parent.mkdir()
    secret.write_text(TABLES["measurement"])
    (tmp_path / "data").mkdir()
    path = as_duckdb(make(), tmp_path / "data" / "omop.duckdb")
    with contextlib.closing(duckdb.connect(str(path))) as database:
        database.execute("DROP TABLE measurement")
        database.execute(
            f"CREATE VIEW measurement AS SELECT * FROM read_csv('{secret}', all_varchar=true)"
        )
    with pytest.raises(SchemaError, match="PermissionException"):
        read_omop(path)


def test_lines_that_do_not_fit_are_counted_and_stop_nobody(make: Make) -> None:
    folder = make(
        measurement=measured("19,1,3001122") + "20,1,3001122,a,b,c,d,e,f,g,h,i,j,k,l,m,n\n"
    )
    cohort = read_omop(folder)
    assert list(cohort.rejected["reason"]) == ["malformed_row", "malformed_row"]
    assert list(cohort.rejected["row"]) == [9, 10]
    assert_frame_equal(cohort.labs, read_omop(make()).labs)


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "parquet"])
@pytest.mark.parametrize("content", [b"", b"\0\1\2" * 999, "person_id,\xe9\n".encode("latin-1")])
def test_binary_and_empty_files_are_refused(make: Make, ending: str, content: bytes) -> None:
    folder = make(measurement=None)
    (folder / f"measurement.{ending}").write_bytes(content)
    with pytest.raises(SchemaError, match="measurement"):
        read_omop(folder)


@given(cut=st.integers(0, 10_000), byte=st.binary(max_size=3))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_files_end_in_a_cohort_or_a_sentence(make: Make, cut: int, byte: bytes) -> None:
    folder = make()
    names = sorted(path.name for path in folder.glob("*.csv"))
    path = folder / names[cut % len(names)]
    content = path.read_bytes()
    place = cut % (len(content) + 1)
    path.write_bytes(content[:place] + byte + (content[place:] if cut % 2 else b""))
    with contextlib.suppress(SchemaError):
        assert len(read_omop(folder).patients) <= 3


def test_both_forms_of_one_table_are_refused(make: Make) -> None:
    folder = make()
    (folder / "person.parquet").write_bytes(b"")
    with pytest.raises(SchemaError, match="both as CSV and as Parquet"):
        read_omop(folder)


def test_later_records_change_no_earlier_result(make: Make) -> None:
    before = read_omop(make()).until(24)
    late = "19,1,3001122,2020-06-20,,,0,9,9,8840,mg/L,x,"
    after = read_omop(make(measurement=measured(late))).until(24)
    assert_frame_equal(before.labs, after.labs)
    assert_frame_equal(before.patients, after.patients)


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


def test_the_memory_limit_is_a_small_part_of_the_promise() -> None:
    assert MEMORY_LIMIT.endswith("MB")
    assert int(MEMORY_LIMIT.removesuffix("MB")) <= 1024
