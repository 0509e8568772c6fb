"""Measurements whose specimen is not blood, however their specimen is told."""

from pathlib import Path

import pytest

from riskmodel.cohort import read_omop

TABLES = {
    "person": "person_id,gender_concept_id,year_of_birth\n1,8532,1960\n",
    "procedure_occurrence": "person_id,procedure_concept_id,procedure_datetime,"
    "procedure_source_value\n1,0,2020-06-01 10:00:00,XW033C3\n",
    "concept": "concept_id,concept_name,vocabulary_id,concept_code\n"
    "5,Urine specimen,SNOMED,122575003\n6,Venous blood specimen,SNOMED,122555007\n"
    "7,specimen.specimen_id,CDM,CDM1\n",
    "measurement": "measurement_id,person_id,measurement_concept_id,measurement_datetime,"
    "value_as_number,unit_source_value,measurement_event_id,meas_event_field_concept_id\n"
    "1,1,3016723,2020-06-02 10:00:00,1.5,mg/dL,{event},{field}\n"
    "2,1,3016723,2020-06-03 10:00:00,0.9,mg/dL,,\n",
}
HEADING = "specimen_id,person_id,specimen_concept_id,specimen_source_value\n"
LINKS = "domain_concept_id_1,fact_id_1,domain_concept_id_2,fact_id_2,relationship_concept_id\n"


def found(folder: Path, specimen: str, links: str = "", event: str = "", field: str = "") -> list:
    tables = {**TABLES, "specimen": HEADING + specimen, "fact_relationship": LINKS + links}
    for name, text in tables.items():
        shown = text.format(event=event, field=field) if name == "measurement" else text
        (folder / f"{name}.csv").write_text(shown)
    cohort = read_omop(str(folder))
    return [cohort.labs["value"].tolist(), cohort.rejected["reason"].tolist()]


@pytest.mark.parametrize("specimen", ["77,1,5,\n", "77,1,0,Urine\n", "77.0,1,0,CSF tube 3\n"])
@pytest.mark.parametrize("links", ["36,77,21,1,0\n", "21,1,36,77,0\n"])
def test_a_measurement_of_another_specimen_is_refused(
    tmp_path: Path, specimen: str, links: str
) -> None:
    assert found(tmp_path, specimen, links) == [[0.9], ["not_blood"]]


def test_the_event_of_a_measurement_is_its_specimen(tmp_path: Path) -> None:
    assert found(tmp_path, "77,1,5,\n", event="77", field="7") == [[0.9], ["not_blood"]]


@pytest.mark.parametrize(
    ("specimen", "links"),
    [
        ("77,1,6,blood\n", "36,77,21,1,0\n"),
        ("77,1,5,\n", ""),
        ("77,1,5,\n", "36,78,21,1,0\n"),
        ("77,1,5,\n", "13,77,21,1,0\n"),  # a drug exposure of that number
        ("77,2,5,\n", "36,77,21,1,0\n"),  # of another person
    ],
)
def test_what_names_no_other_specimen_is_read(tmp_path: Path, specimen: str, links: str) -> None:
    assert found(tmp_path, specimen, links) == [[1.5, 0.9], []]
