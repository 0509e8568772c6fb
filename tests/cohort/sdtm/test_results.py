"""Rows of LB: which value counts, and what keeps it from counting."""

from collections import Counter

import pandas as pd
import pytest

from riskmodel.cohort.sdtm.results import results

STARTS = {"A": "2024-05-10T10:00"}


def row(**fields: object) -> dict[str, object]:
    whole = {"USUBJID": "A", "LBTESTCD": "FERRITIN", "LBTEST": "Ferritin", "LBDTC": "2024-05-12"}
    return {**whole, **fields}


@pytest.mark.parametrize(
    ("fields", "value", "sign", "unit", "refusal"),
    [
        ({"LBSTRESN": 9, "LBSTRESU": "ug/L", "LBORRES": "8", "LBORRESU": "x"}, 9, "", "ug/L", ""),
        ({"LBORRES": "8", "LBORRESU": "ng/mL"}, 8, "", "ng/mL", ""),
        ({"LBORRES": "<8 ng/mL"}, 8, "<", "ng/mL", ""),
        ({"LBSTRESN": 5, "LBSTRESC": "<5", "LBSTRESU": "ng/mL"}, 5, "<", "ng/mL", ""),
        ({"LBSTRESN": 5, "LBORRES": "<5", "LBSTRESU": "ng/mL"}, 5, "<", "ng/mL", ""),
        ({"LBSTRESN": 5, "LBSTRESC": "7"}, None, "", "", "value_conflict"),
        (
            {"LBSTRESN": 500, "LBSTRESU": "ug/L", "LBORRES": "0,5", "LBORRESU": "mg/L"},
            500,
            "",
            "ug/L",
            "",
        ),
        (
            {"LBSTRESN": 500, "LBSTRESU": "ug/L", "LBORRES": "5", "LBORRESU": "mg/L"},
            None,
            "",
            "",
            "value_conflict",
        ),
        ({"LBSTRESN": 5, "LBORRES": "HEMOLYZED"}, None, "", "", "value_conflict"),
        (
            {"LBSTRESN": 2.5, "LBSTRESU": "ug/L", "LBORRES": "<5", "LBORRESU": "ug/L"},
            None,
            "",
            "",
            "value_conflict",
        ),
        ({"LBSTRESN": 5, "LBMETHOD": "24 HOUR URINE"}, None, "", "", "not_blood"),
        ({"LBORRES": "HEMOLYZED"}, None, "", "", "value_not_a_number"),
        ({"LBORRES": "", "LBSTAT": "NOT DONE"}, None, "", "", "value_absent"),
        ({"LBSTRESN": 5, "LBDTC": ""}, None, "", "", "time_missing"),
        ({"LBSTRESN": 5, "LBDTC": "2024---12"}, None, "", "", "time_not_a_day"),
        ({"LBSTRESN": 5, "LBCAT": "URINALYSIS"}, None, "", "", "not_blood"),
    ],
)
def test_a_row(
    fields: dict[str, object], value: float | None, sign: str, unit: str, refusal: str
) -> None:
    part = pd.DataFrame([row(**fields)])
    found = results("LB", part, "lb", {}, STARTS, Counter(), Counter()).to_pylist()[0]
    assert found["refusal"] == refusal
    if value is not None:
        assert (found["value"], found["comparator"], found["unit"]) == (value, sign, unit)


def test_codes_go_before_names_and_the_rest_is_counted() -> None:
    unread: Counter[str] = Counter()
    rows = [
        row(LBLOINC="26465-5", LBTEST="Leukocytes", LBTESTCD="WBC"),
        row(LBTESTCD="FERR1", LBTEST="FERRITIN, SERUM"),
        row(LBTESTCD="GGT", LBTEST="Gamma"),
        row(LBTESTCD="WEIGHT", LBTEST="Weight"),
        row(LBTESTCD="OWN", LBTEST="x"),
    ]
    found = results("LB", pd.DataFrame(rows), "lb", {"OWN": "crp"}, STARTS, unread, Counter())
    assert [one["analyte"] for one in found.to_pylist()] == ["ferritin", "crp"]
    assert unread == {"WBC Leukocytes": 1, "GGT Gamma": 1, "WEIGHT Weight": 1}


def test_a_row_without_a_date_has_that_of_its_study_day() -> None:
    days: Counter[str] = Counter()
    rows = [
        row(LBSTRESN=1, LBDTC="", LBDY=1),
        row(LBSTRESN=2, LBDTC="", LBDY=-1),
        row(LBSTRESN=3, LBDTC="", LBDY=0),
        row(LBSTRESN=4, LBDY=9),
        row(LBSTRESN=5, LBDY=3),
        row(LBSTRESN=6, LBDTC="", LBDY=2, USUBJID="B"),
    ]
    found = results("LB", pd.DataFrame(rows), "lb", {}, STARTS, Counter(), days).to_pylist()
    assert [one["time"] for one in found] == [
        "2024-05-10", "2024-05-09", "", "2024-05-12", "2024-05-12", "",
    ]  # fmt: skip
    assert [one["refusal"] for one in found] == ["", "", "time_missing", "", "", "time_missing"]
    assert (days["day"], days["differs"]) == (2, 1)


@pytest.mark.parametrize(
    ("fields", "time", "refusal"),
    [
        ({"ADT": 23508}, "2024-05-12", ""),
        ({"ADT": "2024-05-12"}, "2024-05-12", ""),
        ({"ADTM": "2024-05-12T08:00:00", "ADT": "2024-05-12"}, "2024-05-12T08:00:00", ""),
        ({"ADT": None, "ADY": 3}, "2024-05-12", ""),
        ({"ADT": "2024-05"}, "", "time_missing"),
        ({"ADT": 23508, "DTYPE": "LOCF"}, "2024-05-12", "value_absent"),
        ({"ADT": 23508, "PARAMTYP": "DERIVED"}, "2024-05-12", "value_absent"),
        ({"ADT": 23508, "PARAM": "Ferritin, log10 (ug/L)"}, "2024-05-12", "value_absent"),
        ({"ADT": 23508, "PARAM": "Maximum Ferritin (ug/L)"}, "2024-05-12", "value_absent"),
    ],
)
def test_a_row_of_an_analysis_dataset(fields: dict, time: str, refusal: str) -> None:
    whole = {
        "USUBJID": "A",
        "PARAMCD": "FERRITIN",
        "PARAM": "Ferritin (ug/L)",
        "AVAL": 900,
        **fields,
    }
    found = results("ADLB", pd.DataFrame([whole]), "adlb", {}, STARTS, Counter(), Counter())
    row = found.to_pylist()[0]
    assert (row["time"], row["refusal"], row["unit"]) == (time, refusal, "ug/L")
