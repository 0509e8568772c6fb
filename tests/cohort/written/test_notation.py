"""How a file is written, decided from all of it."""

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort.written.notation import REPORT, Evidence, notation_of, stated_decimal
from riskmodel.errors import SchemaError


def labs(*values: str, **columns: list) -> dict[str, pd.DataFrame]:
    return {"labs": pd.DataFrame({"value": pd.Series(values, dtype="str"), **columns})}


def test_a_column_goes_before_its_file():
    table = labs("12,5", "1.234", hours_from_infusion=["0.5", "1.5"], reference_high=["1", "2"])
    found = notation_of(table)
    assert found.decimal("labs", "value") == ","
    assert found.decimal("labs", "hours_from_infusion") == "."
    assert found.decimal("labs", "reference_high") == ""


def test_a_file_tells_for_a_column_that_does_not():
    found = notation_of(labs("1.234", "600", reference_high=["12,5", "3"]))
    assert found.decimal("labs", "value") == ","
    assert notation_of(labs("1.234")).decimal("labs", "value") == ""
    assert notation_of(labs("12.5", "12,5")).decimal("labs", "value") == ""
    assert notation_of(labs("1.234"), ".").decimal("labs", "value") == "."


def test_a_folder_that_a_conversion_wrote_has_points(tmp_path):
    assert notation_of(labs("1.234"), folder=tmp_path).decimal("labs", "value") == ""
    (tmp_path / REPORT).touch()
    assert notation_of(labs("1.234"), folder=tmp_path).decimal("labs", "value") == "."


def test_times_that_are_all_midnight_are_dates():
    dates = {"labs": pd.DataFrame({"time": ["2024-05-01T00:00", "2024-05-02 00:00:00"]})}
    assert notation_of(dates).dates == ["labs"]
    times = {"labs": pd.DataFrame({"time": ["2024-05-01T00:00", "2024-05-02 08:00:00"]})}
    assert notation_of(times).dates == []
    assert notation_of({"labs": pd.DataFrame({"time": ["2024-05-01"]})}).dates == []


@given(
    st.lists(st.sampled_from(["1.234", "1,5", "2.5", "600", "0,123", ""]), min_size=1, max_size=9),
    st.integers(1, 8),
)
def test_parts_of_a_file_tell_what_the_whole_tells(cells, cut):
    whole, parts = Evidence(), Evidence()
    whole.see("labs", labs(*cells)["labs"])
    for piece in (cells[:cut], cells[cut:]):
        parts.see("labs", labs(*piece)["labs"])
    assert Evidence(parts.marks).notation() == whole.notation()


@pytest.mark.parametrize(("decimal", "thousands"), [(";", ""), (",", ",")])
def test_signs_that_cannot_be_are_refused(decimal, thousands):
    with pytest.raises(SchemaError, match="decimal sign"):
        stated_decimal(decimal, thousands)
