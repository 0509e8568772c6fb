"""The cohort in memory: parts of it, and what happened."""

import numpy as np
import pytest

from riskmodel.cohort import Cohort, cohort_of
from riskmodel.cohort.schema import COLUMNS, EVENT_NAMES, PATIENT_FLAGS, PATIENT_NUMBERS


@pytest.fixture
def cohort() -> Cohort:
    people = [{"patient_id": who} for who in ("A", "B", "C")]
    labs = [
        {
            "patient_id": who,
            "hours_from_infusion": at,
            "analyte": "crp",
            "value": k,
            "unit": "mg/L",
        }
        for k, (who, at) in enumerate([("A", -5), ("B", 10), ("C", 30), ("B", 50)], start=1)
    ]
    events = [
        {"patient_id": "B", "event": "crs", "hours_from_infusion": 20, "grade": 2},
        {"patient_id": "B", "event": "crs", "hours_from_infusion": 40, "grade": 0},
        {"patient_id": "C", "event": "fever", "hours_from_infusion": 5},
    ]
    return cohort_of(people, labs, events)


def test_patients_are_taken_in_the_order_asked(cohort: Cohort) -> None:
    part = cohort.take(np.array([2, 1]))
    assert part.patient_id.tolist() == ["C", "B"]
    assert part.labs[["patient", "value"]].to_numpy().tolist() == [[0, 3], [1, 2], [1, 4]]
    assert part.events["patient"].tolist() == [0, 1, 1]


def test_records_up_to_a_time_are_closed_at_it(cohort: Cohort) -> None:
    assert cohort.until(30.0).labs["value"].tolist() == [1, 2, 3]
    assert cohort.until(29.9).labs["value"].tolist() == [1, 2]


def test_an_end_is_no_event_that_happened(cohort: Cohort) -> None:
    assert len(cohort.events) == 3
    assert cohort.happened["grade"].fillna(-1).tolist() == [2, -1]


def test_columns_of_the_contract_are_named_once() -> None:
    for names in COLUMNS.values():
        assert len(set(names)) == len(names)
    assert {*PATIENT_NUMBERS, *PATIENT_FLAGS} < set(COLUMNS["patients"])
    assert len(EVENT_NAMES) > 30
