"""Score rows: the same columns and types, whoever is in them and however many."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from riskmodel import RESEARCH_USE
from riskmodel.cohort import read_cohort
from riskmodel.models import load_model
from riskmodel.scoring.score_table import (
    SCORE_COLUMNS,
    joined,
    note_of,
    rejected_rows,
    rows_of,
)


@pytest.fixture(scope="module")
def model(model_folders):
    return load_model(model_folders["early"])


@pytest.mark.parametrize("n", [0, 1, 3])
def test_columns_and_types_do_not_depend_on_the_rows(model, n):
    types = rows_of({}, 1, model, 24.0).dtypes
    for table in ({}, {"risk": 0.1, "n_missing": 2}, {"risk": np.nan, "reason": ["x"] * n}):
        for known in (model, None):
            found = rows_of(table, n, known, None if n else 24.0)
            assert (found.dtypes == types).all()
            assert found.index.tolist() == list(range(n))


def test_what_is_not_known_is_empty_and_never_zero(model):
    row = rows_of({}, 1, None, None).iloc[0]
    assert np.isnan(row[["risk", "risk_low", "risk_high", "horizon_days"]].astype(float)).all()
    assert row["n_missing"] is pd.NA
    assert row["status"] == row["model_name"] == ""
    assert row["note"] == RESEARCH_USE
    assert rows_of({}, 1, model, None)["horizon_days"].tolist() == [model.horizon_days]


def test_the_note_says_on_whom_it_was_trained(model):
    assert note_of(model).startswith(RESEARCH_USE)
    assert "simulated patients" in note_of(model)


FACTORS = st.lists(st.sampled_from(["a", "b", "c", "base"]), unique=True)


@given(st.lists(FACTORS, min_size=1, max_size=3))
def test_joining_loses_no_contribution_and_keeps_the_base_last(kinds):
    parts = []
    for k, factors in enumerate(kinds):
        rows = rows_of({"patient_id": [f"P{k}"]}, 1, None, 0.0)
        parts.append(rows.assign(**{f"contribution_{name}": k + 1.0 for name in factors}))
    whole = joined(parts)
    assert whole["patient_id"].tolist() == [f"P{k}" for k in range(len(kinds))]
    named = [name for name in whole if name.startswith("contribution_")]
    wanted = {f"contribution_{name}" for factors in kinds for name in factors}
    assert set(named) - {"contribution_base"} == wanted - {"contribution_base"}
    assert ("contribution_base" in named) == any(kinds)
    if named:
        assert named[-1] == "contribution_base"
    assert list(whole.columns[: len(SCORE_COLUMNS)]) == list(SCORE_COLUMNS)
    assert list(whole.columns[-2:]) == ["findings", "note"]
    for k, factors in enumerate(kinds):
        own = whole.loc[k, named].dropna()
        assert set(own.index) == {f"contribution_{name}" for name in factors}
        assert (own == k + 1.0).all()


def test_whoever_could_not_enter_leaves_once_and_nameless_rows_by_their_place(tmp_path, model):
    (tmp_path / "patients.csv").write_text(
        "patient_id,age_years\nA,50\nA,60\nA,70\n,40\n,30\nB,fifty\n"
    )
    (tmp_path / "labs.csv").write_text("patient_id,time,analyte,value\nX,1,ferritin,5\n")
    (tmp_path / "events.csv").write_text("patient_id,event,time\n")
    rows = rejected_rows(read_cohort(tmp_path), model, 24.0)
    assert rows["patient_id"].tolist() == ["A", "", ""]
    assert rows["reason"].tolist() == [
        "duplicate_patient", "patient_id_missing (row 4)", "patient_id_missing (row 5)"
    ]  # fmt: skip
    assert set(rows["status"]) == {"rejected"}
    assert rows["risk"].isna().all()
    assert rows.index[1:].tolist() == [4, 5]
    assert set(rows["findings"]) == {"duplicate_patient", "patient_id_missing"}
