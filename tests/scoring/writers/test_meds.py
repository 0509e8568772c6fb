"""MEDS predictions: the package that owns the form reads them, and none has a label not known."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
from meds_evaluation.evaluate import evaluate_binary_classification
from meds_evaluation.schema import PredictionSchema

from riskmodel.cohort import read_cohort
from riskmodel.criteria import label
from riskmodel.scoring.batch.run import score_batch
from riskmodel.scoring.writers.meds import meds_rows, prediction_times, unlabelled_rows
from riskmodel.scoring.writers.subjects import subject_id


def test_meds_evaluation_takes_the_file_as_it_is(dated, written, scores, tmp_path):
    out = written(tmp_path / "predictions.parquet", "meds")
    table = pq.read_table(out)
    PredictionSchema.validate(table)
    assert table.column_names == [
        "subject_id", "prediction_time", "boolean_value", "predicted_boolean_value",
        "predicted_boolean_probability",
    ]  # fmt: skip
    measured = evaluate_binary_classification(pl.read_parquet(out))
    assert 0 <= measured["samples_equally_weighted"]["roc_auc_score"] <= 1
    other = pq.read_table(tmp_path / "predictions.unlabelled.parquet")
    PredictionSchema.validate(other)

    listed = pd.read_csv(f"{out}.patients.csv", keep_default_na=False)
    assert len(listed) == len(scores)
    assert listed["status"].tolist() == scores["status"].tolist()
    known = scores[scores["risk"].notna() & (scores["patient_id"] != "S00003")]
    assert table.num_rows + other.num_rows == len(known)
    outcome = label(read_cohort(dated)).set_index("patient_id")["outcome"]
    number = {subject_id(name): name for name in outcome.index}
    rows = table.to_pandas()
    named = rows["subject_id"].map(number)
    told = named.map(outcome)
    # An event needs one moment, "no_event" by its letter unbroken watching: a file of those whom
    # the letter tells would hold too many events.
    letter = outcome.isin(["event", "no_event", "competing"]).sum()
    assert len(rows) > letter
    assert not (rows["boolean_value"] & told.isin(["no_event", "competing"])).any()
    assert (rows["boolean_value"] == (told == "event")).all()
    assert set(other.to_pandas()["subject_id"].map(number).map(outcome)) <= {"lost", "not_assessed"}
    start = pd.Timestamp("2024-01-01T10:00:00")
    first = rows[named == "S00001"]["prediction_time"].tolist()
    assert first == [start, start + pd.Timedelta(days=4)]
    risk = known.set_index(["patient_id", "prediction_time_hours"])["risk"]
    assert rows["predicted_boolean_probability"].iloc[0] == np.float32(risk["S00001", 0.0])


def test_without_any_infusion_time_the_dates_count_from_1970_and_it_is_said(
    simulated, models, tmp_path
):
    made = score_batch(
        simulated, models[:1], ["pre-infusion"], tmp_path / "p.parquet", form="meds"
    ).manifest
    assert "counted from 1970-01-01" in made["output"]["times"]
    times = pd.read_parquet(tmp_path / "p.parquet")["prediction_time"]
    assert (times == pd.Timestamp("1970-01-01")).all()


@pytest.mark.parametrize(
    ("outcome", "labelled", "value", "why"),
    [
        ("event", True, True, "onset"),
        ("no_event", True, False, "watched to the horizon"),
        ("competing", True, False, "died first: no onset can come"),
        ("lost", False, None, "nobody knows"),
        ("not_assessed", False, None, "nobody measured"),
        ("", False, None, "no label at all"),
    ],
)
def test_a_label_that_is_not_known_is_no_no_event(rows_with, outcome, labelled, value, why):
    rows = rows_with(__outcome=outcome)
    known, unknown = meds_rows(rows), unlabelled_rows(rows)
    assert (len(known), len(unknown)) == ((1, 0) if labelled else (0, 1)), why
    if labelled:
        assert known["boolean_value"].tolist() == [value]
    assert "boolean_value" not in unknown


def test_without_a_risk_or_a_date_there_is_no_prediction(rows_with):
    rows = rows_with(3, risk=[0.1, np.nan, 0.3], __outcome="event")
    rows.loc[2, "__infusion_time"] = pd.NaT
    assert meds_rows(rows)["subject_id"].tolist() == [subject_id("P0")]
    rows["__outcome"] = "lost"
    assert len(unlabelled_rows(rows)) == 1


def test_no_row_has_the_types_of_any(rows_with):
    some, none = meds_rows(rows_with(2)), meds_rows(rows_with(2).iloc[:0])
    assert (some.dtypes == none.dtypes).all()
    assert some["prediction_time"].tolist() == [pd.Timestamp("2024-03-05T10:00")] * 2
    assert some["predicted_boolean_probability"].dtype == np.float32


def test_only_a_high_group_is_a_predicted_event(rows_with):
    rows = rows_with(4, risk_group=["low", "intermediate", "high", ""])
    assert meds_rows(rows)["predicted_boolean_value"].tolist() == [False, False, True, False]


def test_hours_of_a_fraction_keep_their_minutes(rows_with):
    rows = rows_with(prediction_time_hours=96.25)
    assert prediction_times(rows).tolist() == [pd.Timestamp("2024-03-05T10:15")]
