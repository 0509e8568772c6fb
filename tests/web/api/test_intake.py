"""The body of a request as a cohort, and what of it could not be used."""

import pytest

from riskmodel.web.api.bodies import Records
from riskmodel.web.api.intake import asked_at, cohort_of_records, rejected
from riskmodel.web.problems import ProblemError
from riskmodel.web.settings import Limits

BODY = {
    "patients": [{"patient_id": "P1", "age_years": 60}],
    "labs": [
        {"patient_id": "P1", "hours_from_infusion": 5, "analyte": "ferritin", "value": 2.155,
         "unit": "ng/mL"},
        {"patient_id": "P1", "hours_from_infusion": 6, "analyte": "ferritin", "value": "1,234",
         "unit": "ng/mL"},
    ],
    "events": [{"patient_id": "P1", "hours_from_infusion": 5, "event": "crs", "grade": 2}],
}  # fmt: skip


def test_numbers_are_numbers_and_what_is_open_is_refused_by_its_field() -> None:
    cohort = cohort_of_records(Records.model_validate(BODY), Limits())
    assert cohort.labs["value"].tolist() == [2.155]
    (told,) = rejected(cohort)
    assert told["field"] == "labs[1].value"
    assert told["reason"] == "number_two_ways"


def test_a_request_may_have_so_many_rows() -> None:
    with pytest.raises(ProblemError, match="one request takes 1"):
        cohort_of_records(Records.model_validate(BODY), Limits(rows=1))


def test_a_time_is_asked_for_where_the_default_would_leave_records_out() -> None:
    after = cohort_of_records(Records.model_validate(BODY), Limits())
    assert asked_at("day-1", after) == "day-1"
    assert asked_at("pre-infusion", after) == "pre-infusion"
    with pytest.raises(ProblemError, match=r"'at' is needed.*at: day-1"):
        asked_at(None, after)
    before = [{**row, "hours_from_infusion": -20} for row in BODY["labs"]]
    known = cohort_of_records(
        Records.model_validate({**BODY, "labs": before, "events": []}), Limits()
    )
    assert asked_at(None, known) == "pre-infusion"
    nothing = Records.model_validate({"patients": BODY["patients"]})
    assert asked_at(None, cohort_of_records(nothing, Limits())) == "pre-infusion"
