"""The forms of the output on Spark are those of the local writers."""

import json

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from riskmodel.errors import SchemaError
from riskmodel.scoring.score_table import rows_of
from riskmodel.scoring.spark.forms import folders_of, write, written
from riskmodel.scoring.spark.partition import answer_schema
from riskmodel.scoring.writers.formats import FORMATS, INFUSION, OUTCOME

pytest.importorskip("pyspark")
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:pyspark"),
]


COLUMNS = list(rows_of({}, 0, None, None))


def scores(ids):
    n = len(ids)
    table = {"patient_id": ids, "status": "scored", "reason": "", "risk": np.linspace(0.1, 0.3, n),
             "risk_low": 0.05, "risk_high": 0.4, "risk_group": "low", "horizon_days": 14.0,
             "n_missing": 2, "stage": "early", "model_name": "m", "model_version": "1"}  # fmt: skip
    rows = rows_of(table, n, None, 24.0)
    return rows.assign(**{INFUSION: pd.Timestamp("2024-01-01"), OUTCOME: "event"})


@pytest.fixture
def on_spark(session):
    import pyarrow as pa
    from pyspark.sql.pandas.types import from_arrow_schema

    def put(rows):
        schema = answer_schema(COLUMNS)
        table = pa.Table.from_pandas(
            rows.reindex(columns=schema.names), schema=schema, preserve_index=False
        )
        kinds = from_arrow_schema(schema, prefer_timestamp_ntz=True)
        return session.createDataFrame(table.replace_schema_metadata(), schema=kinds)

    return put


@pytest.mark.parametrize(
    ("form", "endings"),
    [("cohort", [""]), ("fhir", [""]), ("omop", ["", ".patients"]),
     ("meds", ["", ".unlabelled", ".patients"])],
)  # fmt: skip
def test_a_form_names_every_folder_that_it_writes(form, endings):
    assert folders_of(FORMATS[form], "out") == [f"out{ending}" for ending in endings]


@pytest.mark.parametrize("form", ["cohort", "meds", "omop"])
def test_the_rows_are_those_of_the_local_writer(on_spark, form):
    rows = scores(["B", "A", "C"])
    tables = written(on_spark(rows), COLUMNS, FORMATS[form], "out", False)
    assert list(tables) == folders_of(FORMATS[form], "out")
    found = tables["out"].toPandas()
    expected = FORMATS[form].table(rows.sort_values("patient_id").reset_index(drop=True))
    keys = [name for name in ("subject_id", "observation_id", "patient_id") if name in expected][:1]
    one, two = (t.sort_values(keys, ignore_index=True).dropna(axis=1, how="all") for t in
                (found, expected))  # fmt: skip
    assert_frame_equal(one, two[one.columns], check_dtype=False, check_exact=True)


def test_resources_are_lines(on_spark, tmp_path):
    rows = scores(["A", "B"])
    tables = written(on_spark(rows), COLUMNS, FORMATS["fhir"], "out", False)
    write(tables["out"], FORMATS["fhir"], str(tmp_path / "out"))
    lines = [x for p in (tmp_path / "out").glob("part-*") for x in p.read_text().splitlines()]
    expected = [json.loads(json.dumps(r)) for r in FORMATS["fhir"].resources(rows)]
    assert sorted(map(str, map(json.loads, lines))) == sorted(map(str, expected))


def test_dates_are_counted_from_a_common_one_where_no_patient_has_any(on_spark):
    rows = scores(["A"]).assign(**{INFUSION: np.datetime64("NaT", "us")})
    relative = written(on_spark(rows), COLUMNS, FORMATS["meds"], "out", True)["out"].toPandas()
    assert relative["prediction_time"].tolist() == [pd.Timestamp("1970-01-02")]
    dated = written(on_spark(rows), COLUMNS, FORMATS["meds"], "out", False)
    assert dated["out"].count() == 0


def test_two_patients_of_one_number_are_refused(on_spark, monkeypatch):
    from riskmodel.scoring.spark import forms

    written(on_spark(scores(["A", "A", "B"])), COLUMNS, FORMATS["omop"], "out", False)
    twice = forms.leaving
    monkeypatch.setattr(forms, "leaving", lambda rows, form: twice(rows, form).assign(subject_id=7))
    with pytest.raises(SchemaError, match="'A' and 'B' would have the same whole number"):
        written(on_spark(scores(["A", "B"])), COLUMNS, FORMATS["omop"], "out", False)
