"""Reading a cohort folder: what is kept, what is converted, what is rejected and why."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from riskmodel.cohort import Cohort, read_cohort, sentences, summary
from riskmodel.cohort.schema import GREATER, LESS
from riskmodel.errors import SchemaError

PATIENTS = """patient_id,disease,product,age_years,sex
P01,LBCL,axi-cel,60,F
P02,MM,Carvykti,55,M
"""
LABS = """patient_id,hours_from_infusion,analyte,value,unit
P01,-12,ferritin,500,ng/mL
P01,24,ferritin,<900,ug/L
P01,24,crp,3.5,mg/dL
P02,48,hemoglobin,85,g/L
"""
EVENTS = """patient_id,event,hours_from_infusion,grade,value
P01,crs,30,2,
P02,death,400,,
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a cohort folder; any table's text can be replaced, None leaves it out."""

    def make(
        patients: str | None = PATIENTS, labs: str | None = LABS, events: str | None = EVENTS
    ) -> Path:
        folder = tmp_path / "cohort"
        folder.mkdir(exist_ok=True)
        for name, text in (("patients", patients), ("labs", labs), ("events", events)):
            path = folder / f"{name}.csv"
            path.unlink(missing_ok=True)
            if text is not None:
                path.write_text(text, encoding="utf-8")
        return folder

    return make


def only(cohort: Cohort) -> pd.Series:
    assert len(cohort.rejected) == 1
    return cohort.rejected.iloc[0]


def test_values_arrive_in_canonical_units_with_their_comparators(write: Write) -> None:
    cohort = read_cohort(write())
    labs = cohort.labs.set_index(["patient", "hours", "analyte"])
    assert labs.loc[(0, 24.0, "crp"), "value"] == pytest.approx(35.0)
    assert labs.loc[(1, 48.0, "hemoglobin"), "value"] == pytest.approx(8.5)
    assert labs.loc[(0, 24.0, "ferritin"), "comparator"] == LESS
    assert cohort.rejected.empty


def test_product_fills_target_and_domain_but_never_overrides(write: Write) -> None:
    text = (
        "patient_id,product,target_antigen,costimulatory_domain\n"
        "P01,Yescarta,,\nP02,CARVYKTI,,CD28\nP03,in-house,CD22,CD137\n"
    )
    patients = read_cohort(write(patients=text)).patients.set_index("patient_id")
    assert list(patients["target_antigen"]) == ["CD19", "BCMA", "CD22"]
    assert list(patients["costimulatory_domain"]) == ["CD28", "CD28", "4-1BB"]


@pytest.mark.parametrize(
    ("row", "reason", "why"),
    [
        ("P01,24,ferritin,12,furlong", "unknown_unit", "not a unit"),
        ("P01,24,ferritin,12,mg/dL", "unknown_unit", "a unit, but not one of ferritin's"),
        ("P01,24,crp,12,", "missing_unit", "mg/L and mg/dL are both in use"),
        ("P01,24,unicorns,12,ng/mL", "unknown_analyte", "not in the contract"),
        ("P01,24,ferritin,high,ng/mL", "value_not_a_number", "text"),
        ("P01,24,d-dimer,1000-2000,ng/mL", "value_not_a_number", "a range is not one number"),
        ("P01,24,ferritin,,ng/mL", "value_missing", "empty"),
        ("P01,24,platelets,-1,10*9/L", "value_impossible", "counts are not negative"),
        ("P01,24,hemoglobin,12,g/L", "value_impossible", "1.2 g/dL: a g/dL value among g/L"),
        ("P01,soon,ferritin,12,ng/mL", "time_unreadable", "not a number of hours"),
        ("P01,,ferritin,12,ng/mL", "time_missing", "no time"),
        ("P01,-600000,ferritin,12,ng/mL", "time_before_birth", "68 years before, aged 60"),
        ("P01,2000000,ferritin,12,ng/mL", "time_impossible", "228 years later"),
        ("P99,24,ferritin,12,ng/mL", "unknown_patient", "not in patients"),
        (",24,ferritin,12,ng/mL", "patient_id_missing", "nobody's"),
    ],
)
def test_a_bad_row_is_rejected_alone_with_its_reason(
    write: Write, row: str, reason: str, why: str
) -> None:
    good = read_cohort(write())
    cohort = read_cohort(write(labs=LABS + row + "\n"))
    assert only(cohort)["reason"] == reason, why
    assert only(cohort)["row"] == 5
    assert_frame_equal(cohort.labs, good.labs)
    assert len(sentences(cohort.rejected)) == 1


def test_a_repeated_patient_is_merged_and_a_contradicting_one_rejected(write: Write) -> None:
    twice = read_cohort(write(patients=PATIENTS + "P01,LBCL,axi-cel,60,F\n"))
    assert len(twice) == 2
    assert twice.rejected.empty
    differing = read_cohort(write(patients=PATIENTS + "P01,LBCL,axi-cel,61,F\n"))
    assert list(differing.patient_id) == ["P02"]
    refused = differing.rejected[differing.rejected["table"] == "patients"]
    assert list(refused["reason"]) == ["duplicate_patient", "duplicate_patient"]


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        ("old,F", "age_years", "text_in_number"),
        ("160,F", "age_years", "out_of_range"),
        ("60,X", "sex", "not_allowed"),
    ],
)
def test_a_bad_cell_is_emptied_and_its_patient_stays(
    write: Write, cells: str, column: str, reason: str
) -> None:
    cohort = read_cohort(write(patients=PATIENTS + f"P03,LBCL,axi-cel,{cells}\n"))
    assert len(cohort) == 3
    assert pd.isna(cohort.patients.loc[2, column])
    assert (only(cohort)["reason"], only(cohort)["column"]) == (reason, column)


def test_bad_events_are_rejected_alone(write: Write) -> None:
    rows = "P01,sneezing,30,,\nP01,crs,40,9,\nP01,crs,50,high,\n"
    cohort = read_cohort(write(events=EVENTS + rows))
    assert list(cohort.rejected["reason"]) == ["unknown_event", "out_of_range", "text_in_number"]
    assert cohort.events["event"].astype(str).tolist().count("crs") == 3


def test_every_structural_fault_is_named_at_once(write: Write) -> None:
    folder = write(labs="patient_id,value\nP01,3\n", events=None)
    with pytest.raises(SchemaError) as error:
        read_cohort(folder)
    for part in ("'hours_from_infusion' or 'time'", "'analyte' or 'loinc_code'", "events.csv"):
        assert part in str(error.value)


@pytest.mark.parametrize("text", ["", "patient_id,age_years\n"])
def test_an_empty_cohort_is_refused(write: Write, text: str) -> None:
    with pytest.raises(SchemaError, match=r"empty|cannot be read"):
        read_cohort(write(patients=text))


def test_binary_and_wrongly_encoded_files_are_refused(write: Write) -> None:
    folder = write()
    (folder / "labs.csv").write_bytes(b"\xff\xfe\x00patient_id\x00")
    with pytest.raises(SchemaError, match="UTF-8"):
        read_cohort(folder)


def test_tables_may_hold_no_rows(write: Write) -> None:
    cohort = read_cohort(
        write(labs="patient_id,time,analyte,value\n", events="patient_id,event,time\n")
    )
    assert (len(cohort), len(cohort.labs), len(cohort.events)) == (2, 0, 0)
    assert "2 patients" in summary(cohort)


def test_timestamps_align_to_the_infusion_across_zones(write: Write) -> None:
    patients = (
        "patient_id,infusion_time\nP01,2126-08-14T22:00:00\nP02,2024-03-31T00:30:00+01:00\nP03,\n"
    )
    labs = (
        "patient_id,time,analyte,value,unit\n"
        "P01,2126-08-15T22:00:00,ferritin,1,ng/mL\n"
        "P02,2024-03-31T04:30:00+02:00,ferritin,2,ng/mL\n"
        "P01,2126-08-15T22:00:00Z,ferritin,3,ng/mL\n"
        "P03,2024-03-31T04:30:00,ferritin,4,ng/mL\n"
        "P01,2126-08-16,ferritin,5,ng/mL\n"
    )
    events = "patient_id,event,hours_from_infusion\n"
    cohort = read_cohort(write(patients, labs, events))
    assert cohort.labs["hours"].tolist() == [24.0, 26.0, 3.0]
    assert list(cohort.rejected["reason"]) == ["time_zone_mismatch", "no_infusion_time"]
    assert cohort.notes["date without a time of day, read as midnight"] == {"labs": 1}


def test_counts_come_from_wbc_and_percent_only_where_none_was_charted(write: Write) -> None:
    labs = (
        "patient_id,hours_from_infusion,loinc_code,analyte,value,unit\n"
        "P01,10,6690-2,,4.0,K/uL\nP01,10,770-8,,50,%\nP01,10,731-0,,25,%\n"
        "P01,20,6690-2,,4.0,K/uL\nP01,20,770-8,,50,%\nP01,20,,anc,1500,#/uL\n"
    )
    found = read_cohort(write(labs=labs)).labs.set_index(["hours", "analyte"])["value"]
    assert found[(10.0, "anc")] == pytest.approx(2.0)
    assert found[(10.0, "alc")] == pytest.approx(1.0)
    assert found[(20.0, "anc")] == pytest.approx(1.5)


def test_row_order_and_equal_duplicates_change_nothing(write: Write) -> None:
    good = read_cohort(write())
    head, *rows = LABS.splitlines()
    shuffled = "\n".join([head, *reversed(rows), rows[0]]) + "\n"
    assert_frame_equal(read_cohort(write(labs=shuffled)).labs, good.labs)


def test_a_unit_of_the_other_hemisphere_is_flagged_never_guessed(write: Write) -> None:
    rows = "".join(f"P01,{t},bilirubin,{18 + t},mg/dL\n" for t in range(6))
    fibrinogen = "P01,30,fibrinogen,3.2,mg/dL\n"
    cohort = read_cohort(write(labs=LABS + rows + fibrinogen))
    flags = cohort.notes["flagged"]
    assert flags["bilirubin_total: results charted as mg/dL look like umol/L, kept"] == 6
    kept = cohort.labs.loc[cohort.labs["analyte"] == "bilirubin_total", "value"]
    assert kept.tolist() == [18.0, 19.0, 20.0, 21.0, 22.0, 23.0]
    assert only(cohort)["reason"] == "value_impossible"
    assert only(cohort)["detail"].endswith("it would fit g/L")


@pytest.mark.parametrize(
    ("analyte", "value", "unit", "fits"),
    [
        ("creatinine", 45, "mg/dL", "umol/L"),
        ("triglycerides", 1.6, "mg/dL", "g/L"),
        ("platelets", 150, "/uL", "10*9/L"),
        ("anc", 2.4, "/uL", "10*9/L"),
        ("alt", 0.45, "U/L", "ukat/L"),
        ("ldh", 3.9, "U/L", "ukat/L"),
        ("alt", 0.45, "mkat/L", "ukat/L"),
        ("d_dimer", 0.8, "ng/mL", "mg/L"),
    ],
)
def test_a_value_that_only_another_unit_explains_is_refused(
    write: Write, analyte: str, value: float, unit: str, fits: str
) -> None:
    cohort = read_cohort(write(labs=LABS + f"P01,30,{analyte},{value},{unit}\n"))
    assert only(cohort)["reason"] == "unit_doubtful"
    assert only(cohort)["detail"] == f"{analyte}: it would fit {fits}"


@pytest.mark.parametrize(
    ("analyte", "value", "unit"),
    [
        ("platelets", 4, "10*9/L"),
        ("anc", 0.01, "10*9/L"),
        ("anc", 0, "/uL"),
        ("wbc", 0.1, "10*9/L"),
        ("alt", 3000, "U/L"),
        ("ldh", 0.0045, "mkat/L"),
        ("hemoglobin", 4.1, "g/dL"),
        ("bilirubin_total", 31, "mg/dL"),
        ("d_dimer", 80000, "ng/mL"),
        ("creatinine", 11, "mg/dL"),
    ],
)
def test_a_sick_patient_is_no_doubtful_unit(
    write: Write, analyte: str, value: float, unit: str
) -> None:
    cohort = read_cohort(write(labs=LABS + f"P01,30,{analyte},{value},{unit}\n"))
    assert cohort.rejected.empty


def test_a_bound_beyond_the_possible_range_is_kept(write: Write) -> None:
    cohort = read_cohort(write(labs=LABS + "P01,30,fibrinogen,<5,mg/dL\n"))
    assert cohort.rejected.empty


@pytest.mark.parametrize("filled", [True, False])
def test_hours_and_time_may_both_be_there(write: Write, filled: bool) -> None:
    good = read_cohort(write())
    head, *rows = LABS.splitlines()
    cell = "2024-05-01T00:00:00" if filled else ""
    both = "\n".join([f"{head},time", *(f"{row},{cell}" for row in rows)]) + "\n"
    folder = write(labs=both)
    assert_frame_equal(read_cohort(folder).labs, good.labs)
    table = pd.read_csv(folder / "labs.csv")
    (folder / "labs.csv").unlink()
    table.to_parquet(folder / "labs.parquet")
    assert_frame_equal(read_cohort(folder).labs, good.labs)
    (folder / "labs.parquet").unlink()


def test_a_quotation_mark_that_never_closes_is_refused(write: Write) -> None:
    folder = write(labs=LABS.replace("P01,24,crp", 'P01,"24,crp'))
    with pytest.raises(SchemaError, match=r"labs.csv' has a quotation mark that is never closed"):
        read_cohort(folder)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff", "LINE"])
def test_line_ends_and_beginnings_change_nothing(write: Write, end: str, start: str) -> None:
    good = read_cohort(write())
    folder = write()
    for path in folder.iterdir():
        text = start.replace("LINE", end) + path.read_text().replace("\n", end)
        path.write_bytes(text.encode())
    assert_frame_equal(read_cohort(folder).labs, good.labs)
    assert_frame_equal(read_cohort(folder).patients, good.patients)


def test_identifiers_are_text_whatever_they_look_like(write: Write) -> None:
    ids = ["001", "1", "NA", "1e3", "nan", "12345678901234567"]
    text = "patient_id,age_years\n" + "".join(f"{p},60\n" for p in ids)
    cohort = read_cohort(write(patients=text, labs=LABS.splitlines()[0] + "\n"))
    assert list(cohort.patient_id) == ids
    long = [1000000000000001.0, 1000000000000002.0]
    folder = write(labs=LABS.splitlines()[0] + "\n")
    (folder / "patients.csv").unlink()
    pd.DataFrame({"patient_id": long}).to_parquet(folder / "patients.parquet")
    assert list(read_cohort(folder).patient_id) == ["1000000000000001", "1000000000000002"]
    (folder / "patients.parquet").unlink()


def test_parquet_reads_like_csv(write: Write, tmp_path: Path) -> None:
    folder = write()
    good = read_cohort(folder)
    for name in ("patients", "labs", "events"):
        path = folder / f"{name}.csv"
        pd.read_csv(path).to_parquet(path.with_suffix(".parquet"))
        path.unlink()
    again = read_cohort(folder)
    assert_frame_equal(again.labs, good.labs)
    assert_frame_equal(again.patients, good.patients)


def test_messages_never_hold_a_patients_values(write: Write) -> None:
    cohort = read_cohort(write(labs=LABS + "P01,24,ferritin,987654321,ng/mL\n"))
    assert "987654321" not in " ".join(sentences(cohort.rejected)) + summary(cohort)


@pytest.mark.shared
def test_real_hospital_rows_are_all_accounted_for(shared_data: Path) -> None:
    folder = shared_data / "mimic3_demo_20" / "tidy"
    cohort = read_cohort(folder)
    charted = len(pd.read_csv(folder / "labs.csv", dtype=str))
    merged = cohort.notes["merged equal results"]["labs"]
    derived = sum(cohort.notes["derived"].values())
    assert len(cohort.labs) - derived + merged + len(cohort.rejected) == charted
    assert list(cohort.rejected["reason"]) == ["value_not_a_number"]
    bounds = cohort.labs[cohort.labs["comparator"] != 0]
    assert sorted(bounds["comparator"]) == [LESS, LESS, GREATER]


def test_records_decades_after_the_infusion_are_flagged(write: Write) -> None:
    cohort = read_cohort(write(labs=LABS + "P01,175321,ferritin,500,ng/mL\n"))
    flagged = "labs: more than 20 years after the infusion, kept"
    assert cohort.notes["flagged"] == {flagged: 1}
    assert cohort.rejected.empty


def test_headers_are_read_without_case_and_spaces(write: Write) -> None:
    good = read_cohort(write())
    labs = LABS.replace(LABS.splitlines()[0], " Patient_ID,Hours from infusion,ANALYTE,Value ,Unit")
    patients = PATIENTS.replace("patient_id", "PATIENT_ID")
    again = read_cohort(write(patients=patients, labs=labs))
    assert_frame_equal(again.labs, good.labs)
    assert list(again.patient_id) == ["P01", "P02"]


def test_a_header_given_twice_is_refused(write: Write) -> None:
    with pytest.raises(SchemaError, match="has column 'value' twice"):
        read_cohort(write(labs=LABS.replace("value,unit", "value,VALUE").replace("unit", "unit")))


@pytest.mark.parametrize(
    ("patients", "said"),
    [
        (PATIENTS.replace(",", ";"), r"separated by semicolons: write the file with commas\."),
        (PATIENTS.replace(",", "\t"), r"separated by tabs: write the file with commas\."),
        (PATIENTS.replace("patient_id", "mrn"), r"no column 'patient_id' .*\. Add it\."),
    ],
)
def test_a_missing_column_is_named_with_what_to_do(write: Write, patients: str, said: str) -> None:
    with pytest.raises(SchemaError, match=said):
        read_cohort(write(patients=patients))
