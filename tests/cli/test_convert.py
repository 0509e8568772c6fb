"""convert: a source becomes a cohort folder, and what was left out is said."""

import json

import pandas as pd
import pytest

INFUSED = "2024-05-10T10:00:00+02:00"


def resources() -> list[dict]:
    """One patient, one infusion, two results of which one has an unknown unit."""
    about = {"subject": {"reference": "Patient/p1"}}
    ferritin = {"coding": [{"system": "http://loinc.org", "code": "2276-4"}], "text": "Ferritin"}

    def result(name: str, time: str, unit: str) -> dict:
        quantity = {"value": 600, "unit": unit}
        return {
            "resourceType": "Observation", "id": name, "status": "final", "code": ferritin,
            "effectiveDateTime": time, "valueQuantity": quantity, **about,
        }  # fmt: skip

    product = {"text": "axicabtagene ciloleucel"}
    return [
        {"resourceType": "Patient", "id": "p1", "birthDate": "1970-01-01", "gender": "female"},
        {
            "resourceType": "MedicationAdministration", "id": "m1", "status": "completed",
            "medicationCodeableConcept": product, "effectiveDateTime": INFUSED, **about,
        },
        result("o1", "2024-05-12T10:00:00+02:00", "ng/mL"),
        result("o2", "2024-05-13T10:00:00+02:00", "furlong"),
    ]  # fmt: skip


@pytest.fixture
def bulk(tmp_path):
    """A bulk export of that patient."""
    path = tmp_path / "export.ndjson"
    path.write_text("\n".join(map(json.dumps, resources())), encoding="utf-8")
    return path


def test_a_source_becomes_a_cohort_and_what_was_left_out_is_said(cli, bulk, tmp_path):
    out = tmp_path / "cohort"
    code, said, err = cli("convert", "fhir", bulk, out)
    assert code == 0, err
    assert "Wrote 1 patients, 1 lab results" in said
    assert "[unknown_unit]" in err
    labs = pd.read_csv(out / "labs.csv")
    assert labs["hours_from_infusion"].tolist() == [48.0]
    assert labs["value"].tolist() == [600.0]


def test_a_source_that_is_not_there_is_one_sentence(cli, one_sentence, tmp_path):
    for reader in ("omop", "fhir", "meds"):
        code, _, err = cli("convert", reader, tmp_path / "nowhere", tmp_path / "out")
        assert code == 1
        one_sentence(err)
        assert "nowhere" in err
        assert not (tmp_path / "out").exists()


def test_a_spreadsheet_is_proposed_and_converted(cli, tmp_path):
    source = tmp_path / "export"
    source.mkdir()
    (source / "people.csv").write_text("MRN,Infusion date,Product\nP1,2024-05-10 10:00,Yescarta\n")
    (source / "labs.csv").write_text(
        "MRN,Date,Test,Result,Units\nP1,2024-05-12 06:00,FERRITIN,600,ng/mL\n"
    )
    mapping, out = tmp_path / "mapping.toml", tmp_path / "cohort"
    code, said, err = cli("map", source, "--out", mapping)
    assert code == 0, err
    assert "# sure" in mapping.read_text(encoding="utf-8")
    assert "ferritin (ng/mL): 1 results" in err
    code, said, err = cli("convert", "table", source, out, "--mapping", mapping)
    assert code == 0, err
    assert "Wrote 1 patients, 1 lab results" in said
    assert pd.read_csv(out / "labs.csv")["hours_from_infusion"].tolist() == [44.0]


def test_a_mapping_that_is_not_complete_reads_nothing(cli, one_sentence, tmp_path):
    source, mapping = tmp_path / "a.csv", tmp_path / "mapping.toml"
    source.write_text("MRN,Ferritin\nP1,600\n")
    code, said, err = cli("map", source)
    assert code == 0
    assert '"?"' in said
    assert "is not complete" in err
    mapping.write_text(said, encoding="utf-8")
    code, _, err = cli("convert", "table", source, tmp_path / "out", "--mapping", mapping)
    assert code == 1
    assert "Nothing was read" in err
    assert not (tmp_path / "out").exists()


def doors(folder) -> dict[str, list]:
    """One result that can be read in two ways, at every door that reads numbers as text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    fhir = resources()[:2]
    fhir.append({**resources()[2], "valueString": "1.234 ng/mL"})
    fhir[-1].pop("valueQuantity")
    (folder / "export.ndjson").write_text("\n".join(map(json.dumps, fhir)), encoding="utf-8")
    tables = {
        "omop/person": "person_id,gender_concept_id,year_of_birth\n1,8532,1960\n",
        "omop/procedure_occurrence": "person_id,procedure_concept_id,procedure_datetime,"
        "procedure_source_value\n1,0,2024-05-10 10:00:00,XW033C3\n",
        "omop/measurement": "measurement_id,person_id,measurement_concept_id,measurement_datetime,"
        "value_source_value,unit_source_value\n1,1,3001122,2024-05-12 10:00:00,1.234,ng/mL\n",
        "sdtm/dm": "USUBJID,SEX\n1,F\n",
        "sdtm/ex": "USUBJID,EXTRT,EXSTDTC\n1,Yescarta,2024-05-10T10:00\n",
        "sdtm/lb": "USUBJID,LBTESTCD,LBORRES,LBORRESU,LBDTC\n"
        "1,FERRITIN,1.234,ng/mL,2024-05-12T10:00\n",
        "table/patients": "MRN,Infusion date\n1,2024-05-10 10:00\n",
        "table/labs": "MRN,Date,Test,Value,Unit\n1,2024-05-12 10:00,Ferritin,1.234,ng/mL\n",
    }
    for name, text in tables.items():
        path = folder / f"{name}.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    mapping = folder / "mapping.toml"
    mapping.write_text(
        '[[sheet]]\nfile = "patients.csv"\ntable = "patients"\n'
        'columns = { patient_id = "MRN", infusion_time = "Infusion date" }\n'
        '[[sheet]]\nfile = "labs.csv"\ntable = "labs"\ndecimal = "?"\n'
        'columns = { patient_id = "MRN", time = "Date", analyte = "Test", value = "Value", '
        'unit = "Unit" }\n'
    )
    start = pd.Timestamp("2024-05-10T10:00").to_pydatetime()
    meds = pa.table(
        {
            "subject_id": pa.array([1, 1], pa.int64()),
            "time": pa.array([start, start + pd.Timedelta(hours=48)], pa.timestamp("us")),
            "code": ["PROCEDURE//ICD10PCS//XW033C3", "LOINC//2276-4//ng/mL"],
            "numeric_value": pa.array([None, None], pa.float32()),
            "text_value": [None, "1.234"],
        }
    )
    pq.write_table(meds, folder / "meds.parquet")
    return {
        "fhir": [folder / "export.ndjson"],
        "omop": [folder / "omop"],
        "meds": [folder / "meds.parquet"],
        "sdtm": [folder / "sdtm"],
        "table": [folder / "table", "--mapping", mapping],
    }


@pytest.mark.parametrize("door", ["fhir", "omop", "meds", "sdtm", "table"])
def test_a_number_in_two_ways_is_read_as_stated_at_every_door(cli, tmp_path, door):
    source, *options = doors(tmp_path)[door]
    out = tmp_path / "cohort"
    code, _, err = cli("convert", door, source, out, *options)
    if door == "table":
        assert "'decimal' of labs.csv is '?'" in err
    else:
        assert (code, "[number_two_ways]" in err) == (0, True)
    stated = {("--decimal", ","): 1234.0, ("--thousands", "."): 1234.0, ("--decimal", "."): 1.234}
    for option, value in stated.items():
        code, _, err = cli("convert", door, source, out, *options, *option)
        assert code == 0, err
        assert pd.read_csv(out / "labs.csv")["value"].tolist() == [value]
    code, _, err = cli("convert", door, source, out, *options, "--decimal", ";")
    assert code == 1
    assert "The decimal sign is ';'" in err
