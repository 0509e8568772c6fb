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
