"""An evaluation as a folder: complete or not at all, and never over something else."""

import html
import json

import pandas as pd
import pytest

from riskmodel import RESEARCH_USE
from riskmodel.errors import SchemaError
from riskmodel.evaluation.pages.writing import ABOUT_FILE, REPORT_FILE, write_evaluation


@pytest.fixture(scope="module")
def evaluation(evaluation_of):
    return evaluation_of(patients=120)


def test_every_table_with_columns_stands_twice_with_the_same_figures(evaluation, tmp_path):
    folder = tmp_path / "out"
    write_evaluation(evaluation, folder)
    for name, table in evaluation.tables.items():
        assert (folder / f"{name}.csv").exists() == bool(len(table.columns))
        if len(table.columns):
            stored = pd.read_parquet(folder / f"{name}.parquet")
            pd.testing.assert_frame_equal(stored, table, check_dtype=False, check_exact=True)
            text = pd.read_csv(folder / f"{name}.csv")
            numbers = list(table.select_dtypes("number"))
            pd.testing.assert_frame_equal(
                text[numbers], stored[numbers], check_dtype=False, rtol=1e-12
            )
    about = json.loads((folder / ABOUT_FILE).read_text())
    assert about == {**evaluation.about, "note": RESEARCH_USE}
    assert RESEARCH_USE in html.unescape((folder / REPORT_FILE).read_text())


def test_an_earlier_evaluation_is_replaced_whole(evaluation, tmp_path):
    folder = tmp_path / "out"
    write_evaluation(evaluation, folder)
    (folder / "stale.csv").write_text("old")
    write_evaluation(evaluation, folder)
    assert not (folder / "stale.csv").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_something_else_is_left_as_it_is(evaluation, tmp_path):
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(SchemaError, match=r"holds no evaluation\.json"):
        write_evaluation(evaluation, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_what_json_cannot_hold_leaves_the_earlier_one(evaluation, tmp_path):
    from dataclasses import replace

    folder = tmp_path / "out"
    write_evaluation(evaluation, folder)
    before = (folder / ABOUT_FILE).read_bytes()
    broken = replace(evaluation, about={**evaluation.about, "when": {1, 2}})
    with pytest.raises(TypeError):
        write_evaluation(broken, folder)
    assert (folder / ABOUT_FILE).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
