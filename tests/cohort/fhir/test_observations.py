"""What an Observation says: values, bounds, units, analytes, reference ranges."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from riskmodel.cohort import Cohort
from riskmodel.cohort.fhir.read import read_fhir
from riskmodel.cohort.schema import GREATER, LESS

Resource = dict[str, Any]


Read = Callable[..., Cohort]


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


def without(resource: Resource, *names: str) -> Resource:
    return {name: value for name, value in resource.items() if name not in names}


def bundle(resources: Iterable[Resource], kind: str = "collection") -> Resource:
    return {
        "resourceType": "Bundle",
        "type": kind,
        "entry": [{"resource": resource} for resource in resources],
    }


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read resources beside one patient with an infusion, as a Bundle."""

    def make(*resources: Resource, **options: Any) -> Cohort:
        path = tmp_path / "bundle.json"
        path.write_text(json.dumps(bundle([PATIENT, INFUSION, *resources])), encoding="utf-8")
        return read_fhir(path, **options)

    return make


def reasons(cohort: Cohort) -> list[str]:
    return cohort.rejected["reason"].tolist()


def values(cohort: Cohort) -> list[float]:
    return cohort.labs["value"].tolist()


@pytest.mark.parametrize(
    ("fields", "value", "comparator", "why"),
    [
        ({"valueQuantity": {"value": 5, "comparator": "<", "unit": "ng/mL"}}, 5, LESS, "bound"),
        ({"valueQuantity": {"value": "7.5", "unit": "ng/mL"}}, 7.5, 0, "number as text"),
        ({"valueQuantity": {"value": 0.9, "unit": "mg/L"}}, 900, 0, "converted"),
        (
            {"valueQuantity": {"value": 2, "unit": "odd", "code": "ng/mL",
                               "system": "http://unitsofmeasure.org"}}, 2, 0, "UCUM code first",
        ),
        (
            {"valueQuantity": {"value": 2, "unit": "ng/mL", "code": "17",
                               "system": "http://local"}}, 2, 0, "a local code is no unit",
        ),
        ({"valueString": "> 2000 ng/mL"}, 2000, GREATER, "text with comparator and unit"),
        ({"valueString": "<5"}, 5, LESS, "text without a unit: all of ferritin's agree or not"),
        ({"valueInteger": 12}, 12, 0, "integer"),
    ],
)  # fmt: skip
def test_values(read: Read, fields: Resource, value: float, comparator: int, why: str) -> None:
    code = {"coding": [{"system": "http://loinc.org", "code": "6301-6"}]}
    plain = "valueQuantity" not in fields and "ng/mL" not in str(fields)
    resource = without(observation(**fields), *({"valueQuantity"} - set(fields)))
    if plain:
        resource["code"] = code
    cohort = read(resource)
    assert values(cohort) == pytest.approx([value]), why
    assert cohort.labs["comparator"].tolist() == [comparator], why


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"valueString": "UNABLE TO REPORT"}, "value_not_a_number"),
        ({"valueCodeableConcept": {"text": "positive"}}, "value_not_a_number"),
        ({"valueInteger": "x"}, "value_not_a_number"),
        ({"dataAbsentReason": {"text": "hemolysed"}}, "value_absent"),
        ({}, "value_missing"),
    ],
)
def test_results_without_a_number(read: Read, fields: Resource, reason: str) -> None:
    cohort = read(without(observation(), "valueQuantity") | fields)
    assert reasons(cohort) == [reason]


def test_loinc_goes_before_the_text(read: Read) -> None:
    urine = {"coding": [{"system": "http://loinc.org", "code": "2161-8"}], "text": "Creatinine"}
    named = {"coding": [{"system": "http://lab", "code": "17"}], "text": "Ferritin"}
    cohort = read(observation(code=urine), observation(code=named))
    assert cohort.labs["analyte"].tolist() == ["ferritin"]
    assert cohort.notes["results of other codes (not used)"] == {"2161-8 Creatinine": 1}


def test_a_centres_own_codes(read: Read, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[analytes]\nferritin = ["http://lab|F9"]\n', encoding="utf-8")
    code = {"coding": [{"system": "http://lab", "code": "F9"}]}
    assert values(read(observation(code=code))) == []
    assert values(read(observation(code=code), mapping=own)) == [900]


def test_components_are_results_of_their_own(read: Read) -> None:
    panel = without(observation(code={"text": "blood count"}), "valueQuantity")
    panel["hasMember"] = [{"reference": "Observation/other"}]
    panel["component"] = [
        {
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "valueQuantity": {"value": value, "unit": unit},
        }
        for code, value, unit in (("718-7", 9.1, "g/dL"), ("777-3", 40, "10*3/uL"))
    ]
    panel["component"].append({"code": FERRITIN, "dataAbsentReason": {"text": "no sample"}})
    cohort = read(panel)
    assert dict(zip(cohort.labs["analyte"], cohort.labs["value"], strict=True)) == {
        "hemoglobin": 9.1,
        "platelets": 40.0,
    }
    assert reasons(cohort) == ["value_absent"]


def test_a_group_of_members_is_no_result(read: Read) -> None:
    panel = without(observation(hasMember=[{"reference": "Observation/1"}]), "valueQuantity")
    assert read(panel).rejected.empty


def test_the_reference_range_for_everybody_in_the_unit_of_the_result(read: Read) -> None:
    ranges = [
        {"high": {"value": 1, "unit": "ng/mL"}, "appliesTo": [{"text": "pregnancy"}]},
        {"low": {"value": 30, "unit": "ng/mL"}, "high": {"value": 0.4, "unit": "mg/L"}},
    ]
    labs = read(observation(referenceRange=ranges)).labs
    assert labs["reference_low"].tolist() == [30]
    assert np.isnan(labs["reference_high"].iloc[0])


@pytest.mark.parametrize(
    ("fields", "value", "comparator"),
    [
        ({"interpretation": [{"coding": [{"code": ">"}]}]}, 900, 2),
        ({"interpretation": [{"text": "Off scale low"}]}, 900, -2),
        ({"interpretation": [{"coding": [{"code": "H"}]}]}, 900, 0),
        ({"note": [{"text": "above linearity, result >900 ng/mL"}]}, 900, 2),
        ({"note": [{"text": "target <300"}]}, 900, 0),
        ({"valueString": "> 40,000.0 ng/mL"}, 40000, 2),
        ({"valueString": "LESS THAN 10 NG/ML"}, 10, -2),
        ({"valueString": "&gt;1000 ng/mL (H)"}, 1000, 2),
        ({"valueQuantity": {"value": "> 16500 (H)", "unit": "ng/mL"}}, 16500, 2),
    ],
)
def test_bounds_wherever_they_stand(
    read: Read, fields: Resource, value: float, comparator: int
) -> None:
    whole = observation(**fields)
    if "valueString" in fields:
        del whole["valueQuantity"]
    labs = read(whole).labs
    assert labs[["value", "comparator"]].to_numpy().tolist() == [[value, comparator]]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"valueString": "1,234 ng/mL"}, "number_two_ways"),
        ({"valueString": "9999999 ng/mL"}, "value_sentinel"),
        ({"valueQuantity": {"value": "12 mg/L", "unit": "ng/mL"}}, "unit_conflict"),
        ({"valueQuantity": {"value": 9, "comparator": "<", "unit": "ng/mL"},
          "interpretation": [{"coding": [{"code": ">"}]}]}, "value_conflict"),
        ({"valueString": ">40000"}, "missing_unit"),
    ],
)  # fmt: skip
def test_what_says_two_things_is_refused(read: Read, fields: Resource, reason: str) -> None:
    whole = observation(**fields)
    if "valueString" in fields:
        del whole["valueQuantity"]
    cohort = read(whole)
    assert cohort.labs.empty
    assert cohort.rejected["reason"].tolist() == [reason]


def test_a_text_without_a_unit_takes_the_one_of_all_others(read: Read) -> None:
    bare = observation(valueString=">40000", effectiveDateTime="2024-05-12T10:00:00+02:00")
    del bare["valueQuantity"]
    labs = read(observation(), bare).labs
    assert labs["value"].tolist() == [900, 40000]
    other = observation(valueQuantity={"value": 1, "unit": "mg/L"})
    assert len(read(observation(), other, bare).labs) == 2  # two sizes: not known


@pytest.mark.parametrize(
    ("ranges", "high"),
    [
        ([{"high": {"value": 1000}, "type": {"coding": [{"code": "treatment"}]}},
          {"high": {"value": 35}}], 35),
        ([{"high": {"value": 35}, "type": {"coding": [{"code": "normal"}]}}], 35),
        ([{"high": {"value": 1000}, "type": {"text": "Critical"}}], None),
        ([{"low": {"value": 0}, "high": {"value": 0}}], None),
        ([{"text": "10 - 35"}], 35),
        ([{"text": "<=35 ng/mL"}], 35),
        ([{"text": "10 - 35 mg/L"}], None),
        ([{"text": "see comment"}], None),
    ],
)  # fmt: skip
def test_only_a_normal_range_is_a_limit(
    read: Read, ranges: list[Resource], high: float | None
) -> None:
    found = read(observation(referenceRange=ranges)).labs["reference_high"].tolist()
    assert found == [high] if high is not None else np.isnan(found[0])


LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        (
            {"valueQuantity": {"value": 9, "unit": "mg/L", "system": UCUM, "code": "ng/mL"}},
            "unit_conflict",
        ),
        ({"dataAbsentReason": {"coding": [{"code": "error"}]}}, "value_absent"),
        ({"valueQuantity": {"value": 0, "unit": "ng/mL"}}, "value_impossible"),
        ({"valueQuantity": {"value": "1.234", "unit": "ng/mL"}}, "number_two_ways"),
        (
            {"code": {"coding": [*FERRITIN["coding"], {"system": LOINC, "code": "2160-0"}]}},
            "code_conflict",
        ),
        ({"code": {**FERRITIN, "text": "Ferritin, pleural fluid"}}, "not_blood"),
        ({"category": [{"text": "Urinalysis"}]}, "not_blood"),
        ({"specimen": {"display": "Random urine"}}, "not_blood"),
        ({"valueQuantity": {"value": 9, "unit": "pmol/L"}}, "unknown_unit"),
    ],
)
def test_what_contradicts_itself_is_refused(
    read: Read, fields: dict[str, Any], reason: str
) -> None:
    cohort = read(observation(**fields))
    assert (values(cohort), reasons(cohort)) == ([], [reason])


@pytest.mark.parametrize(
    "quantity",
    [
        {"value": 900, "unit": "\u00b5g/L", "system": UCUM, "code": "ug/L"},
        {"value": 900, "unit": "ng/mL", "system": UCUM, "code": "ug/L"},
        {"value": 900, "unit": "nanograms a millilitre", "system": UCUM, "code": "ng/mL"},
    ],
)
def test_a_unit_in_words_beside_its_code_is_no_conflict(
    read: Read, quantity: dict[str, Any]
) -> None:
    assert values(read(observation(valueQuantity=quantity))) == [900]


def test_a_panel_of_urine_holds_no_blood(read: Read) -> None:
    cells = {"code": {"text": "WBC"}, "valueQuantity": {"value": 5, "unit": "10*3/uL"}}
    for panel, found in (("Urinalysis panel", []), ("CBC panel", [5.0])):
        whole = without(observation(code={"text": panel}, component=[cells]), "valueQuantity")
        assert values(read(whole)) == found
