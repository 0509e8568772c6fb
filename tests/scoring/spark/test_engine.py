"""On a real local Spark session: the rows of the local engine, whatever the partitions."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from riskmodel.errors import SchemaError
from riskmodel.models import load_model, predict_frame
from riskmodel.scoring.batch.run import score_batch

pyspark = pytest.importorskip("pyspark")
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:pyspark"),
]

TIMES = ["pre-infusion", "day-4"]


@pytest.fixture(scope="module")
def cohort(simulated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cohort of Parquet tables, labs in several files, with faults."""
    folder = tmp_path_factory.mktemp("columnar") / "cohort"
    folder.mkdir()
    patients = pd.read_csv(simulated / "patients.csv").head(60)
    labs, events = (
        pd.read_csv(simulated / f"{name}.csv", low_memory=False) for name in ("labs", "events")
    )
    patients.loc[4, "disease"] = "SLE"
    patients.loc[5, "patient_id"] = patients.loc[6, "patient_id"]
    patients.loc[7, "age_years"] = 400
    patients.to_parquet(folder / "patients.parquet")
    labs = labs[labs["patient_id"].isin(patients["patient_id"])].sample(frac=1, random_state=1)
    labs = labs.astype({"value": "str"}).reset_index(drop=True)
    labs.loc[3, "value"] = "lots"
    labs.loc[4, "patient_id"] = "nobody"
    labs.to_parquet(folder / "labs.parquet")
    events[events["patient_id"].isin(patients["patient_id"])].to_parquet(folder / "events.parquet")
    return folder


def ordered(rows: pd.DataFrame) -> pd.DataFrame:
    keys = ["patient_id", "prediction_time_hours", "status", "reason"]
    return rows.astype({"n_missing": "Int64"}).sort_values(keys, ignore_index=True)


def test_spark_gives_what_the_local_engine_gives(session, cohort, models, tmp_path, write_latin):
    from riskmodel.scoring.spark.engine import score_spark

    local = score_batch(cohort, models, TIMES, tmp_path / "local.parquet", explain=True)
    out = tmp_path / "scores"
    made = score_spark(
        str(cohort), models, TIMES, str(out), explain=True, spark=session, patients_of_partition=20
    )
    expected = ordered(pd.read_parquet(tmp_path / "local.parquet"))
    found = ordered(pd.read_parquet(out))
    assert found.columns.tolist() == expected.columns.tolist()
    assert_frame_equal(found, expected, check_dtype=False, check_exact=False, rtol=0, atol=1e-9)
    assert made.manifest["output"]["partitions"] == 3
    assert made.manifest["counts"] == local.manifest["counts"]
    assert made.manifest["rejected_input"] == local.manifest["rejected_input"]
    assert json.loads((tmp_path / "scores.manifest.json").read_text()) == made.manifest
    assert "S000" not in json.dumps(made.manifest)
    assert sorted(p.name for p in tmp_path.iterdir() if not p.name.startswith(".")) == [
        "local.parquet", "local.parquet.manifest.json", "scores", "scores.manifest.json"
    ]  # fmt: skip

    # A partition with records that cannot be read names their patients; no other loses its rows.
    broken = pd.read_parquet(cohort / "labs.parquet")
    folder = tmp_path / "broken"
    folder.mkdir()
    for name in ("patients", "events"):
        (folder / f"{name}.parquet").write_bytes((cohort / f"{name}.parquet").read_bytes())
    write_latin(broken, "unit", {"S00010", "S00020"}, folder / "labs.parquet")
    score_spark(
        str(folder), models[:1], TIMES[:1], str(out), spark=session, patients_of_partition=20
    )
    rows = pd.read_parquet(out).set_index("patient_id")
    lost = rows[rows["reason"].str.startswith("scoring_failed")]
    assert set(lost.index) == {"S00010", "S00020"}
    assert len(rows) == 59
    assert rows["risk"].notna().sum() >= 55

    keep = tmp_path / "keep"
    keep.mkdir()
    (keep / "mine.txt").write_text("mine")
    with pytest.raises(SchemaError, match="was not written by Spark"):
        score_spark(str(cohort), models, TIMES, str(keep), spark=session)
    with pytest.raises(SchemaError, match=r"Spark cannot read '.*patients\.parquet'"):
        score_spark(str(tmp_path), models, TIMES, str(out), spark=session)


@pytest.mark.parametrize("form", ["meds", "omop", "adam", "fhir"])
def test_every_form_is_that_of_the_local_engine(session, cohort, models, tmp_path, form):
    from riskmodel.scoring.spark.engine import score_spark

    ending = "ndjson" if form == "fhir" else "parquet"
    local = score_batch(cohort, models, TIMES, tmp_path / f"local.{ending}", form=form)
    out = tmp_path / "scores"
    made = score_spark(
        str(cohort), models, TIMES, str(out), form=form, spark=session, patients_of_partition=30
    )
    assert made.manifest["counts"] == local.manifest["counts"]
    assert made.manifest["output"].get("times") == local.manifest["output"].get("times")
    if form == "fhir":
        lines = [x for path in out.glob("part-*") for x in path.read_text().splitlines()]
        expected = (tmp_path / "local.ndjson").read_text().splitlines()
        assert sorted(map(_without_figures, lines)) == sorted(map(_without_figures, expected))
        return
    pairs = {out: tmp_path / "local.parquet"}
    if form == "meds":
        pairs[tmp_path / "scores.unlabelled"] = tmp_path / "local.unlabelled.parquet"
    for found, expected in pairs.items():
        # Where every outcome is known, no row is unlabelled.
        some = not found.name.endswith("unlabelled")
        _assert_same_rows(pd.read_parquet(found), pd.read_parquet(expected), some=some)
    if form != "adam":
        people = pd.read_csv(tmp_path / "local.parquet.patients.csv", keep_default_na=False)
        people["prediction_time_hours"] = pd.to_numeric(people["prediction_time_hours"])
        _assert_same_rows(pd.read_parquet(tmp_path / "scores.patients"), people)
    assert not list(tmp_path.glob("*.partial"))


def _without_figures(line: str) -> str:
    resource = json.loads(line)
    found = resource.pop("prediction", None)
    assert resource.pop("id")
    resource.pop("note", None)
    return json.dumps(resource, sort_keys=True) + str(found is None)


def _assert_same_rows(found: pd.DataFrame, expected: pd.DataFrame, *, some: bool = True) -> None:
    assert found.columns.tolist() == expected.columns.tolist()
    assert len(found) == len(expected)
    assert len(found) > 0 or not some
    empty = [c for c in expected if expected[c].isna().all()]
    assert found[empty].isna().all(axis=None)
    found, expected = found.drop(columns=empty), expected.drop(columns=empty)
    keys = [c for c in found if not str(found[c].dtype).startswith("float")]
    keys += ["prediction_time_hours"] if "prediction_time_hours" in found else []
    first, second = (table.sort_values(keys, ignore_index=True) for table in (found, expected))
    assert_frame_equal(first, second, check_dtype=False, check_exact=False, rtol=0, atol=1e-7)


def test_spark_giving_up_is_one_sentence_and_leaves_the_earlier_output(
    session, cohort, models, tmp_path, write_latin
):
    from riskmodel.scoring.spark.engine import score_spark

    folder, out = tmp_path / "cohort", tmp_path / "scores"
    shutil.copytree(cohort, folder)
    labs = pd.read_parquet(cohort / "labs.parquet")
    labs.to_parquet(folder / "labs.parquet", row_group_size=500, index=False)
    score_spark(str(folder), models[:1], TIMES[:1], str(out), spark=session)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    write_latin(labs, "patient_id", {"S00003"}, folder / "labs.parquet")
    with pytest.raises(SchemaError, match=r"'patient_id' of 'labs\.parquet' .* not UTF-8 in \d+"):
        score_spark(str(folder), models[:1], TIMES[:1], str(out), spark=session)
    labs.to_parquet(folder / "labs.parquet", row_group_size=500, index=False)
    raw = bytearray((folder / "labs.parquet").read_bytes())
    raw[len(raw) // 3 : len(raw) // 2] = bytes(len(raw) // 2 - len(raw) // 3)
    (folder / "labs.parquet").write_bytes(raw)
    with pytest.raises(SchemaError, match=r"^Spark gave up: .* was left as it was"):
        score_spark(str(folder), models[:1], TIMES[:1], str(out), spark=session)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert sorted(p.name for p in tmp_path.glob("scores*")) == ["scores", "scores.manifest.json"]


def test_the_registered_model_as_a_spark_udf(session, cohort, models, tmp_path, monkeypatch):
    import mlflow

    from riskmodel.cohort import read_cohort
    from riskmodel.features import matrix
    from riskmodel.scoring.score import model_catalogue
    from riskmodel.tracking import log_training

    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(None)  # the environment's counts, which ends with this test
    model = load_model(models[0])
    empty = pd.DataFrame({n: [] for n in ("model", "subset", "metric", "value", "low", "high")})
    version = log_training(model, {}, empty, register="udf")
    X = matrix(read_cohort(cohort), model_catalogue(model), 0.0)[model.features]
    expected = predict_frame(model, X)
    names = ["risk", "risk_low", "risk_high"]
    udf = mlflow.pyfunc.spark_udf(
        session, f"models:/udf/{version}", env_manager="local",
        result_type=", ".join(f"{name} double" for name in names),
    )  # fmt: skip
    table = session.createDataFrame(X.astype(object).where(X.notna(), None).assign(k=range(len(X))))
    found = table.withColumn("scores", udf(*model.features)).select("k", "scores.*").toPandas()
    found = found.sort_values("k")
    np.testing.assert_allclose(found[names].to_numpy(), expected[names].to_numpy(), atol=1e-9)
