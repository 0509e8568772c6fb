"""Parts written one after the other make one valid file."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from pandas.testing import assert_frame_equal

from riskmodel.scoring.writers.formats import FORMATS
from riskmodel.scoring.writers.sinks import line, sink


def write(path: Path, form: str, parts: list[pd.DataFrame]) -> None:
    with sink(path, FORMATS[form]) as append:
        for rows in parts:
            append(rows)


@pytest.mark.parametrize(
    ("name", "form"),
    [(f"x{ending}", form) for form in FORMATS for ending in FORMATS[form].endings],
)
def test_parts_give_the_bytes_or_rows_of_the_whole(rows_with, tmp_path, name, form):
    whole = rows_with(6)
    parts = [whole.iloc[:0], whole.iloc[:1], whole.iloc[1:4], whole.iloc[4:4], whole.iloc[4:]]
    write(tmp_path / name, form, parts)
    write(tmp_path / f"whole-{name}", form, [whole])
    one, two = tmp_path / name, tmp_path / f"whole-{name}"
    if name.endswith(".parquet"):
        assert_frame_equal(pd.read_parquet(one), pd.read_parquet(two), check_exact=True)
    else:
        assert one.read_bytes() == two.read_bytes()


def test_a_bundle_of_nobody_is_a_bundle(tmp_path, rows_with):
    write(tmp_path / "x.json", "fhir", [rows_with(1).iloc[:0]])
    assert json.loads((tmp_path / "x.json").read_text())["entry"] == []


def test_a_cell_that_a_spreadsheet_would_run_is_text_in_csv_alone(tmp_path, rows_with):
    rows = rows_with(patient_id="=1+1")
    write(tmp_path / "x.csv", "cohort", [rows])
    write(tmp_path / "x.parquet", "cohort", [rows])
    assert pd.read_csv(tmp_path / "x.csv")["patient_id"].tolist() == ["'=1+1"]
    assert pd.read_parquet(tmp_path / "x.parquet")["patient_id"].tolist() == ["=1+1"]


def test_a_part_whose_columns_are_all_empty_takes_the_types_of_the_first(tmp_path, rows_with):
    empty = rows_with(2, risk=np.nan, risk_low=np.nan, risk_high=np.nan, n_missing=pd.NA)
    write(tmp_path / "x.parquet", "cohort", [rows_with(2, n_missing=3), empty])
    found = pd.read_parquet(tmp_path / "x.parquet")
    assert found["risk"].isna().tolist() == [False, False, True, True]
    assert found["n_missing"].dropna().tolist() == [3, 3]


@given(st.dictionaries(st.text(), st.text() | st.floats(allow_nan=False, allow_infinity=False)))
def test_a_resource_is_one_line(resource):
    text = line(resource)
    assert "\n" not in text
    assert "\r" not in text
    assert json.loads(text) == resource


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_json_has_not_is_refused(value):
    with pytest.raises(ValueError, match="JSON"):
        line({"risk": value})
