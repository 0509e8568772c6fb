"""Scores as an ADaM-like dataset, read by the packages that own the form."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskmodel import RESEARCH_USE
from riskmodel.cohort.sdtm.xpt import read_xpt
from riskmodel.scoring.writers.adam import LABELS, PARAMETERS, adam_rows
from riskmodel.scoring.writers.formats import FORMATS
from riskmodel.scoring.writers.sinks import sink

RISKS = {
    "patient_id": ["A", "A", "B", "B", "C"],
    "prediction_time_hours": [0.0, 72.0, 72.0, 0.0, np.nan],
    "stage": ["pre_infusion", "early", "early", "pre_infusion", ""],
    "status": ["scored", "partial", "scored", "out_of_scope", "rejected"],
    "reason": ["", "few labs", "", "autoimmune", "duplicate_patient"],
    "risk": [0.1, 0.3, 0.2, np.nan, np.nan],
    "risk_low": [0.05, 0.2, 0.1, np.nan, np.nan],
    "risk_high": [0.2, 0.5, 0.4, np.nan, np.nan],
    "risk_group": ["low", "", "high", "", ""],
    "model_name": ["m", "n", "n", "m", ""],
    "model_version": ["1", "2", "2", "1", ""],
    "definition": ["astct-2024"] * 4 + [""],
    "horizon_days": [14.0] * 4 + [np.nan],
}


def scores(**changed: list) -> pd.DataFrame:
    start = [pd.Timestamp("2024-05-10T18:00")] * 2 + [pd.NaT] * 2 + [pd.NaT]
    return pd.DataFrame({**RISKS, "__infusion_time": start, **changed})


def test_every_score_is_its_parameters_and_days_count_from_one() -> None:
    found = adam_rows(scores())
    assert list(found) == list(LABELS)
    assert all(len(name) <= 8 and name.isupper() for name in found)
    assert all(len(label) <= 40 for label in LABELS.values())
    assert all(len(label) <= 200 and len(code) <= 8 for code, (_, label) in PARAMETERS.items())
    mine = found[found["USUBJID"] == "A"]
    assert mine["PARAMCD"].tolist() == [
        "IECHSRSK", "IECHSRLO", "IECHSRHI", "IECHSGRP", "IECHSSTA",
        "IECHSRSK", "IECHSRLO", "IECHSRHI", "IECHSSTA",
    ]  # fmt: skip
    assert mine["ADY"].tolist() == [1.0] * 5 + [4.0] * 4
    assert set(mine["ADTM"]) == {pd.Timestamp("2024-05-10T18:00"), pd.Timestamp("2024-05-13T18:00")}
    assert (found["NOTE"] == RESEARCH_USE).all()


def test_a_number_has_no_text_beside_it_and_a_text_no_number() -> None:
    found = adam_rows(scores())
    numbers = found["PARAMCD"].isin(["IECHSRSK", "IECHSRLO", "IECHSRHI"])
    assert found.loc[numbers, "AVAL"].notna().all()
    assert (found.loc[numbers, "AVALC"] == "").all()
    assert found.loc[~numbers, "AVAL"].isna().all()
    assert (found.loc[~numbers, "AVALC"] != "").all()


def test_the_baseline_is_the_risk_before_the_infusion() -> None:
    found = adam_rows(scores())
    risks = found[found["PARAMCD"] == "IECHSRSK"]
    assert risks[["USUBJID", "AVAL", "BASE", "ABLFL"]].fillna(-1).to_numpy().tolist() == [
        ["A", 0.1, 0.1, "Y"], ["A", 0.3, 0.1, ""], ["B", 0.2, -1.0, ""],
    ]  # fmt: skip
    # Two models before the infusion: neither is the baseline.
    twice = adam_rows(scores(stage=["pre_infusion"] * 5))
    assert twice.loc[twice["USUBJID"] == "A", "BASE"].isna().all()


def test_who_has_no_infusion_time_or_no_score_leaves_too() -> None:
    found = adam_rows(scores())
    assert found.loc[found["USUBJID"] == "B", ["ADT", "ADTM", "ADY"]].isna().all(axis=None)
    assert set(found.loc[found["USUBJID"] == "B", "ATPTN"]) == {0.0, 72.0}
    last = found[found["USUBJID"] == "C"]
    assert last[["PARAMCD", "AVALC", "REASON"]].to_numpy().tolist() == [
        ["IECHSSTA", "rejected", "duplicate_patient"]
    ]


@pytest.mark.parametrize("long", [False, True])
def test_a_transport_file_says_what_the_table_says(tmp_path: Path, long: bool) -> None:
    pyreadstat = pytest.importorskip("pyreadstat")
    rows = scores(reason=["x" * (300 if long else 20)] * 5)
    expected = adam_rows(rows)
    with sink(tmp_path / "adiechs.xpt", FORMATS["adam"]) as write:
        write(rows[:2])
        write(rows[2:])
    found, about = pyreadstat.read_xport(str(tmp_path / "adiechs.xpt"))
    assert about.column_names_to_labels == LABELS
    assert found["AVAL"].tolist() == pytest.approx(expected["AVAL"].tolist(), nan_ok=True)
    assert found["REASON"].tolist() == expected["REASON"].tolist()
    assert found["ADTM"].tolist()[0] == pd.Timestamp("2024-05-10T18:00")
    again = next(read_xpt(tmp_path / "adiechs.xpt"))
    assert again["AVAL"].tolist() == pytest.approx(expected["AVAL"].tolist(), nan_ok=True)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_parts_make_one_table(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"adiechs.{ending}"
    rows = scores()
    with sink(path, FORMATS["adam"]) as write:
        write(rows[4:])  # without a date
        write(rows[:4])
    found = pd.read_csv(path) if ending == "csv" else pd.read_parquet(path)
    assert len(found) == len(adam_rows(rows))
    assert found["AVAL"].dropna().tolist()[:3] == [0.1, 0.05, 0.2]
