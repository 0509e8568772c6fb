"""Tables in memory: cells as a file would hold them, and what is no table."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from riskmodel.cohort import Cohort
from riskmodel.cohort.tables.data_frames import cell, charted
from riskmodel.errors import SchemaError


@pytest.mark.parametrize("unknown", [None, np.nan, pd.NA, pd.NaT, "", "  ", np.float32("nan")])
def test_unknown_is_unknown(unknown: object) -> None:
    assert cell(unknown) is None


def test_a_number_is_written_as_a_person_writes_it() -> None:
    numbers = [7, 7.0, np.int64(7), np.float64(7), Decimal(7), "7"]
    assert {cell(number) for number in numbers} == {"7"}
    assert float(str(cell(0.1 + 0.2))) == 0.1 + 0.2
    assert cell(np.bool_(True)) == cell(True) == "1"
    assert cell(dt.datetime(2024, 5, 1, 10)) == cell(pd.Timestamp("2024-05-01 10:00"))


def test_an_absent_table_has_the_columns_that_are_needed() -> None:
    found = charted({"patients": pd.DataFrame({"patient_id": ["A"]})})
    assert found["labs"].empty
    assert "value" in found["labs"]


def test_cells_of_mixed_types_are_what_a_file_would_hold() -> None:
    found = Cohort.from_frames(
        pd.DataFrame(
            {
                "patient_id": [7, "08", 9.0],
                "infusion_time": [pd.Timestamp("2024-05-01 10:00"), "2024-05-02T10:00", None],
                "tet2_mutation": [True, "no", np.nan],
            }
        ),
        pd.DataFrame(
            {
                "patient_id": [7, "08", 9.0],
                "hours_from_infusion": [24, "24.5", 30.0],
                "analyte": "ferritin",
                "value": [812, ">40000", float("nan")],
                "unit": "ng/mL",
            }
        ),
    )
    assert found.patient_id.tolist() == ["7", "08", "9"]
    assert found.patients["tet2_mutation"].tolist()[:2] == [True, False]
    assert found.labs[["patient", "value", "comparator"]].to_numpy().tolist() == [
        [0, 812, 0],
        [1, 40000, 2],
    ]
    assert found.rejected["reason"].tolist() == ["value_missing"]


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(SchemaError) as told:
        Cohort.from_frames(pd.DataFrame({"id": ["A"]}), {"patient_id": ["A"]}, [1])
    for piece in (
        "'patients' has no column 'patient_id'",
        "'labs' is a dict",
        "'events' is a list",
    ):
        assert piece in str(told.value)


@pytest.mark.parametrize("odd", [[["a", "b"]], [b"A"], [{"x": 1}]])
def test_a_cell_that_is_no_value_is_refused(odd: list[object]) -> None:
    with pytest.raises(SchemaError, match=r"[tT]able 'patients'"):
        Cohort.from_frames(pd.DataFrame({"patient_id": ["A"], "product": odd}))
