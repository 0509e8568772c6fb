"""One cohort, every door: the same real patients come out equal.

As tables, FHIR, MEDS and OMOP of the shared data; as spreadsheets, REDCap and SDTM made of them.
"""

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from riskmodel.cohort import (
    Cohort,
    guess_mapping,
    read_cohort,
    read_sdtm,
    read_spreadsheets,
    source_sheets,
    written_mapping,
)
from riskmodel.cohort.fhir.read import read_fhir
from riskmodel.cohort.meds.read import read_meds
from riskmodel.cohort.schema import GREATER, LESS
from riskmodel.criteria import label
from riskmodel.features import load_catalogue, matrix

DAYS = (0, 1, 3, 7)
EXACT = 1e-9
# The records of a ward do not say for which disease a patient was treated; a table's author does.
ONLY_IN_TABLES = ("disease",)


def read_omop_folder(folder: Path, infusions: Path | None) -> Cohort:
    omop = pytest.importorskip("riskmodel.cohort.omop.read")
    found: Cohort = omop.read_omop(str(folder), infusions=infusions)
    return found


DOORS: dict[str, Callable[[Path, Path | None], Cohort]] = {
    "fhir": lambda folder, infusions: read_fhir(folder, infusions=infusions),
    "meds": lambda folder, infusions: read_meds(folder, infusions=infusions),
}
if find_spec("riskmodel.cohort.omop.read") is not None:
    DOORS["omop"] = read_omop_folder


@cache
def through(door: str, top: Path, listed: bool) -> Cohort:
    folder = top / door
    return DOORS[door](folder, folder / "infusions.csv" if listed else None)


@cache
def tidy_tables(top: Path) -> Cohort:
    return read_cohort(top / "tidy")


@pytest.fixture
def top(shared_data: Path) -> Path:
    return shared_data / "mimic3_demo_20"


@pytest.fixture
def tidy(top: Path) -> Cohort:
    return tidy_tables(top)


@pytest.fixture(params=[False, True], ids=["recorded", "listed"])
def listed(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(params=sorted(DOORS))
def cohort(request: pytest.FixtureRequest, top: Path, listed: bool) -> Cohort:
    return through(request.param, top, listed)


def test_the_results_are_the_same(cohort: Cohort, tidy: Cohort) -> None:
    assert_frame_equal(cohort.labs, tidy.labs, rtol=0, atol=EXACT)
    assert_frame_equal(cohort.events, tidy.events, rtol=0, atol=EXACT)


def test_comparators_pass_every_door(cohort: Cohort) -> None:
    bounded = cohort.labs[cohort.labs["comparator"] != 0]
    found = {
        (cohort.patient_id[row.patient], row.analyte, row.value, row.comparator)
        for row in bounded.itertuples()
    }
    assert found == {
        ("10102", "platelets", 5.0, LESS),
        ("40310", "ferritin", 2000.0, GREATER),
    }
    assert len(bounded) == 3


def test_what_cannot_be_used_is_rejected_at_every_door(cohort: Cohort) -> None:
    assert cohort.rejected["reason"].tolist() == ["value_not_a_number"]
    assert cohort.rejected["patient_id"].tolist() == ["40310"]


def test_the_patients_are_the_same_but_for_what_a_record_does_not_hold(
    cohort: Cohort, tidy: Cohort
) -> None:
    columns = [n for n in tidy.patients if n not in (*ONLY_IN_TABLES, "infusion_time")]
    assert_frame_equal(cohort.patients[columns], tidy.patients[columns])
    # A FHIR instant has a zone and is kept in UTC; the other forms hold the clock on the wall.
    apart = cohort.patients["infusion_time"] - tidy.patients["infusion_time"]
    assert apart.abs().max() <= pd.Timedelta(hours=14)
    assert cohort.patients["infusion_time"].rank().equals(tidy.patients["infusion_time"].rank())
    for name in ONLY_IN_TABLES:
        assert tidy.patients[name].notna().all()
        assert cohort.patients[name].isna().all()


@pytest.mark.parametrize("day", DAYS)
def test_features_are_the_same(cohort: Cohort, tidy: Cohort, day: int) -> None:
    catalogue = load_catalogue().stage("pre_infusion" if day == 0 else "early")
    expected = matrix(tidy, catalogue, 24.0 * day)
    found = matrix(cohort, catalogue, 24.0 * day)
    unknown = [f.name for f in catalogue.features if str(f.name).startswith("disease_")]
    assert_frame_equal(
        found.drop(columns=unknown), expected.drop(columns=unknown), rtol=0, atol=EXACT
    )
    for name in unknown:
        assert expected[name].notna().all()
        assert found[name].isna().all()
    assert np.isfinite(found[catalogue.names].to_numpy()).any()


def test_labels_are_the_same(cohort: Cohort, tidy: Cohort) -> None:
    found, expected = label(cohort, "astct-2024"), label(tidy, "astct-2024")
    assert_frame_equal(found, expected, rtol=0, atol=EXACT)
    assert expected["outcome"].nunique() > 1


def test_rejected_rows_name_their_place(top: Path) -> None:
    for door in ("fhir", "meds"):
        rejected: pd.DataFrame = through(door, top, False).rejected
        file, _, place = rejected["source"].iloc[0].partition(":")
        assert (top / door / file).is_file()
        assert place


def mapped(source: Path, into: Path, dictionary: Path | None = None) -> Cohort:
    """A cohort by the mapping that is proposed for a source."""
    sheets = source_sheets(source, dictionary)
    mapping = into / "mapping.toml"
    mapping.write_text(written_mapping(guess_mapping(sheets), sheets), encoding="utf-8")
    return read_spreadsheets(source, mapping, dictionary=dictionary)


def spreadsheets(top: Path, into: Path) -> Cohort:
    return mapped(top / "tidy", into)


def tidy_rows(top: Path, table: str) -> pd.DataFrame:
    return pd.read_csv(top / "tidy" / f"{table}.csv", dtype=str, keep_default_na=False)


FIELDS = {
    "record_id": ("demographics", "text", "Record ID", ""),
    "infusion_time": ("demographics", "text", "Infusion date", ""),
    "age_years": ("demographics", "text", "Age at infusion", ""),
    "sex": ("demographics", "radio", "Sex", "1, Male | 2, Female"),
    "disease": ("demographics", "radio", "Diagnosis", "7, other"),
    "time": ("labs", "text", "Collection date", ""),
    "loinc_code": ("labs", "text", "LOINC code", ""),
    "value": ("labs", "text", "Result", ""),
    "unit": ("labs", "text", "Unit", ""),
    "event": ("events", "text", "Event", ""),
    "event_time": ("events", "text", "Event date", ""),
}


def redcap(top: Path, into: Path) -> Cohort:
    """Those patients as a REDCap project: a form of each, results and events repeating."""
    head = ("Variable / Field Name", "Form Name", "Field Type", "Field Label",
            "Choices, Calculations, OR Slider Labels")  # fmt: skip
    pd.DataFrame([(n, *given) for n, given in FIELDS.items()], columns=head).to_csv(
        into / "dictionary.csv", index=False
    )
    patients = tidy_rows(top, "patients")
    coded = {"sex": {"M": "1", "F": "2"}, "disease": {"other": "7"}}
    parts = [patients.assign(**{n: patients[n].map(codes) for n, codes in coded.items()})]
    for name in ("labs", "events"):
        rows = tidy_rows(top, name).drop(columns="label", errors="ignore")
        rows = rows.rename(columns={"time": "event_time"}) if name == "events" else rows
        number = rows.groupby("patient_id").cumcount() + 1
        parts.append(
            rows.assign(redcap_repeat_instrument=name, redcap_repeat_instance=number.astype(str))
        )
    records = pd.concat(parts).rename(columns={"patient_id": "record_id"})
    order = ["record_id", "redcap_repeat_instrument", "redcap_repeat_instance"]
    records = records[[*order, *(name for name in FIELDS if name != "record_id")]]
    records.to_csv(into / "records.csv", index=False)
    return mapped(into / "records.csv", into, into / "dictionary.csv")


def sdtm(top: Path, into: Path) -> Cohort:
    """Those patients as a trial: DM, LB with its original results, DS."""
    patients, labs, events = (tidy_rows(top, name) for name in ("patients", "labs", "events"))
    domains = {
        "dm": {"USUBJID": patients["patient_id"], "SEX": patients["sex"],
               "AGE": patients["age_years"], "AGEU": "YEARS"},
        "lb": {"USUBJID": labs["patient_id"], "LBTESTCD": "X", "LBTEST": labs["label"],
               "LBLOINC": labs["loinc_code"], "LBORRES": labs["value"], "LBORRESU": labs["unit"],
               "LBDTC": labs["time"]},
        "ds": {"USUBJID": events["patient_id"], "DSDECOD": events["event"].str.upper(),
               "DSSTDTC": events["time"]},
    }  # fmt: skip
    for name, columns in domains.items():
        pd.DataFrame(columns).to_csv(into / f"{name}.csv", index=False)
    return read_sdtm(into, infusions=top / "omop" / "infusions.csv")


FURTHER = {"spreadsheets": spreadsheets, "redcap": redcap, "sdtm": sdtm}


@pytest.mark.parametrize("door", sorted(FURTHER))
def test_the_doors_of_spreadsheets_and_trials_say_the_same(
    top: Path, tidy: Cohort, tmp_path: Path, door: str
) -> None:
    cohort = FURTHER[door](top, tmp_path)
    unknown = ["disease"] if door == "sdtm" else []  # a trial's DM does not say it
    assert_frame_equal(cohort.patients.drop(columns=unknown), tidy.patients.drop(columns=unknown))
    assert_frame_equal(cohort.labs, tidy.labs, rtol=0, atol=EXACT)
    assert_frame_equal(cohort.events, tidy.events, rtol=0, atol=EXACT)
    assert cohort.rejected["reason"].tolist() == tidy.rejected["reason"].tolist()
    for day in DAYS:
        catalogue = load_catalogue().stage("pre_infusion" if day == 0 else "early")
        found, expected = (matrix(one, catalogue, 24.0 * day) for one in (cohort, tidy))
        told = [name for name in expected if unknown and str(name).startswith("disease_")]
        assert_frame_equal(
            found.drop(columns=told), expected.drop(columns=told), rtol=0, atol=EXACT
        )
    found, expected = label(cohort, "astct-2024"), label(tidy, "astct-2024")
    assert_frame_equal(found, expected, rtol=0, atol=EXACT)
