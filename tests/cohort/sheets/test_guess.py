"""What a sheet is taken for, and how sure that is."""

import tomllib

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort.sheets.files import Sheet
from riskmodel.cohort.sheets.guess import guess_mapping, heading_column, written_mapping
from riskmodel.cohort.sheets.mapping import OPEN, TableMapping


def sheet(**columns: list) -> Sheet:
    return Sheet("a.csv", "", pd.DataFrame(columns, dtype=object))


def proposed(*sheets: Sheet) -> TableMapping:
    text = written_mapping(guess_mapping(sheets), sheets)
    return TableMapping.model_validate(tomllib.loads(text))


def test_what_is_not_known_is_left_to_a_person() -> None:
    found = proposed(sheet(x=["1"], Ferritin=["600"], crs_grade=["2"]))
    labs = next(spec for spec in found.sheet if spec.table == "labs")
    assert labs.columns["patient_id"] == OPEN
    assert labs.results["Ferritin"].unit == OPEN
    events = next(spec for spec in found.sheet if spec.table == "events")
    assert events.event[0].time == OPEN
    assert found.sheet[0].ignore == ["x"]


def test_events_of_other_names_are_proposed_or_asked() -> None:
    rows = sheet(MRN=["1"] * 3, Event=["crs", "Toci first dose", "rash"], Date=["2024-05-10"] * 3)
    found = proposed(rows)
    assert found.sheet[0].values["event"] == {"Toci first dose": "tocilizumab", "rash": OPEN}


def test_dates_without_a_known_infusion_are_asked_about() -> None:
    people = sheet(MRN=["1"], Age=["60"], Besuch=["2024-05-03"])
    dated = sheet(MRN=["1"], Test=["CRP"], Result=["3"], Date=["2024-05-10"])
    counted = sheet(MRN=["1"], Test=["CRP"], Result=["3"], Day=["7"])
    infused = sheet(MRN=["1"], Infusionsdatum=["2024-05-03"], Product=["Yescarta"])
    assert proposed(people, dated).sheet[0].columns["infusion_time"] == OPEN
    assert "infusion_time" not in proposed(people, counted).sheet[0].columns
    assert "infusion_time" not in proposed(people, infused, dated).sheet[0].columns


def test_numbers_of_days_are_told() -> None:
    rows = sheet(MRN=["1"], Test=["CRP"], Result=["3"], Date=["45424.25"])
    assert proposed(rows).sheet[0].dates == "excel"


@pytest.mark.parametrize(
    ("heading", "column"),
    [("Patient_ID", "patient_id"), ("CollectionDate", "time"), ("Einheit", "unit"), ("Hobby", "")],
)
def test_headings(heading: str, column: str) -> None:
    assert heading_column(heading) == column


@given(
    st.lists(st.text(max_size=12).filter(lambda t: t.strip()), min_size=1, max_size=5, unique=True),
    st.text(max_size=8),
)
def test_whatever_the_headings_a_mapping_decides_every_column(headings: list, cell: str) -> None:
    rows = Sheet(
        "a.csv", "", pd.DataFrame([[cell] * len(headings)], columns=headings, dtype=object)
    )
    found = proposed(rows)
    decided = {name for spec in found.sheet for name in (*spec.used, *spec.ignore)}
    assert decided - {OPEN} == set(headings) - {OPEN}


@pytest.mark.parametrize(
    ("heading", "meant"),
    [
        ("Weight (kg)", "weight_kg"),
        ("Weight (lbs)", ""),
        ("Age [years]", "age_years"),
        ("Age (months)", ""),
        ("Day (hours)", ""),
        ("Provtagningstid", "time"),
        ("CAR-T-Infusion am", "infusion_time"),
        ("CAR-T infusion date and time", "infusion_time"),
        ("Date de pr\u00e9l\u00e8vement", "time"),
        ("\u63a1\u53d6\u65e5\u6642", "time"),
        ("Probenmaterial", "specimen"),
        ("Result status", "status"),
        ("Valeurs de r\u00e9f\u00e9rence", "reference_high"),
    ],
)
def test_headings_in_other_words_and_units(heading: str, meant: str) -> None:
    assert heading_column(heading) == meant


def test_a_column_of_comparators_is_one_whatever_its_heading() -> None:
    rows = sheet(MRN=["1", "1"], Test=["CRP"] * 2, X=[">", None], Result=["3", "4"],
                 Date=["2024-05-10"] * 2)  # fmt: skip
    assert proposed(rows).sheet[0].columns["comparator"] == "X"


@pytest.mark.parametrize(
    ("heading", "days", "asked"),
    [
        ("Day", ["-1", "0", "1"], 0),
        ("Day", ["-1", "1", "2"], "?"),
        ("Study day", ["1", "2"], "?"),
        ("Study day", ["0", "2"], 0),
        ("Day", ["1", "3"], 0),
    ],
)
def test_days_without_a_day_0_are_asked_about(heading: str, days: list, asked: object) -> None:
    n = len(days)
    rows = sheet(**{"MRN": ["1"] * n, heading: days, "Test": ["CRP"] * n, "Result": ["3"] * n})
    assert proposed(rows).sheet[0].infusion_day == asked


def test_a_heading_that_is_a_date_in_two_ways_is_asked_about() -> None:
    rows = sheet(**{"MRN": ["1"], "Test": ["CRP"], "03/04/2024": ["5"], "04/04/2024": ["6"]})
    found = proposed(rows).sheet[0]
    assert (found.dates, found.across) == (OPEN, ["03/04/2024", "04/04/2024"])
    told = sheet(**{"MRN": ["1"], "Test": ["CRP"], "03/04/2024": ["5"], "13/04/2024": ["6"]})
    assert proposed(told).sheet[0].dates == ""


def test_a_hidden_sheet_is_not_proposed() -> None:
    shown = sheet(MRN=["1"], Test=["CRP"], Result=["3"], Date=["2024-05-10"])
    hidden = Sheet("a.xlsx", "old", shown.rows, hidden=True)
    assert proposed(shown, hidden).ignore_sheets == ["old"]
