"""The labs table: units beside values, order, repeats, and times counted."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort import cohort_of
from riskmodel.cohort.tables.labs import RESULT_ORDER, SAME_RESULT, repeats, sorted_results

PATIENT = {"patient_id": "P1", "infusion_time": "2024-05-10T10:00"}


def labs(*rows: dict):
    base = {"patient_id": "P1", "hours_from_infusion": "5", "analyte": "ferritin"}
    return cohort_of([PATIENT], [{**base, **row} for row in rows])


@pytest.mark.parametrize(
    ("value", "unit", "read", "reason"),
    [
        (">40000 ng/mL", "ng/mL", 40000, ""),
        (">40000 ng/mL", "", 40000, ""),
        ("600 NG/ML", "ug/L", 600, ""),
        ("600 ug/mL", "ng/mL", None, "unit_conflict"),
        ("600 H", "ng/mL", 600, ""),
    ],
)
def test_a_unit_beside_the_value_is_that_of_the_row(value, unit, read, reason) -> None:
    found = labs({"value": value, "unit": unit})
    assert found.labs["value"].tolist() == ([] if read is None else [read])
    assert found.rejected["reason"].tolist() == ([reason] if reason else [])


@pytest.mark.parametrize(
    ("text", "analyte", "unit", "read"),
    [
        ("12,345", "hemoglobin", "g/dL", 12.345),
        ("1,234", "inr", "", 1.234),
        ("1,234", "ferritin", "ng/mL", None),
        ("1,234", "platelets", "/uL", None),
    ],
)
def test_of_two_readings_the_possible_one_is_taken(text, analyte, unit, read) -> None:
    found = labs({"value": text, "analyte": analyte, "unit": unit})
    assert found.labs["value"].tolist() == ([] if read is None else [read])
    if read is None:
        assert found.rejected["reason"].tolist() == ["number_two_ways"]


@pytest.mark.parametrize("value", ["9999999", "99999999", "-999", "-9", "999999.99", ">9999999"])
@pytest.mark.parametrize("analyte", ["ferritin", "car_t_cells", "il6", "d_dimer"])
def test_a_sentinel_is_no_result_of_any_analyte(value, analyte) -> None:
    found = labs({"value": value, "analyte": analyte, "unit": "" if analyte == "d_dimer" else None})
    assert found.labs.empty


TABLES = st.lists(st.tuples(*(st.integers(0, 2) for _ in RESULT_ORDER)), min_size=1, max_size=12)


@given(TABLES, st.randoms())
def test_the_order_is_that_of_every_column_whatever_the_order_before(rows, random) -> None:
    def frame(of: list) -> pd.DataFrame:
        table = pd.DataFrame(of, columns=list(RESULT_ORDER)).astype("float64")
        table["patient"] = table["patient"].astype("int64")
        codes = table["analyte"].astype("int64")
        names = pd.Index(["a", "b", "c"])
        return table.assign(analyte=pd.Categorical.from_codes(codes, categories=names))

    shuffled = list(rows)
    random.shuffle(shuffled)
    found = sorted_results(frame(shuffled))
    pd.testing.assert_frame_equal(found, sorted_results(frame(rows)))
    keys = [tuple(row) for row in found.assign(analyte=found["analyte"].cat.codes).to_numpy()]
    assert keys == sorted(keys)
    first = [key[: len(SAME_RESULT)] for key in keys]
    again = [k > 0 and first[k] == first[k - 1] for k in range(len(first))]
    np.testing.assert_array_equal(repeats(found, SAME_RESULT), again)
