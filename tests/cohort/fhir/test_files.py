"""FHIR files in every packing."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from pandas.testing import assert_frame_equal

from riskmodel.cohort import Cohort
from riskmodel.cohort.fhir.read import read_fhir
from riskmodel.cohort.source.zones import CHECK
from riskmodel.errors import SchemaError

Resource = dict[str, Any]


ZERO = "2024-05-10T10:00:00+02:00"


PATIENT: Resource = {
    "resourceType": "Patient",
    "id": "P1",
    "gender": "female",
    "birthDate": "1960-06-15",
}


INFUSION: Resource = {
    "resourceType": "Procedure",
    "id": "inf",
    "status": "completed",
    "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-pcs", "code": "XW033C3"}]},
    "subject": {"reference": "Patient/P1"},
    "performedDateTime": ZERO,
}


FERRITIN = {"coding": [{"system": "http://loinc.org", "code": "2276-4"}]}


def observation(**fields: Any) -> Resource:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": FERRITIN,
        "subject": {"reference": "Patient/P1"},
        "effectiveDateTime": "2024-05-11T10:00:00+02:00",
        "valueQuantity": {"value": 900, "unit": "ng/mL"},
        **fields,
    }


def bundle(resources: Iterable[Resource], kind: str = "collection") -> Resource:
    return {
        "resourceType": "Bundle",
        "type": kind,
        "entry": [{"resource": resource} for resource in resources],
    }


def values(cohort: Cohort) -> list[float]:
    return cohort.labs["value"].tolist()


def version(value: float, updated: str = "", **fields: Any) -> Resource:
    meta = {"meta": {"lastUpdated": updated}} if updated else {}
    return observation(valueQuantity={"value": value, "unit": "ng/mL"}, **meta, **fields)


def as_lines(resources: Iterable[Resource]) -> str:
    return "".join(json.dumps(resource) + "\n" for resource in resources)


def test_every_packing_reads_alike(tmp_path: Path) -> None:
    content = [PATIENT, INFUSION, observation(id="o"), version(3, id="q")]
    lines = tmp_path / "lines"
    lines.mkdir()
    (lines / "Observation.ndjson").write_text(as_lines(content[2:]))
    (lines / "Patient.ndjson").write_text("\ufeff" + as_lines(content[:1]), encoding="utf-8")
    (lines / "Procedure.000.ndjson").write_text(as_lines(content[1:2]) + "\n\n")
    packings = {
        "collection.json": json.dumps(bundle(content)),
        "transaction.json": json.dumps(bundle(content, "transaction"), indent=2),
        "searchset.json": json.dumps({"total": 4, **bundle(content, "searchset"), "link": []}),
        "several.json": json.dumps(bundle(content[:2])) + "\n" + json.dumps(bundle(content[2:])),
        "array.json": json.dumps(content),
        "nested.json": json.dumps(bundle([bundle(content)])),
        "bundles.ndjson": as_lines([bundle(content[:2]), bundle(content[2:])]),
        "reversed.json": json.dumps(dict(reversed(bundle(content[::-1]).items()))),
    }
    for name, text in packings.items():
        (tmp_path / name).write_text(text)
    expected = read_fhir(lines)
    assert values(expected) == [3, 900]
    for name in packings:
        cohort = read_fhir(tmp_path / name)
        assert_frame_equal(cohort.labs, expected.labs)
        assert_frame_equal(cohort.patients, expected.patients)
        assert cohort.rejected.empty, name


@pytest.mark.parametrize("ending", [".ndjson.gz", ".jsonl.gz", ".json.gz"])
def test_gzipped_files_are_read_at_any_depth(tmp_path: Path, ending: str) -> None:
    whole = [PATIENT, INFUSION, observation()]
    text = json.dumps(bundle(whole)) if ending == ".json.gz" else "\n".join(map(json.dumps, whole))
    deep = tmp_path / "export" / "2024" / "05"
    deep.mkdir(parents=True)
    path = deep / f"all{ending}"
    path.write_bytes(gzip.compress(text.encode()))
    (tmp_path / "Observation.txt").write_text("{}")
    cohort = read_fhir(tmp_path)
    assert cohort.labs["value"].tolist() == [900]
    assert any("Observation.txt" in told for told in cohort.notes[CHECK])
    path.write_bytes(b"no gzip")
    with pytest.raises(SchemaError):
        read_fhir(path)


def test_a_page_that_names_a_further_one_is_told(tmp_path: Path) -> None:
    page = bundle([PATIENT, INFUSION, observation()], "searchset")
    page["link"] = [{"relation": "next", "url": "https://ex.org/fhir?page=2"}]
    (tmp_path / "page.json").write_text(json.dumps(page))
    cohort = read_fhir(tmp_path)
    assert cohort.labs["value"].tolist() == [900]
    assert cohort.rejected.empty
    assert any("further page" in told and "page.json" in told for told in cohort.notes[CHECK])
