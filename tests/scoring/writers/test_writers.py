"""The other forms of the output, each read by the package that owns the form."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.riskassessment import RiskAssessment
from meds_evaluation.evaluate import evaluate_binary_classification
from meds_evaluation.schema import PredictionSchema

from riskmodel import RESEARCH_USE
from riskmodel.cohort import read_cohort
from riskmodel.criteria import label
from riskmodel.errors import SchemaError
from riskmodel.scoring.batch.run import score_batch
from riskmodel.scoring.writers import check_output
from riskmodel.scoring.writers.subjects import check_distinct, subject_id, subject_ids

TIMES = ["pre-infusion", "day-4"]


@pytest.fixture(scope="module")
def models(model_folders: dict[str, Path]) -> list[Path]:
    return list(model_folders.values())


@pytest.fixture(scope="module")
def dated(simulated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hundred patients with infusion times but one, one out of scope, one without a name."""
    folder = tmp_path_factory.mktemp("dated") / "cohort"
    folder.mkdir()
    patients = pd.read_csv(simulated / "patients.csv", dtype=str).head(100)
    days = pd.date_range("2024-01-01T10:00:00Z", periods=len(patients), freq="D")
    patients["infusion_time"] = days.strftime("%Y-%m-%dT%H:%M:%SZ")
    patients.loc[2, "infusion_time"] = np.nan
    patients.loc[3, "disease"] = "SLE"
    ids = patients["patient_id"].copy()
    patients.loc[4, "patient_id"] = np.nan
    patients.to_csv(folder / "patients.csv", index=False)
    for name in ("labs", "events"):
        rows = pd.read_csv(simulated / f"{name}.csv", dtype=str)
        rows[rows["patient_id"].isin(ids)].to_csv(folder / f"{name}.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def scores(dated: Path, models: list[Path], tmp_path_factory: pytest.TempPathFactory):
    out = tmp_path_factory.mktemp("scores") / "scores.parquet"
    score_batch(dated, models, TIMES, out, explain=True)
    return pd.read_parquet(out)


def written(dated: Path, models: list[Path], out: Path, form: str) -> Path:
    score_batch(dated, models, TIMES, out, form=form, explain=True, rows_of_shard=9000)
    return out


def test_meds_evaluation_takes_the_file_as_it_is(dated, models, scores, tmp_path):
    out = written(dated, models, tmp_path / "predictions.parquet", "meds")
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
    assert set(named.map(outcome)) <= {"event", "no_event", "competing"}
    assert (rows["boolean_value"] == (named.map(outcome) == "event")).all()
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


def test_omop_observations(dated, models, scores, tmp_path):
    rows = pd.read_csv(written(dated, models, tmp_path / "observation.csv", "omop"))
    assert rows.columns[:5].tolist() == [
        "observation_id", "person_id", "observation_concept_id", "observation_date",
        "observation_datetime",
    ]  # fmt: skip
    assert rows["observation_id"].is_unique
    assert (rows["observation_id"] > 0).all()
    needed = ["observation_date", "person_id", "observation_type_concept_id"]
    assert rows[needed].notna().to_numpy().all()
    mine = rows[rows["person_id"] == subject_id("S00001")]
    wanted = scores[scores["patient_id"] == "S00001"]
    assert mine["value_as_number"].tolist() == pytest.approx(
        wanted[["risk", "risk_low", "risk_high"]].to_numpy().ravel().tolist(), abs=1e-12
    )
    assert mine["observation_date"].tolist() == ["2024-01-01"] * 3 + ["2024-01-05"] * 3
    assert mine["observation_source_value"].str.startswith("riskmodel IEC-HS before day 14").all()
    assert mine["value_source_value"].str.contains("Research use only").all()
    out_of_scope = rows[rows["person_id"] == subject_id("S00004")]
    assert out_of_scope["value_as_number"].isna().all()
    assert out_of_scope["value_as_string"].str.startswith("out_of_scope: autoimmune").all()
    assert subject_id("S00003") not in set(rows["person_id"])


def test_fhir_resources_are_valid_and_say_what_the_table_says(dated, models, scores, tmp_path):
    lines = written(dated, models, tmp_path / "r.ndjson", "fhir").read_text().splitlines()
    assert len(lines) == len(scores)
    for line, row in zip(lines, scores.to_dict(orient="records"), strict=True):
        resource = RiskAssessment.model_validate_json(line)
        raw = json.loads(line)
        (prediction,) = raw["prediction"]
        assert raw["note"][0]["text"] == RESEARCH_USE
        assert RESEARCH_USE in raw["mitigation"]
        assert raw["subject"].get("identifier", {"value": ""})["value"] == row["patient_id"]
        if row["status"] in ("scored", "partial"):
            assert resource.status == "final"
            assert float(prediction["probabilityDecimal"]) == row["risk"]
            group = row["risk_group"] or "cannot be told from these inputs"
            assert prediction["qualitativeRisk"]["text"] == group
            assert ("coding" in prediction["qualitativeRisk"]) == bool(row["risk_group"])
            assert prediction["whenRange"]["low"]["value"] * 24 == row["prediction_time_hours"]
            assert prediction["whenRange"]["high"]["value"] == 14
            said = re.match(r"Risk ([\d.]+)% \(90% interval", prediction["rationale"])
            assert float(said[1]) == pytest.approx(100 * row["risk"], rel=0.06)
            assert "probabilityDecimal is this risk as a fraction of 1" in prediction["rationale"]
            assert row["model_name"] in raw["method"]["text"]
        else:
            assert resource.status == "cancelled"
            assert "probabilityDecimal" not in prediction
            assert prediction["rationale"] == f"{row['status']}: {row['reason']}."
    assert len({json.loads(line)["id"] for line in lines}) == len(lines)
    first = json.loads(lines[1])
    assert first["occurrenceDateTime"] == "2024-01-05T10:00:00+00:00"
    assert "occurrenceDateTime" not in json.loads(lines[4])

    bundle = written(dated, models, tmp_path / "r.json", "fhir").read_text()
    entries = Bundle.model_validate_json(bundle).entry
    assert entries is not None
    assert len(entries) == len(lines)


def test_a_number_for_a_text_is_stable_and_its_own():
    assert subject_id("1042") == 1042
    assert subject_id("-7") == -7
    for text in ("01042", "S00001", "", "9" * 30, "४२", str(1 << 62)):
        number = subject_id(text)
        assert (1 << 62) <= number < (1 << 63)
        assert subject_ids(pd.Series([text])).dtype == np.int64
    assert subject_id("S00001") == 5170273778986020402
    with pytest.raises(SchemaError, match="'A' and 'B' would have the same whole number"):
        check_distinct(pd.Series(["A", "C", "B"]), np.array([5, 6, 5]))


@pytest.mark.parametrize(
    ("name", "form", "said"),
    [
        ("x.parquet", "fhir", r"Endings of format 'fhir': \.ndjson, \.json"),
        ("x.json", "cohort", r"Endings of format 'cohort': \.csv, \.parquet"),
    ],
)
def test_an_ending_that_a_format_does_not_have_is_refused(tmp_path, name, form, said):
    with pytest.raises(SchemaError, match=said):
        check_output(tmp_path / name, form)
