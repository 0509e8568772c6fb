"""OMOP tables as files: every form, and damage."""

import contextlib
import csv
import gzip
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from pandas.testing import assert_frame_equal

from riskmodel.cohort import Cohort, read_omop
from riskmodel.cohort.source.zones import CHECK
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


def test_folders_in_folders_and_files_that_are_left(make: Make, tmp_path: Path) -> None:
    plain = read_omop(make())
    top = make()
    deep = top / "export" / "2024"
    (deep / "Measurement").mkdir(parents=True)
    shutil.move(top / "measurement.csv", deep / "Measurement" / "part-0.csv")
    shutil.move(top / "person.csv", deep / "PERSON.CSV")
    (deep / "death.csv").write_text("person_id,death_date\n1,2019-01-01\n")  # an older copy
    (top / "measurement_2023.xlsx").write_text("x")
    cohort = read_omop(top)
    assert_frame_equal(cohort.labs, plain.labs)
    assert_frame_equal(cohort.events, plain.events)
    (told,) = [text for text in cohort.notes[CHECK] if "not read: " in text and "files" in text]
    assert "measurement_2023.xlsx" in told
    assert "death.csv" in told
