"""Public reports of other people's tables, one folder a case, each with its right answer."""

from pathlib import Path

import pandas as pd
import pytest

from riskmodel.cohort import Cohort, read_cohort
from riskmodel.criteria import label
from riskmodel.errors import SchemaError


@pytest.fixture(scope="session")
def cases(shared_data: Path) -> Path:
    folder = shared_data.parent / "cases"
    if not folder.is_dir():
        pytest.skip(f"no cases in '{folder}'")
    return folder


def values(cohort: Cohort, analyte: str) -> list[tuple[float, float, int]]:
    rows = cohort.labs[(cohort.labs["analyte"] == analyte).to_numpy()]
    return list(zip(rows["hours"], rows["value"].round(6), rows["comparator"], strict=True))


def of(cohort: Cohort, who: str) -> Cohort:
    return cohort.take((cohort.patients["patient_id"] == who).to_numpy().nonzero()[0])


def test_german_numbers(cases: Path) -> None:
    cohort = read_cohort(cases / "german_numbers" / "src")
    assert cohort.rejected.empty
    found = {str(a): [v for _, v, _ in values(cohort, a)] for a in cohort.labs["analyte"].unique()}
    assert found == {
        "crp": [12.5, 1.234],
        "ferritin": [2155, 1234.5, 12345, 845],
        "wbc": [1.234, 0.85],
        "alc": [1.125],
        "il6": [5.125, 12.4],
        "ast": [67.5, 34.8],
        "sil2r": [1890, 12400],
        "d_dimer": [1512],
        "platelets": [23, 118, 1.05],
    }


def test_specimens_that_are_not_blood(cases: Path) -> None:
    cohort = read_cohort(cases / "csf_wbc" / "table")
    assert [v for _, v, _ in values(cohort, "wbc")] == [1.5] * 5
    assert len(cohort.labs) == 5
    assert cohort.rejected["reason"].tolist() == ["unknown_analyte"] * 6


def test_partial_dates(cases: Path) -> None:
    cohort = read_cohort(cases / "partial_dates" / "src")
    assert values(cohort, "ferritin") == [
        (62, 700, 0), (86, 800, 0), (110, 900, 0), (142, 950, 0),
    ]  # fmt: skip
    assert cohort.events.empty
    assert cohort.patients["infusion_time"].isna().tolist() == [False, True, True, False]
    told = cohort.notes["date without a time of day, read as midnight"]
    assert told == {"labs": 3, "patients.infusion_time": 1}


def test_limits_of_normal(cases: Path) -> None:
    cohort = read_cohort(cases / "reference_high" / "src")
    signs = label(cohort).set_index("patient_id")["transaminases_state"]
    for met in ("num", "unit", "le", "big", "none"):
        assert signs[met] == "met", met
    for not_met in ("ulnhigh", "num60", "zero", "neg"):
        assert signs[not_met] != "met", not_met


def test_sentinels(cases: Path) -> None:
    cohort = read_cohort(cases / "sentinel_9999999" / "src")
    assert (cohort.labs["value"] < 99_999).all()
    assert "value_sentinel" in set(cohort.rejected["reason"])


def test_two_infusions_and_other_faults(cases: Path) -> None:
    cohort = read_cohort(cases / "two_infusions_misc" / "src")
    assert sorted(cohort.patient_id) == ["B", "C", "D", "E", "F"]
    assert values(of(cohort, "C"), "ferritin") == [(7, 701, 0)]
    assert values(of(cohort, "F"), "ferritin") == [(44, 705, 0)]
    columns = ["table", "patient_id", "reason"]
    told = {tuple(row) for row in cohort.rejected[columns].to_numpy().tolist()}
    assert told >= {
        ("patients", "A", "duplicate_patient"),
        ("labs", "D", "no_infusion_time"),
        ("labs", "E", "no_infusion_time"),
        ("patients", "B", "out_of_range"),
        ("labs", "B", "unknown_analyte"),
    }
    assert cohort.notes["differing results at one time, both kept"] == {"labs": 2}
    assert cohort.notes["date without a time of day, read as midnight"]["patients.infusion_time"]


def test_unit_spellings(cases: Path) -> None:
    cohort = read_cohort(cases / "unit_spellings" / "src")
    assert {v for _, v, _ in values(cohort, "platelets")} == {20}
    assert len(values(cohort, "platelets")) == 17
    assert {v for _, v, _ in values(cohort, "d_dimer")} == {1200}
    assert {v for _, v, _ in values(cohort, "ldh")} == {300}
    assert cohort.rejected["detail"].str.contains("pmol/L").tolist() == [True]


def test_grades(cases: Path) -> None:
    cohort = read_cohort(cases / "grades" / "src")
    grade = cohort.events.assign(who=cohort.patient_id[cohort.events["patient"]])
    found = grade[grade["event"] == "crs"].set_index("who")["grade"].to_dict()
    assert {who: found[who] for who in ("gtext", "groman", "g3", "gfloat", "g3a", "dateonly0")} == {
        "gtext": 2, "groman": 3, "g3": 3, "gfloat": 2, "g3a": 3, "dateonly0": 3,
    }  # fmt: skip
    assert pd.isna(found["gmax"])
    assert pd.isna(found["gempty"])
    assert found["g0"] == found["g0t"] == found["none"] == 0
    assert (of(cohort, "dateonly0").events["hours"] > 0).all()


def test_absent_findings(cases: Path) -> None:
    cohort = read_cohort(cases / "absent_findings" / "src")
    assert set(cohort.patient_id[cohort.events["patient"]]) == {"yes"}
    assert set(cohort.rejected["reason"]) == {"did_not_happen"}
    assert len(cohort.rejected) == 27


@pytest.mark.parametrize(
    ("name", "hours", "reasons"),
    [
        ("a_mixed", [], ["time_zone_mismatch"] * 2),
        ("b_dst", [24, 95], []),
        ("c_z", [48], []),
    ],
)
def test_zones_of_postgresql(cases: Path, name: str, hours: list, reasons: list) -> None:
    cohort = read_cohort(cases / "postgres_offset" / name)
    assert cohort.labs["hours"].tolist() == hours
    assert cohort.rejected["reason"].tolist() == reasons


READ = {
    "blank", "bom", "cr", "crlf", "headers", "nbsp", "quoted_eq", "trailing", "zws",
}  # fmt: skip
BOUNDS = {"hdr_opt": [(44, 600, 2)]}


def test_spreadsheets_are_read_or_refused(cases: Path) -> None:
    for folder in sorted(p for p in (cases / "spreadsheets").iterdir() if p.is_dir()):
        try:
            found = read_cohort(folder)
        except SchemaError:
            assert folder.name not in READ, folder.name
            continue
        ferritin = values(found, "ferritin")
        if folder.name in READ:
            assert ferritin == [(44, 600, 0)], folder.name
        elif folder.name in BOUNDS:
            assert ferritin == BOUNDS[folder.name]
        elif folder.name == "excel_err":
            assert [(v, c) for _, v, c in ferritin] == [
                (1200, 0), (40000, 2), (40000, 2), (40000, 2), (40000, 1),
            ]  # fmt: skip
        else:
            assert ferritin == [], folder.name
            assert len(found.rejected), folder.name
