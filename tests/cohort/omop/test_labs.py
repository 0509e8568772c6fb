"""Results of an OMOP measurement table: values, bounds, texts, clocks, codes."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pandas.testing import assert_frame_equal

from riskmodel.cohort import Cohort, read_omop
from riskmodel.cohort.schema import GREATER

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


def test_a_bound_in_the_source_text_is_kept_when_the_operator_is_silent(make: Make) -> None:
    row = '19,1,3001122,2020-06-05,2020-06-05 10:00:00,,4172703,100000,">100,000",8842,,x,'
    cohort = read_omop(make(measurement=measured(row)))
    last = cohort.labs[cohort.labs["value"] == 100000].iloc[0]
    assert last["comparator"] == GREATER
    assert cohort.notes["comparator read from value_source_value"] == {"labs": 1}


def test_results_in_many_chunks_are_the_same_cohort(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make(measurement=measured("99,1,3001122,soon,,,0,3,3,8842,,x,"))
    whole = read_omop(folder)
    monkeypatch.setattr("riskmodel.cohort.source.assembly.PART_ROWS", 1)
    same(read_omop(folder), whole)


HEAD = TABLES["measurement"].splitlines()[0]

# measurement_datetime, measurement_date, measurement_time -> hours, or a reason
CLOCKS = [
    ("2020-06-02 00:00:00", "2020-06-02", "14:30:00", 28.5, "a clock beside a midnight"),
    ("2020-06-02T00:00:00", "2020-06-02", "2020-06-02 14:30:00", 28.5, "a whole datetime there"),
    ("2020-06-02 00:00:00", "2020-06-02", "00:00:00", 14.0, "a date: its midnight, counted"),
    ("2020-06-02 10:00:00", "2020-06-02", "23:00:00", 24.0, "the datetime goes first"),
    ("", "2020-06-02", "9:05", 23 + 5 / 60, "no datetime"),
    ("", "2020-06-02", "", 14.0, "a date"),
    ("", "2020-06-01", "", "time_around_infusion", "the day of the infusion"),
    ("2020-06-01 00:00:00", "2020-06-01", "", "time_around_infusion", "filled with midnight"),
    ("2020-06-02 10:00:00+02", "", "", "time_zone_mismatch", "the infusion names no zone"),
    ("2020-06", "", "", "time_unreadable", "a month"),
]


@pytest.mark.parametrize(("moment", "day", "clock", "expected", "why"), CLOCKS)
def test_clocks(
    make: Make, moment: str, day: str, clock: str, expected: float | str, why: str
) -> None:
    row = f"91,1,3001122,{day},{moment},{clock},0,900,,8842,ng/mL,x,"
    cohort = read_omop(make(measurement=f"{HEAD}\n{row}\n"))
    mine = cohort.labs[(cohort.labs["patient"] == 0).to_numpy()]
    if isinstance(expected, str):
        assert cohort.rejected["reason"].tolist() == [expected], why
        assert mine.empty
    else:
        assert mine["hours"].tolist() == [pytest.approx(expected)], why


# concept, source value, unit, number, text -> value and comparator, or a reason
TEXTS = [
    ("3001122", "x", "ng/mL", "40000", ">40000 ng/mL", (40000, GREATER), ""),
    ("3001122", "x", "ng/mL", "9999999", ">5000", (5000, GREATER), "a sentinel beside a bound"),
    ("3001122", "x", "ng/mL", "12", '"12,345"', "value_conflict", ""),
    ("3001122", "x", "ng/mL", "900", "clotted", (900, 0), "a remark"),
    ("3001122", "x", "mg/L", "900", "0.9", (900, 0), "converted by the site, text as charted"),
    ("3001122", "26465-5", "ng/mL", "900", "", "code_conflict", "LOINC of cells in fluid"),
    ("3001122", "2276-4", "ng/mL", "900", "", (900, 0), "LOINC of ferritin"),
    ("3001122", "FERRITIN CSF", "ng/mL", "900", "", "not_blood", ""),
]


@pytest.mark.parametrize(("concept", "source", "unit", "number", "text", "expected", "why"), TEXTS)
def test_texts_and_codes_beside_a_number(
    make: Make,
    concept: str,
    source: str,
    unit: str,
    number: str,
    text: str,
    expected: tuple[float, int] | str,
    why: str,
) -> None:
    standard = "8842" if unit == "mg/L" else "0"
    row = f"91,1,{concept},,2020-06-02 10:00:00,,0,{number},{text},{standard},{unit},{source},"
    cohort = read_omop(make(measurement=f"{HEAD}\n{row}\n"))
    if isinstance(expected, str):
        assert cohort.rejected["reason"].tolist() == [expected], why
    else:
        found = cohort.labs[["value", "comparator"]].to_numpy().tolist()
        assert found == [list(expected)], why


@pytest.mark.parametrize(
    ("limit", "high", "told"),
    [("<=200", None, 1), ("200", 200.0, 0), ("", None, 0), ("NA", None, 0)],
)
def test_a_limit_that_is_no_number_is_told(
    tmp_path: Path, limit: str, high: float | None, told: int
) -> None:
    tables = {
        "person": "person_id\n1\n",
        "procedure_occurrence": (
            "person_id,procedure_concept_id,procedure_datetime,procedure_source_value\n"
            "1,0,2024-03-01 12:00:00,XW033C3\n"
        ),
        "measurement": (
            "measurement_id,person_id,measurement_concept_id,measurement_datetime,"
            "value_as_number,range_high,unit_source_value\n"
            f"1,1,3022250,2024-03-05 06:00:00,400,{limit},U/L\n"
        ),
    }
    for name, text in tables.items():
        (tmp_path / f"{name}.csv").write_text(text)
    cohort = read_omop(tmp_path)
    assert cohort.labs["reference_high"].dropna().tolist() == ([] if high is None else [high])
    notes = cohort.notes.get("please check", {})
    assert sum(count for key, count in notes.items() if "range_high" in key) == told
