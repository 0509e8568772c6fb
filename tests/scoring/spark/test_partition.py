"""What an executor does with one partition, without Spark."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pandas.testing import assert_frame_equal

from riskmodel.cohort import TABLES, read_cohort
from riskmodel.models import load_model
from riskmodel.scoring.batch.manifest import Counts
from riskmodel.scoring.prediction_times import output_columns, score_times
from riskmodel.scoring.spark.partition import TOLD, answer_schema, files_of, worker
from riskmodel.scoring.spark.tables import ID, ROW, TABLE

TIMES = ["pre-infusion", "day-4"]
N = 8


@pytest.fixture(scope="module")
def models(model_folders):
    return [load_model(folder) for folder in model_folders.values()]


@pytest.fixture(scope="module")
def tables(simulated):
    """Charted tables of a few patients, as text."""
    found = {name: pd.read_csv(simulated / f"{name}.csv", dtype=str) for name in TABLES}
    ids = found["patients"]["patient_id"].head(N)
    return {n: t[t["patient_id"].isin(ids)].reset_index(drop=True) for n, t in found.items()}


def stacked(tables) -> pa.Table:
    """The tables under one another, as a partition receives them."""
    parts = []
    for name, table in tables.items():
        own = table.assign(**{ROW: np.arange(len(table))}).add_prefix(f"{name}__")
        parts.append(own.assign(**{TABLE: name, ID: table["patient_id"]}))
    return pa.Table.from_pandas(pd.concat(parts, ignore_index=True), preserve_index=False)


def work(tables, models, order=None, **options):
    whole = stacked(tables)
    if order is not None:
        whole = whole.take(order.permutation(whole.num_rows))
    columns = {name: [*table.columns, ROW] for name, table in tables.items()}
    run = worker(
        columns, [files_of(m) for m in models], TIMES, "cohort",
        **{"explain": True, "outcomes": False, **options},
    )  # fmt: skip
    found = pa.Table.from_batches(run(iter(whole.to_batches(max_chunksize=50)))).to_pandas()
    last = found[found[TOLD].notna()]
    assert len(last) == 1
    return found[found[TOLD].isna()].reset_index(drop=True), json.loads(last[TOLD].iloc[0])


def test_a_partition_in_any_order_has_the_rows_of_the_cohort(tables, models, tmp_path):
    for name, table in tables.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    expected = score_times(read_cohort(tmp_path), models, TIMES, explain=True)
    names = output_columns(models, explain=True)
    for order in (None, np.random.default_rng(1), np.random.default_rng(2)):
        rows, told = work(tables, models, order)
        assert_frame_equal(
            rows[names], expected[names].reset_index(drop=True), check_exact=True, check_dtype=False
        )
        counts = Counts()
        counts.add(expected)
        again = Counts()
        again.merge(told["counts"])
        assert again.entry() == counts.entry()
        assert told["dated"] is False


def test_no_row_is_no_answer(models):
    run = worker({}, [files_of(m) for m in models], TIMES, "cohort", explain=False, outcomes=False)
    assert list(run(iter([]))) == []


def test_what_it_gives_has_the_columns_that_spark_was_told(tables, models):
    columns = output_columns(models, explain=False)
    rows, _ = work(tables, models, explain=False)
    assert rows.columns.tolist() == answer_schema(columns).names


def test_outcomes_are_told_where_a_form_needs_them(tables, models):
    assert set(work(tables, models)[0]["__outcome"]) == {""}
    assert set(work(tables, models, outcomes=True)[0]["__outcome"]) <= {
        "event", "no_event", "competing", "lost", "not_assessed"
    }  # fmt: skip


def test_a_model_travels_as_its_files(models, tmp_path):
    for name, content in files_of(models[0]).items():
        (tmp_path / name).write_bytes(content)
    again = load_model(tmp_path)
    assert again.features == models[0].features
    assert (again.classifier.linear_coef_ == models[0].classifier.linear_coef_).all()
