"""Rows of LB: which value counts, and what keeps it from counting."""

from collections import Counter

import pandas as pd
import pytest

from riskmodel.cohort.sdtm.results import results

TESTS = {"FERRITIN": "ferritin", "WEIGHT": "body_weight"}


def row(**fields: object) -> dict[str, object]:
    whole = {"USUBJID": "A", "LBTESTCD": "FERRITIN", "LBTEST": "Ferritin", "LBDTC": "2024-05-12"}
    return {**whole, **fields}


@pytest.mark.parametrize(
    ("fields", "value", "sign", "unit", "refusal"),
    [
        ({"LBSTRESN": 9, "LBSTRESU": "ug/L", "LBORRES": "8", "LBORRESU": "x"}, 9, "", "ug/L", ""),
        ({"LBORRES": "8", "LBORRESU": "ng/mL"}, 8, "", "ng/mL", ""),
        ({"LBORRES": "<8 ng/mL"}, 8, "<", "ng/mL", ""),
        ({"LBSTRESN": 5, "LBSTRESC": "<5", "LBSTRESU": "ng/mL"}, 5, "<", "ng/mL", ""),
        ({"LBSTRESN": 5, "LBORRES": "<5", "LBSTRESU": "ng/mL"}, 5, "<", "ng/mL", ""),
        ({"LBSTRESN": 5, "LBSTRESC": "7"}, None, "", "", "value_conflict"),
        ({"LBORRES": "HEMOLYZED"}, None, "", "", "value_not_a_number"),
        ({"LBORRES": "", "LBSTAT": "NOT DONE"}, None, "", "", "value_absent"),
        ({"LBSTRESN": 5, "LBDTC": ""}, None, "", "", "time_missing"),
        ({"LBSTRESN": 5, "LBDTC": "2024---12"}, None, "", "", "time_not_a_day"),
        ({"LBSTRESN": 5, "LBCAT": "URINALYSIS"}, None, "", "", "not_blood"),
    ],
)
def test_a_row(
    fields: dict[str, object], value: float | None, sign: str, unit: str, refusal: str
) -> None:
    found = results("LB", pd.DataFrame([row(**fields)]), "lb", {}, TESTS, Counter()).to_pylist()[0]
    assert found["refusal"] == refusal
    if value is not None:
        assert (found["value"], found["comparator"], found["unit"]) == (value, sign, unit)


def test_codes_go_before_names_and_the_rest_is_counted() -> None:
    unread: Counter[str] = Counter()
    rows = [
        row(LBLOINC="26465-5", LBTEST="Leukocytes", LBTESTCD="WBC"),
        row(LBTESTCD="FERR1", LBTEST="FERRITIN, SERUM"),
        row(LBTESTCD="GGT", LBTEST="Gamma"),
        row(LBTESTCD="WEIGHT", LBTEST="Weight"),
        row(LBTESTCD="OWN", LBTEST="x"),
    ]
    found = results("LB", pd.DataFrame(rows), "lb", {"OWN": "crp"}, TESTS, unread)
    assert [one["analyte"] for one in found.to_pylist()] == ["ferritin", "crp"]
    assert unread == {"WBC Leukocytes": 1, "GGT Gamma": 1, "WEIGHT Weight": 1}
