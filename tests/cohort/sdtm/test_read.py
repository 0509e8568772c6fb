"""SDTM: a trial's datasets become a cohort, whatever form they are written in."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from riskmodel.cohort import Cohort, read_omop, read_sdtm
from riskmodel.errors import SchemaError

Domains = dict[str, list[dict[str, Any]]]

STUDY: Domains = {
    "DM": [
        {"USUBJID": "S-1", "SEX": "F", "AGE": 63, "AGEU": "YEARS", "SITEID": "701",
         "BRTHDTC": "1960-05-05", "DTHDTC": "2024-06-12"},
        {"USUBJID": "S-2", "SEX": "M", "AGE": 50, "AGEU": "YEARS", "SITEID": "702",
         "RFPENDTC": "2025-01-01"},
        {"USUBJID": "S-3", "SEX": "U", "AGE": 40, "AGEU": "YEARS"},
    ],
    "EX": [
        {"USUBJID": "S-1", "EXTRT": "FLUDARABINE", "EXSTDTC": "2024-05-05"},
        {"USUBJID": "S-1", "EXTRT": "AXICABTAGENE CILOLEUCEL", "EXSTDTC": "2024-05-10T10:00"},
        {"USUBJID": "S-2", "EXTRT": "Kymriah", "EXSTDTC": "2024-05-11T09:00"},
        {"USUBJID": "S-3", "EXTRT": "Kymriah", "EXSTDTC": "2024-05"},
    ],
    "PR": [{"USUBJID": "S-1", "PRTRT": "Leukapheresis for Yescarta", "PRSTDTC": "2024-04-08"}],
    "CM": [
        {"USUBJID": "S-1", "CMTRT": "Tocilizumab", "CMSTDTC": "2024-05-10", "CMOCCUR": ""},
        {"USUBJID": "S-1", "CMTRT": "Anakinra", "CMSTDTC": "2024-05-14", "CMOCCUR": "N"},
    ],
    "AE": [
        {"USUBJID": "S-1", "AESEQ": 7, "AEDECOD": "Cytokine release syndrome", "AETOXGR": "3",
         "AESTDTC": "2024-05-12T08:00", "AEENDTC": "2024-05-15T10:00"},
        {"USUBJID": "S-1", "AESEQ": 8, "AEDECOD": "Headache", "AETOXGR": "1",
         "AESTDTC": "2024-05-12"},
    ],
    "SUPPAE": [
        {"USUBJID": "S-1", "IDVAR": "AESEQ", "IDVARVAL": "7", "QNAM": "ASTCTGR", "QVAL": "2"}
    ],
    "MH": [{"USUBJID": "S-1", "MHDECOD": "Multiple myeloma", "MHSTDTC": "2020"}],
    "VS": [{"USUBJID": "S-1", "VSTESTCD": "WEIGHT", "VSSTRESN": 70, "VSSTRESU": "kg",
            "VSDTC": "2024-05-09"}],
    "LB": [
        {"USUBJID": "S-1", "LBTESTCD": "FERRITIN", "LBTEST": "Ferritin", "LBORRES": ">40000",
         "LBORRESU": "ng/mL", "LBSTRESC": "40000", "LBSTRESN": 40000, "LBSTRESU": "ug/L",
         "LBSTNRHI": 300, "LBDTC": "2024-05-12T06:00"},
        {"USUBJID": "S-1", "LBTESTCD": "ALB", "LBTEST": "Albumin", "LBORRES": "3.8",
         "LBORRESU": "g/dL", "LBSTRESC": "38", "LBSTRESN": 38, "LBSTRESU": "g/L",
         "LBDTC": "2024-05-12"},
        {"USUBJID": "S-1", "LBTESTCD": "PLAT", "LBTEST": "Platelets", "LBORRES": "23",
         "LBORRESU": "GI/L", "LBDTC": "2024-05-13T06:00"},
        {"USUBJID": "S-1", "LBTESTCD": "CREAT", "LBTEST": "Creatinine", "LBSTRESN": 900,
         "LBSTRESU": "umol/L", "LBSPEC": "URINE", "LBDTC": "2024-05-13T06:00"},
        {"USUBJID": "S-1", "LBTESTCD": "CRP", "LBTEST": "C Reactive Protein", "LBSTRESN": 5,
         "LBSTRESU": "mg/L", "LBDTC": "2024-05"},
        {"USUBJID": "S-1", "LBTESTCD": "LDH", "LBTEST": "LDH", "LBSTAT": "NOT DONE",
         "LBDTC": "2024-05-13"},
        {"USUBJID": "S-1", "LBTESTCD": "AST", "LBTEST": "AST", "LBORRES": "<12", "LBSTRESN": 99,
         "LBSTRESC": ">99", "LBSTRESU": "U/L", "LBDTC": "2024-05-13"},
        {"USUBJID": "S-1", "LBTESTCD": "URATE", "LBTEST": "Urate", "LBSTRESN": 5,
         "LBSTRESU": "mg/dL", "LBDTC": "2024-05-13"},
    ],
}  # fmt: skip


def write(folder: Path, form: str, study: Domains = STUDY) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in study.items():
        table = pd.DataFrame(rows)
        if form == "csv":
            table.to_csv(folder / f"{name.lower()}.csv", index=False)
            continue
        columns = [{"itemOID": f"IT.{c}", "name": c, "label": c} for c in table]
        cells = table.astype(object).where(table.notna(), None).to_numpy().tolist()
        whole = {"datasetJSONVersion": "1.1.0", "name": name, "columns": columns}
        path = folder / f"{name.lower()}.{form}"
        if form == "json":
            path.write_text(json.dumps({**whole, "rows": cells}), encoding="utf-8")
        else:
            lines = [json.dumps(one) for one in (whole, *cells)]
            path.write_text("\n".join(lines), encoding="utf-8")
    return folder


def test_a_study_becomes_a_cohort(tmp_path: Path) -> None:
    cohort = read_sdtm(write(tmp_path, "json"))
    patients = cohort.patients.set_index("patient_id")
    first = patients.loc["S-1"]
    assert (first["product"], first["disease"], first["sex"]) == (
        "axicabtagene ciloleucel", "MM", "F",
    )  # fmt: skip
    assert (first["age_years"], first["center_id"], first["weight_kg"]) == (64, "701", 70)
    assert patients.loc["S-2", "age_years"] == 50
    assert "S-3" not in patients.index
    labs = cohort.labs[["analyte", "value", "comparator", "hours"]].to_numpy().tolist()
    assert labs == [
        ["albumin", pytest.approx(3.8), 0, 38.0],
        ["ferritin", 40000.0, 2, 44.0],
        ["platelets", 23.0, 0, 68.0],
    ]
    assert cohort.labs["reference_high"].tolist()[1] == 300
    events = cohort.events[["event", "hours", "grade"]].fillna(-1).to_numpy().tolist()
    assert events == [
        ["lymphodepletion_start", -130.0, -1],
        ["tocilizumab", 7.0, -1],
        ["crs", 46.0, 2],
        ["crs", 120.0, 0],
        ["death", 782.0, -1],
        ["last_follow_up", 5631.0, -1],
    ]
    counted = cohort.rejected["reason"].value_counts().to_dict()
    assert counted == {
        "time_not_a_day": 2, "not_blood": 1, "value_absent": 1, "value_conflict": 1,
        "not_an_infusion": 1, "cancelled": 1,
    }  # fmt: skip
    told = cohort.infusions.set_index("infusion_time")["decision"]
    assert told["2024-05-10T10:00"] == "hour 0"
    assert told["2024-04-08"] == "passed over: collection"


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_every_form_is_the_same_cohort(tmp_path: Path, form: str) -> None:
    one, other = read_sdtm(write(tmp_path / "a", "json")), read_sdtm(write(tmp_path / "b", form))
    assert_frame_equal(one.patients, other.patients)
    assert_frame_equal(one.labs, other.labs)
    assert_frame_equal(one.events, other.events)


def test_adam_is_second_best(tmp_path: Path) -> None:
    study = {name: rows for name, rows in STUDY.items() if name not in ("LB", "VS")}
    at = (pd.Timestamp("2024-05-12T06:00") - pd.Timestamp("1960-01-01")).total_seconds()
    study["ADLB"] = [
        {"USUBJID": "S-1", "PARAMCD": "FERRITIN", "PARAM": "Ferritin (ug/L)", "AVAL": 900,
         "ADT": at // 86400, "ADTM": at, "ANRHI": 300},
        {"USUBJID": "S-1", "PARAMCD": "PLAT", "PARAM": "Platelets (10^9/L)", "AVAL": 23,
         "ADT": at // 86400 + 1},
        {"USUBJID": "S-1", "PARAMCD": "PLAT", "PARAM": "Platelets (10^9/L)", "AVAL": 24,
         "ADT": at // 86400 + 2, "DTYPE": "LOCF"},
    ]  # fmt: skip
    cohort = read_sdtm(write(tmp_path, "json", study))
    labs = cohort.labs[["analyte", "value", "hours"]].to_numpy().tolist()
    assert labs == [["ferritin", 900.0, 44.0], ["platelets", 23.0, 62.0]]


def test_a_stated_clock_changes_nothing_where_it_does_not_change(tmp_path: Path) -> None:
    folder = write(tmp_path, "csv", {**STUDY, "EX": [
        {"USUBJID": "S-1", "EXTRT": "Yescarta", "EXSTDTC": "2024-05-10"}]})  # fmt: skip
    one, other = read_sdtm(folder), read_sdtm(folder, timezone="America/New_York")
    assert_frame_equal(one.labs, other.labs)
    assert_frame_equal(one.events[:3], other.events[:3])


def test_a_mapping_says_what_stands_in_for_the_cells(tmp_path: Path) -> None:
    study = {**STUDY, "EX": [{"USUBJID": "S-1", "EXTRT": "XANOMELINE", "EXSTDTC": "2024-05-10"}]}
    folder = write(tmp_path / "study", "json", study)
    with pytest.raises(SchemaError, match="--mapping"):
        read_sdtm(folder)
    own = tmp_path / "study.toml"
    own.write_text('[infusion]\nnames = ["XANOMELINE"]\n')
    assert read_sdtm(folder, mapping=own).patient_id.tolist() == ["S-1"]


def test_the_same_patient_through_another_door(tmp_path: Path) -> None:
    lab = {"USUBJID": "1", "LBTESTCD": "FERRITIN", "LBTEST": "Ferritin", "LBSTRESN": 900,
           "LBSTRESU": "ng/mL", "LBDTC": "2024-05-12T06:00"}  # fmt: skip
    study: Domains = {
        "DM": [{"USUBJID": "1", "SEX": "F", "BRTHDTC": "1960-05-05"}],
        "EX": [{"USUBJID": "1", "EXTRT": "Yescarta", "EXSTDTC": "2024-05-10T10:00"}],
        "LB": [lab],
    }
    folder = tmp_path / "omop"
    folder.mkdir()
    (folder / "person.csv").write_text(
        "person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth\n1,8532,1960,5,5\n"
    )
    (folder / "drug_exposure.csv").write_text(
        "person_id,drug_concept_id,drug_exposure_start_datetime,drug_source_value\n"
        "1,0,2024-05-10 10:00:00,Yescarta\n"
    )
    (folder / "measurement.csv").write_text(
        "measurement_id,person_id,measurement_concept_id,measurement_datetime,value_as_number,"
        "unit_source_value\n1,1,3001122,2024-05-12 06:00:00,900,ng/mL\n"
    )
    one, other = read_sdtm(write(tmp_path / "s", "csv", study)), read_omop(folder)
    assert_frame_equal(one.labs, other.labs)
    assert_frame_equal(one.events, other.events)
    same = ["patient_id", "infusion_time", "product", "sex", "target_antigen"]
    assert_frame_equal(one.patients[same], other.patients[same])


@pytest.mark.shared
def test_the_public_pilot(shared_data: Path, tmp_path: Path) -> None:
    own = tmp_path / "study.toml"
    own.write_text('[infusion]\nnames = ["XANOMELINE", "PLACEBO"]\n')
    cohort: Cohort = read_sdtm(shared_data / "sdtm_pilot", mapping=own)
    assert len(cohort) == 50
    assert {"ast", "alt", "albumin", "platelets", "wbc", "alc", "creatinine"} <= set(
        cohort.labs["analyte"]
    )
    assert (cohort.infusions["decision"] == "hour 0").sum() == 50
    rejected = cohort.rejected["reason"].value_counts()
    assert rejected.get("unknown_unit", 0) <= 10


def test_what_a_folder_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="holds no dataset"):
        read_sdtm(tmp_path)
    write(tmp_path, "csv", {"DM": STUDY["DM"]})
    with pytest.raises(SchemaError, match="no LB"):
        read_sdtm(tmp_path)
    with pytest.raises(SchemaError, match="is no folder"):
        read_sdtm(tmp_path / "dm.csv")
