"""Writing a cohort back: the same cohort comes out, and no cell runs in a spreadsheet."""

from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from riskmodel.cohort import read_cohort
from riskmodel.cohort.write import safe_cells, write_cohort
from riskmodel.errors import SchemaError


def same_after_writing(folder: Path, out: Path, file_format: str) -> None:
    cohort = read_cohort(folder)
    write_cohort(cohort, out, file_format=file_format)
    again = read_cohort(out)
    assert_frame_equal(again.labs, cohort.labs, check_exact=True)
    assert_frame_equal(again.events, cohort.events, check_exact=True)
    assert_frame_equal(again.patients, cohort.patients)
    assert again.rejected.empty
    assert len(pd.read_csv(out / "rejected.csv")) == len(cohort.rejected)


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_a_simulated_cohort_survives(simulated: Path, tmp_path: Path, file_format: str):
    same_after_writing(simulated, tmp_path / "out", file_format)


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_many_slices_are_one_table(simulated: Path, tmp_path: Path, file_format, monkeypatch):
    monkeypatch.setattr("riskmodel.cohort.write.ROWS_AT_A_TIME", 20_000)
    same_after_writing(simulated, tmp_path / "out", file_format)


@pytest.mark.parametrize("name", ["mimic3_demo_20/tidy", "tongji_60", "case_manghisi_2025"])
def test_real_cohorts_survive(shared_data: Path, tmp_path: Path, name: str):
    same_after_writing(shared_data / name, tmp_path / "out", "csv")


def test_formula_cells_are_written_as_text():
    table = pd.DataFrame({"patient_id": ["=1+1", "P1"], "value": [-1.0, 2.0]})
    safe = safe_cells(table)
    assert safe["patient_id"].tolist() == ["'=1+1", "P1"]
    assert safe["value"].tolist() == [-1.0, 2.0]


def test_a_folder_of_something_else_is_left_alone(simulated: Path, tmp_path: Path):
    (tmp_path / "notes.txt").write_text("keep")
    with pytest.raises(SchemaError, match="was left as it is"):
        write_cohort(read_cohort(simulated), tmp_path)
    assert (tmp_path / "notes.txt").exists()
