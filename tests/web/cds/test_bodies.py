"""Bodies of CDS Hooks: more than is read is allowed, what is needed is asked for."""

import pytest
from pydantic import ValidationError

from riskmodel.web.cds.bodies import FeedbackRequest, HookRequest

CALL = {"hook": "patient-view", "hookInstance": "i", "context": {"patientId": "p"}}
TOLD = {"card": "c", "outcome": "accepted", "outcomeTimestamp": "2026-03-10T00:00:00Z"}


def test_a_call_may_carry_more_than_is_read():
    found = HookRequest.model_validate({**CALL, "fhirServer": "https://ehr", "extension": {}})
    assert found.context.patientId == "p"
    assert not hasattr(found, "fhirServer")


@pytest.mark.parametrize("lacking", list(CALL))
def test_what_is_needed_is_asked_for(lacking):
    with pytest.raises(ValidationError, match=lacking):
        HookRequest.model_validate({name: v for name, v in CALL.items() if name != lacking})


@pytest.mark.parametrize(
    "change",
    [
        {"prefetch": {f"k{k}": None for k in range(21)}},
        {"context": {"patientId": "x" * 201}},
        {"context": {"patientId": ""}},
    ],
)
def test_too_much_is_refused(change):
    with pytest.raises(ValidationError):
        HookRequest.model_validate({**CALL, **change})


def test_an_outcome_is_one_of_two():
    assert FeedbackRequest.model_validate({"feedback": [TOLD]}).feedback[0].overrideReason is None
    with pytest.raises(ValidationError, match="outcome"):
        FeedbackRequest.model_validate({"feedback": [{**TOLD, "outcome": "ignored"}]})
