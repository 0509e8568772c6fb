"""The columns, choices and events of the contract."""

from riskmodel.cohort.schema import COLUMNS, EVENT_NAMES, PATIENT_FLAGS, PATIENT_NUMBERS


def test_columns_of_the_contract_are_named_once() -> None:
    for names in COLUMNS.values():
        assert len(set(names)) == len(names)
    assert {*PATIENT_NUMBERS, *PATIENT_FLAGS} < set(COLUMNS["patients"])
    assert len(EVENT_NAMES) > 30
