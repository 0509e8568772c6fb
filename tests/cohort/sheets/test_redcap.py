"""REDCap exports: instruments, repeats, checkboxes, blanks and missing-data codes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from riskmodel.cohort import read_spreadsheets
from riskmodel.cohort.sheets.convert import source_sheets
from riskmodel.errors import SchemaError

HEAD = (
    '"Variable / Field Name","Form Name","Section Header","Field Type","Field Label",'
    '"Choices, Calculations, OR Slider Labels","Field Note"\n'
)
DICTIONARY = HEAD + (
    "record_id,demographics,,text,Record ID,,\n"
    'sex,demographics,,radio,Sex,"1, Male | 2, Female",\n'
    "age,demographics,,text,Age at infusion,,years\n"
    "inf_dt,demographics,,text,Infusion date,,\n"
    'product,demographics,,dropdown,CAR-T product,"1, Yescarta | 2, Carvykti | 9, Other",\n'
    'comorb,demographics,,checkbox,Comorbidity,"1, Diabetes | 2, CKD",\n'
    "crs_yn,toxicity,,yesno,CRS occurred,,\n"
    'crs_gr,toxicity,,dropdown,CRS max grade,"1, Grade 1 | 2, Grade 2 | 3, Grade 3",\n'
    "crs_dt,toxicity,,text,CRS onset date,,\n"
    "lab_dt,labs,,text,Sample date,,\n"
    "ferritin,labs,,text,Ferritin,,ng/mL\n"
    "plt,labs,,text,Platelets,,10^9/L\n"
)
RAW = (
    "record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,sex,age,inf_dt,"
    "product,comorb___1,comorb___2,crs_yn,crs_gr,crs_dt,lab_dt,ferritin,plt\n"
    "1,baseline_arm_1,,,2,60,2024-05-10 10:00,1,1,0,1,3,2024-05-11,,,\n"
    "1,baseline_arm_1,labs,1,,,,,,,,,,2024-05-11 08:00,600,45\n"
    "1,baseline_arm_1,labs,2,,,,,,,,,,2024-05-13 08:00,-999,UNK\n"
    "2,baseline_arm_1,,,1,UNK,2024-05-11 10:00,2,0,0,0,,,,,\n"
    "2,baseline_arm_1,labs,1,,,,,,,,,,2024-05-12 08:00,>900,150\n"
)
LABELS = (
    "Record ID,Event Name,Repeat Instrument,Repeat Instance,Sex,Age at infusion,Infusion date,"
    "CAR-T product,Comorbidity (choice=Diabetes),Comorbidity (choice=CKD),CRS occurred,"
    "CRS max grade,CRS onset date,Sample date,Ferritin,Platelets\n"
    "1,Baseline,,,Female,60,2024-05-10 10:00,Yescarta,Checked,Unchecked,Yes,Grade 3,2024-05-11,,,\n"
    "1,Baseline,Labs,1,,,,,,,,,,2024-05-11 08:00,600,45\n"
    "1,Baseline,Labs,2,,,,,,,,,,2024-05-13 08:00,-999,UNK\n"
    "2,Baseline,,,Male,UNK,2024-05-11 10:00,Carvykti,Unchecked,Unchecked,No,,,,,\n"
    "2,Baseline,Labs,1,,,,,,,,,,2024-05-12 08:00,>900,150\n"
)


@pytest.fixture
def project(tmp_path: Path) -> Callable[[str], tuple[Path, Path]]:
    def make(records: str) -> tuple[Path, Path]:
        (tmp_path / "dictionary.csv").write_text(DICTIONARY, encoding="utf-8")
        (tmp_path / "records.csv").write_text(records, encoding="utf-8")
        return tmp_path / "records.csv", tmp_path / "dictionary.csv"

    return make


@pytest.mark.parametrize("records", [RAW, LABELS])
def test_raw_and_labels_give_one_cohort(
    records: str, project: Callable, mapped: Callable[..., Path]
) -> None:
    source, dictionary = project(records)
    cohort = read_spreadsheets(source, mapped(source, dictionary), dictionary=dictionary)
    people = cohort.patients.set_index("patient_id")
    assert people["sex"].to_dict() == {"1": "F", "2": "M"}
    assert people["target_antigen"].to_dict() == {"1": "CD19", "2": "BCMA"}
    assert people["age_years"].fillna(-1).to_dict() == {"1": 60.0, "2": -1.0}
    labs = cohort.labs
    assert list(zip(labs["hours"], labs["value"], labs["comparator"], strict=True)) == [
        (22.0, 600.0, 0), (22.0, 45.0, 0), (22.0, 900.0, 2), (22.0, 150.0, 0),
    ]  # fmt: skip
    events = cohort.events
    assert list(zip(events["event"], events["hours"], events["grade"], strict=True)) == [
        ("crs", 14.0, 3.0)
    ]
    assert cohort.rejected.empty


def test_each_instrument_is_a_sheet_with_its_rows_alone(project: Callable) -> None:
    sheets = {sheet.name: sheet for sheet in source_sheets(*project(RAW))}
    assert {name: len(sheet.rows) for name, sheet in sheets.items()} == {
        "demographics": 2, "toxicity": 2, "labs": 3,
    }  # fmt: skip
    demographics = sheets["demographics"]
    assert demographics.rows["comorb___1"].tolist() == ["yes", "no"]
    assert demographics.titles["comorb___1"] == "Comorbidity: Diabetes"
    assert demographics.rows["age"].fillna("").tolist() == ["60", ""]
    assert sheets["toxicity"].rows["crs_yn"].tolist() == ["yes", "no"]


@pytest.mark.parametrize(
    ("records", "dictionary", "said"),
    [
        (RAW, "a,b\n1,2\n", "is no data dictionary of REDCap"),
        ("id,x\n1,2\n", DICTIONARY, "has no column 'record_id'"),
    ],
)
def test_what_is_no_project_is_one_sentence(
    tmp_path: Path, records: str, dictionary: str, said: str
) -> None:
    (tmp_path / "records.csv").write_text(records)
    (tmp_path / "dictionary.csv").write_text(dictionary)
    with pytest.raises(SchemaError, match=said):
        source_sheets(tmp_path / "records.csv", tmp_path / "dictionary.csv")
