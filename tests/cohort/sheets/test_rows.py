"""Rows of the contract from the cells of one sheet."""

import pandas as pd
import pytest

from riskmodel.cohort.sheets.files import Sheet
from riskmodel.cohort.sheets.mapping import SheetMapping
from riskmodel.cohort.sheets.rows import LINE, contract_rows, heading_time


def rows(spec: dict, separator: str = ",", name: str = "", **columns: list) -> pd.DataFrame:
    sheet = Sheet("a.csv", name, pd.DataFrame(columns, dtype=object), separator=separator)
    sheet.rows.index += 2
    return contract_rows(sheet, SheetMapping.model_validate({"file": "a.csv", **spec}))


LABS = {"table": "labs", "columns": {"patient_id": "id", "time": "t", "value": "v"}}


@pytest.mark.parametrize(
    ("cells", "separator", "values"),
    [
        (["1.234", "12,5"], ",", [1234, 12.5]),
        (["1.234", "600"], ";", [1234, 600]),
        (["1.234", "600"], ",", ["1.234", "600"]),
        (["1,234", "0.5"], ",", [1234, 0.5]),
        ([1.234, "600"], ",", [1.234, "600"]),
        ([">1.234,5", "12,5"], ",", [">1234.5", 12.5]),
    ],
)
def test_numbers_are_those_of_the_sheet(cells: list, separator: str, values: list) -> None:
    found = rows(LABS, separator, id=["1", "2"], t=["2024-05-10"] * 2, v=cells)
    assert found["value"].tolist() == values


@pytest.mark.parametrize(
    ("cells", "dates", "times"),
    [
        (["13/5/2024", "12/5/2024"], "", ["2024-05-13", "2024-05-12"]),
        (["5/13/2024 8:05 PM", "5/12/2024"], "", ["2024-05-13T20:05", "2024-05-12"]),
        (["5/12/2024"], "", ["5/12/2024"]),
        (["5/12/2024"], "day first", ["2024-12-05"]),
        (["12MAY2024", "1. Mai 2024"], "", ["2024-05-12", "2024-05-01"]),
        ([45424.25, "45424"], "excel", ["2024-05-12T06:00:00", "2024-05-12"]),
        ([45424.25], "", ["45424.25"]),
        (["2024-05"], "", ["2024-05"]),
    ],
)
def test_dates_are_those_of_the_sheet(cells: list, dates: str, times: list) -> None:
    n = len(cells)
    found = rows({**LABS, "dates": dates}, id=["1"] * n, t=cells, v=["1"] * n)
    assert found["time"].tolist() == times


def test_a_clock_beside_a_date_and_a_day_of_the_study() -> None:
    spec = {
        "table": "labs",
        "columns": {"patient_id": "id", "time": "d", "clock": "c", "value": "v"},
    }
    found = rows(
        spec, id=["1", "1"], d=["2024-05-10", "2024-05-11"], c=["08:30", None], v=["1", "2"]
    )
    assert found["time"].tolist() == ["2024-05-10 08:30", "2024-05-11"]
    days = {"table": "labs", "columns": {"patient_id": "id", "day": "d", "value": "v"}}
    found = rows(days, id=["1"] * 3, d=["Day 3", -1.0, "2,5"], v=["1", "2", "3"])
    assert found["hours_from_infusion"].tolist() == [72.0, -24.0, 60.0]
    # Trials have no day 0: the infusion is on day 1.
    found = rows({**days, "infusion_day": 1}, id=["1"] * 3, d=[1.0, "-1", 0.0], v=["1", "2", "3"])
    assert found["hours_from_infusion"].tolist() == [0.0, -24.0, "no day 0"]


def test_each_column_of_results_has_its_own_decimal_sign() -> None:
    spec = {
        "table": "labs",
        "columns": {"patient_id": "id", "time": "t"},
        "results": {
            "f": {"analyte": "ferritin", "unit": "ng/mL"},
            "c": {"analyte": "crp", "unit": "mg/L"},
            "p": {"analyte": "platelets", "unit": "10*9/L"},
        },
    }
    found = rows(
        spec,
        ";",
        id=["1", "2"],
        t=["2024-05-10"] * 2,
        f=["1.234", "1.5"],  # a point is its decimal sign
        c=["1.234", "2,5"],  # a comma is
        p=["1.200", "150"],  # nothing of its own, and the sheet shows both
    )
    both = found.sort_values(["analyte", "patient_id"])["value"].tolist()
    assert both == [1234.0, 2.5, 1.234, 1.5, "1.200", "150"]


@pytest.mark.parametrize("order", ["day first", "month first"])
def test_dates_that_a_program_exchanged_are_not_read(order: str) -> None:
    # 6 May and 13 May, read as months first where the day stands first: one was taken for 5 June.
    left = "13/05/2024" if order == "day first" else "05/13/2024"
    found = rows(LABS, id=["1", "2"], t=["2024-06-05", left], v=["1", "2"])
    assert found["time"].tolist() == ["2024-06-05 or its day and month exchanged", "2024-05-13"]
    # Where a date was taken that no exchange explains, they stand as they are.
    found = rows(LABS, id=["1", "2"], t=["2024-05-25", left], v=["1", "2"])
    assert found["time"].tolist() == ["2024-05-25", "2024-05-13"]


@pytest.mark.parametrize(
    ("cell", "stated", "time"),
    [
        ("13/05/24", "day first", "2024-05-13"),
        ("05/13/24", "", "2024-05-13"),
        ("03/04/24", "", "03/04/24"),
        ("13.05.2024 24:00", "", "2024-05-14T00:00"),
        ("05/13/2024", "day first", "05/13/2024"),
    ],
)
def test_dates_by_a_stated_order(cell: str, stated: str, time: str) -> None:
    assert rows({**LABS, "dates": stated}, id=["1"], t=[cell], v=["1"])["time"].tolist() == [time]


def test_events_of_columns_need_a_time_or_a_yes() -> None:
    spec = {
        "table": "events",
        "columns": {"patient_id": "id"},
        "event": [{"event": "tocilizumab", "time": "t", "value": "y"}],
    }
    found = rows(
        spec, id=list("1234"), t=["2024-05-12", None, None, None], y=["yes", "yes", "no", None]
    )
    assert found["patient_id"].tolist() == ["1", "2"]
    assert found[LINE].tolist() == [2, 3]


def test_constants_may_name_the_sheet() -> None:
    spec = {**LABS, "columns": {"time": "t", "value": "v"}, "constants": {"patient_id": "{sheet}"}}
    assert rows(spec, name="P7", t=["2024-05-10"], v=["1"])["patient_id"].tolist() == ["P7"]


def test_words_of_a_file_are_those_of_the_contract() -> None:
    spec = {
        **LABS,
        "columns": {**LABS["columns"], "analyte": "a"},
        "values": {"analyte": {"ferr": "ferritin"}},
    }
    found = rows(spec, id=["1", "2"], t=["2024-05-10"] * 2, v=["1", "NA"], a=["FERR ", "crp"])
    assert found["analyte"].tolist() == ["ferritin", "crp"]
    assert found["value"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("heading", "found"),
    [
        ("Day 0", {"hours_from_infusion": 0.0}),
        ("d+14", {"hours_from_infusion": 336.0}),
        ("7", {"hours_from_infusion": 168.0}),
        ("10.05.2024", {"time": "10.05.2024"}),
        ("2024-05", {}),
        ("Ferritin", {}),
    ],
)
def test_headings_that_are_times(heading: str, found: dict) -> None:
    assert heading_time(heading) == found
