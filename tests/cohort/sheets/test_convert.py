"""From spreadsheets of any form to one cohort."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from riskmodel.cohort import Cohort, read_spreadsheets
from riskmodel.errors import SchemaError

from .conftest import EVENTS, LABS, PATIENTS, RESULTS

Mapped = Callable[..., Path]


def results(cohort: Cohort) -> list[tuple[str, float, str, float]]:
    labs = cohort.labs
    who = cohort.patient_id[labs["patient"]]
    rows = zip(who, labs["hours"], labs["analyte"].astype(str), labs["value"], strict=True)
    return sorted((p, h, a, round(v, 6)) for p, h, a, v in rows)


def happened(cohort: Cohort) -> list[tuple[str, str, float]]:
    events = cohort.events
    who = cohort.patient_id[events["patient"]]
    return sorted(zip(who, events["event"].astype(str), events["hours"], strict=True))


def test_a_folder_is_read_by_the_mapping_that_is_proposed(export: Path, mapped: Mapped) -> None:
    cohort = read_spreadsheets(export, mapped(export))
    assert results(cohort) == sorted(RESULTS)
    assert happened(cohort) == sorted(EVENTS)
    assert cohort.rejected.empty
    assert cohort.labs["reference_high"].tolist() == [
        400.0,
        5.0,
        pytest.approx(float("nan"), nan_ok=True),
        400.0,
    ]


def frames() -> dict[str, pd.DataFrame]:
    import io

    return {
        name: pd.read_csv(io.StringIO(text), sep=";", dtype=str)
        for name, text in (("patients", PATIENTS), ("labs", LABS))
    }


def test_a_workbook_says_the_same(tmp_path: Path, mapped: Mapped) -> None:
    pytest.importorskip("openpyxl")
    path = tmp_path / "export.xlsx"
    with pd.ExcelWriter(path, engine="openpyxl") as book:
        for name, frame in frames().items():
            typed = frame.copy()
            for column in set(typed) & {
                "Infusion date",
                "Abnahmedatum",
                "CRS onset date",
                "Tocilizumab date",
                "Date of death",
            }:
                typed[column] = pd.to_datetime(typed[column], format="mixed", dayfirst=True)
            if name == "labs":
                typed["Wert"] = [1234.5, 12.5, 23, 2155]
            typed.to_excel(book, sheet_name=name, index=False)
    cohort = read_spreadsheets(path, mapped(path))
    assert results(cohort) == sorted(RESULTS)
    assert happened(cohort) == sorted(EVENTS)


@pytest.mark.parametrize("ending", ["sav", "dta", "xpt"])
def test_files_of_statistics_say_the_same(tmp_path: Path, mapped: Mapped, ending: str) -> None:
    pyreadstat = pytest.importorskip("pyreadstat")
    folder = tmp_path / "statistics"
    folder.mkdir()
    renamed = {
        "patients": "mrn inf_date product disease age crs_gr crs_dt toci toci_dt death_dt note",
        "labs": "mrn time test result unit uln",
    }
    write = {
        "sav": pyreadstat.write_sav,
        "dta": pyreadstat.write_dta,
        "xpt": pyreadstat.write_xport,
    }
    for name, frame in frames().items():
        labels = list(frame.columns)
        plain = frame.fillna("").set_axis(renamed[name].split(), axis=1)
        write[ending](plain.astype(object), str(folder / f"{name}.{ending}"), column_labels=labels)
    cohort = read_spreadsheets(folder, mapped(folder))
    assert results(cohort) == sorted(RESULTS)
    assert happened(cohort) == sorted(EVENTS)


def test_dates_across_and_down_and_a_column_an_analyte_say_the_same(
    tmp_path: Path, mapped: Mapped
) -> None:
    folder = tmp_path / "wide"
    folder.mkdir()
    (folder / "patients.csv").write_text("MRN,Infusion date\nP1,2024-05-10 10:00\n")
    (folder / "labs.csv").write_text(
        "Patient,Test,Unit,2024-05-11,2024-05-12\nP1,Ferritin,ng/mL,500,>900\nP1,WBC,10*9/L,1.5,\n"
    )
    across = read_spreadsheets(folder, mapped(folder))
    (folder / "labs.csv").write_text(
        "Patient,Date,Ferritin (ng/mL),WBC [G/L]\nP1,2024-05-11,500,1.5\nP1,2024-05-12,>900,\n"
    )
    wide = read_spreadsheets(folder, mapped(folder))
    expected = [
        ("P1", 14.0, "ferritin", 500),
        ("P1", 14.0, "wbc", 1.5),
        ("P1", 38.0, "ferritin", 900),
    ]
    assert results(across) == results(wide) == expected
    assert across.labs["comparator"].tolist() == wide.labs["comparator"].tolist() == [0, 0, 2]
    (folder / "labs.csv").write_text("Patient,Day,Ferritin (ng/mL),WBC [G/L]\nP1,1,500,1.5\n")
    days = read_spreadsheets(folder, mapped(folder))
    assert results(days) == [("P1", 24.0, "ferritin", 500), ("P1", 24.0, "wbc", 1.5)]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('time = "Abnahmedatum"', 'time = "?"', "'time' of labs.csv is '?'"),
        ('ignore = ["Comment"]', "", "column 'Comment' of patients.csv is not decided"),
        ('value = "Wert"', 'value = "Worth"', "labs.csv has no column 'Worth'"),
        ('unit = "Einheit"', 'units = "Einheit"', "'units' is no column of labs"),
        ('file = "labs.csv"', 'file = "lab.csv"', "lab.csv is not there"),
        ('table = "labs"', 'table = "lab"', "table: Input should be"),
    ],
)
def test_nothing_is_read_before_the_mapping_is_complete(
    export: Path, mapped: Mapped, old: str, new: str, said: str
) -> None:
    path = mapped(export)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(SchemaError, match="Mapping") as error:
        read_spreadsheets(export, path)
    assert said in str(error.value)


def test_what_cannot_be_used_is_told_by_its_place(export: Path, mapped: Mapped) -> None:
    path = mapped(export)
    with (export / "labs.csv").open("a", encoding="utf-8") as file:
        file.write("P1;05.2024;CRP;3,5;mg/L;\nP1;12.05.2024 08:00;CRP;lots;mg/L;\n")
    cohort = read_spreadsheets(export, path)
    assert cohort.rejected["reason"].tolist() == ["time_unreadable", "value_not_a_number"]
    assert cohort.rejected["source"].tolist() == ["labs.csv:6", "labs.csv:7"]


def test_a_number_and_a_date_with_two_readings_are_refused(tmp_path: Path, mapped: Mapped) -> None:
    folder = tmp_path / "two"
    folder.mkdir()
    (folder / "patients.csv").write_text("MRN,Infusion date\nP1,2024-05-10 10:00\n")
    (folder / "labs.csv").write_text(
        "MRN,Date,Test,Result,Unit\n"
        "P1,5/12/2024,Ferritin,600,ng/mL\nP1,2024-05-12,Ferritin,1.234,ng/mL\n"
    )
    path = mapped(folder)
    with pytest.raises(SchemaError) as error:
        read_spreadsheets(folder, path)
    assert "'decimal' of labs.csv is '?'" in str(error.value)
    assert "'dates' of labs.csv is '?'" in str(error.value)
    lines = path.read_text(encoding="utf-8").splitlines()
    silent = "\n".join(line for line in lines if not line.startswith(("dates", "decimal")))
    path.write_text(silent, encoding="utf-8")
    cohort = read_spreadsheets(folder, path)
    assert cohort.labs.empty
    assert cohort.rejected["reason"].tolist() == ["time_unreadable", "number_two_ways"]
    stated = 'table = "labs"\ndates = "month first"\ndecimal = ","'
    path.write_text(silent.replace('table = "labs"', stated), encoding="utf-8")
    assert results(read_spreadsheets(folder, path)) == [
        ("P1", 38.0, "ferritin", 600), ("P1", 38.0, "ferritin", 1234),
    ]  # fmt: skip


def test_values_and_constants_are_mapped(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("id,when,sx\n1,2024-05-10 10:00,2\n")
    (tmp_path / "l.csv").write_text("id,at,v\n1,45424.25,600\n")
    path = tmp_path / "map.toml"
    path.write_text(
        """
[[sheet]]
file = "p.csv"
table = "patients"
constants = { product = "Yescarta" }
columns = { patient_id = "id", infusion_time = "when", sex = "sx" }
values = { sex = { "1" = "M", "2" = "F" } }
[[sheet]]
file = "l.csv"
table = "labs"
dates = "excel"
columns = { patient_id = "id", time = "at", value = "v" }
constants = { analyte = "ferritin", unit = "ng/mL" }
""",
        encoding="utf-8",
    )
    cohort = read_spreadsheets(tmp_path, path)
    assert cohort.patients["sex"].tolist() == ["F"]
    assert cohort.patients["target_antigen"].tolist() == ["CD19"]
    assert results(cohort) == [("1", 44.0, "ferritin", 600)]
