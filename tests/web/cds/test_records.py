"""From a prefetch to one patient: whose resources, how many, which product is ordered."""

from datetime import UTC, datetime

import pytest

from riskmodel.errors import SchemaError
from riskmodel.web.cds.records import gaps, ordered_product, records_of, resources
from riskmodel.web.problems import ProblemError

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def bundle(*held, **more):
    return {"resourceType": "Bundle", "entry": [{"resource": r} for r in held], **more}


def observation(patient: str, value: float = 900.0):
    return {
        "resourceType": "Observation",
        "status": "final",
        "subject": {"reference": f"Patient/{patient}"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "2276-4"}]},
        "effectiveDateTime": "2026-03-09T12:00:00Z",
        "valueQuantity": {"value": value, "code": "ng/mL", "system": "http://unitsofmeasure.org"},
    }


def patient(name: str):
    return {"resourceType": "Patient", "id": name}


def order(kind: str = "MedicationRequest", text: str = "Yescarta", name: str = "o1"):
    column = {"MedicationRequest": "medicationCodeableConcept", "ServiceRequest": "code"}[kind]
    return {"resourceType": kind, "id": name, column: {"text": text}}


@pytest.mark.parametrize(
    ("held", "count"),
    [
        (observation("p"), 1),
        (bundle(observation("p"), bundle(observation("p"))), 2),
        (bundle(bundle(bundle(bundle(observation("p"))))), 0),
        ({"resourceType": 3}, 0),
        ("text", 0),
        (None, 0),
        ({"resourceType": "Bundle", "entry": {"resource": {}}}, 0),
    ],
)
def test_resources_stand_alone_or_in_bundles_not_too_deep(held, count):
    assert len(list(resources(held))) == count


def test_what_is_missing_or_goes_on_is_said():
    more = {"link": [{"relation": "self"}, {"relation": "next"}]}
    assert gaps({"results": bundle(), "given": bundle(), "conditions": bundle()}) == []
    assert gaps({"results": bundle(**more), "given": bundle()}) == [
        "Only the first page of the laboratory results was sent; the others are missing here.",
        "No conditions were sent.",
    ]
    assert gaps({"results": bundle(link="next"), "given": bundle(), "conditions": bundle()}) == []


def test_records_of_others_are_left_aside():
    prefetch = {"patient": patient("p"), "results": bundle(observation("p"), observation("q"))}
    found = records_of(prefetch, "p", 100, ("axi-cel", NOW))
    assert found.patient_id.tolist() == ["p"]
    assert len(found.labs) == 1
    assert found.labs["hours"].tolist() == [-24.0]


def test_more_resources_than_allowed_are_refused():
    prefetch = {"patient": patient("p"), "results": bundle(*[observation("p")] * 5)}
    with pytest.raises(ProblemError) as refused:
        records_of(prefetch, "p", 5, ("axi-cel", NOW))
    assert refused.value.status == 413


def test_without_an_infusion_there_is_no_cohort():
    with pytest.raises(SchemaError):
        records_of({"patient": patient("p"), "results": bundle(observation("p"))}, "p", 100, None)


@pytest.mark.parametrize(
    ("orders", "selected", "product"),
    [
        ([order()], ["MedicationRequest/o1"], "axicabtagene ciloleucel"),
        ([order("ServiceRequest")], None, "axicabtagene ciloleucel"),
        ([order()], ["MedicationRequest/o2"], None),
        ([order(text="paracetamol")], None, None),
        ([{"resourceType": "NutritionOrder", "id": "o1"}], None, None),
        ([], None, None),
    ],
)
def test_the_product_is_that_of_a_selected_order(orders, selected, product):
    assert ordered_product(bundle(*orders), selected) == product


@pytest.mark.parametrize("draft", [None, {}, {"entry": "x"}, {"entry": [None, {"resource": 3}]}])
def test_a_broken_draft_orders_nothing(draft):
    assert ordered_product(draft, None) is None
