"""A training in MLflow: where its run goes, what it holds, that no patient is in it."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskmodel.cohort import read_cohort
from riskmodel.errors import SchemaError
from riskmodel.models import load_model
from riskmodel.scoring import find_model, score
from riskmodel.tracking import training_run
from riskmodel.training import train

NAME = "test-pre-infusion"


@pytest.fixture(scope="module")
def trained(store: Path, simulated: Path, tiny_design: Path):
    """A model trained, logged and registered."""
    return train(
        read_cohort(simulated),
        "pre_infusion",
        design=tiny_design,
        simulated=True,
        out=store / "folder",
        register=NAME,
    )


def test_the_default_store_is_a_sqlite_file(trained, store):
    assert (store / "mlflow.db").is_file()
    assert trained.version == "1"


def test_the_champion_gives_the_scores_of_the_folder(trained, store, simulated):
    cohort = read_cohort(simulated)
    registered = find_model(f"models:/{NAME}@champion")
    assert registered.version == "1"
    ours = score(cohort, load_model(store / "folder"), explain=True)
    theirs = score(cohort, registered, explain=True)
    assert ours.drop(columns="model_version").equals(theirs.drop(columns="model_version"))


def test_pyfunc_loads_without_pickle_and_agrees(trained, store, simulated, monkeypatch):
    import mlflow

    from riskmodel.features import matrix
    from riskmodel.scoring.score import model_catalogue

    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    loaded = mlflow.pyfunc.load_model(f"models:/{NAME}/1")
    cohort = read_cohort(simulated)
    X = matrix(cohort, model_catalogue(trained.model), 0.0)[trained.model.features]
    found = loaded.predict(X)
    ours = score(cohort, trained.model, explain=True)
    for column in ("risk", "risk_low", "risk_high", "contribution_base"):
        np.testing.assert_array_equal(found[column], ours[column])
    sparse = loaded.predict(pd.DataFrame({"tumor_burden": [1, 0], "costimulation_cd28": [1, None]}))
    assert sparse["risk"].between(0, 1).all()
    files = [p.name for p in (store / "mlruns").rglob("*") if p.is_file()]
    assert not [name for name in files if name.endswith((".pkl", ".pickle", ".joblib"))]


def test_the_run_holds_metrics_with_intervals_and_no_patient(trained, store, simulated):
    import mlflow

    runs = mlflow.search_runs(experiment_names=["riskmodel"], output_format="list")
    (run,) = [r for r in runs if "mlflow.parentRunId" not in r.data.tags]
    assert run.data.metrics["riskmodel/all/auroc_low"] <= run.data.metrics["riskmodel/all/auroc"]
    assert run.data.params["validation.folds"] == "2"
    logged = str(run.data.to_dictionary())
    ids = pd.read_csv(simulated / "patients.csv", dtype=str)["patient_id"]
    assert not [p for p in ids if p in logged]


def test_each_fold_is_a_child_run_and_the_evaluation_is_logged(trained, store, simulated):
    import mlflow

    runs = mlflow.search_runs(experiment_names=["riskmodel"], output_format="list")
    (parent,) = [r for r in runs if "mlflow.parentRunId" not in r.data.tags]
    children = [r for r in runs if r.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
    assert {r.data.params["fold"] for r in children} == {"1", "2"}
    counted = sum(int(r.data.params["patients"]) for r in children)
    assert counted == trained.model.counts["patients"]
    assert all(0 <= r.data.metrics["auroc"] <= 1 for r in children)
    client = mlflow.MlflowClient()
    top = {a.path for a in client.list_artifacts(parent.info.run_id)}
    assert {"contributions_by_factor.csv", "environment.json", "evaluation"} <= top
    inside = {a.path for a in client.list_artifacts(parent.info.run_id, "evaluation")}
    assert "evaluation/report.html" in inside
    ids = pd.read_csv(simulated / "patients.csv", dtype=str)["patient_id"]
    page = Path(mlflow.artifacts.download_artifacts(f"runs:/{parent.info.run_id}/evaluation"))
    written = "".join(
        p.read_text(encoding="utf-8") for p in page.iterdir() if p.suffix in (".html", ".csv")
    )
    assert not [p for p in ids if p in written]


def test_a_second_version_does_not_move_the_champion(trained, store, simulated, tiny_design):
    again = train(
        read_cohort(simulated), "pre_infusion", design=tiny_design, simulated=True, register=NAME
    )
    assert again.version == "2"
    assert find_model(f"models:/{NAME}@champion").version == "1"


@pytest.mark.parametrize(
    "uri", ["models:/nonesuch@champion", f"models:/{NAME}/99", "runs:/0/model"]
)
def test_a_model_that_is_not_there_is_one_sentence(trained, uri):
    with pytest.raises(SchemaError, match=r"MLflow at .* refused"):
        find_model(uri)


@pytest.fixture
def chosen(store):
    """An experiment that the caller chose, as `set_experiment` leaves it."""
    import mlflow
    from mlflow.tracking import fluent

    mlflow.set_experiment("mine")
    yield mlflow.get_experiment_by_name("mine").experiment_id
    os.environ.pop("MLFLOW_EXPERIMENT_ID", None)
    fluent._active_experiment_id = None


def trained_again(simulated, tiny_design):
    return train(read_cohort(simulated), "pre-infusion", design=tiny_design, simulated=True)


def test_a_run_says_what_it_is_and_how_long_it_took(trained, store):
    import mlflow

    runs = mlflow.search_runs(experiment_names=["riskmodel"], output_format="list")
    named = [r for r in runs if r.info.run_name.startswith("train pre-infusion, astct-2024, ")]
    parent = named[-1]
    assert parent.info.end_time - parent.info.start_time > 500
    assert parent.data.tags["stage"] == "pre_infusion"
    assert parent.data.tags["signal"] in ("not found: do not use", "found or not checked")
    (dataset,) = parent.inputs.dataset_inputs
    assert dataset.dataset.digest == trained.model.fingerprint[:32]
    assert set(dataset.dataset.to_dictionary()) >= {"name", "digest", "schema", "profile"}


def test_the_callers_run_and_experiment_are_joined_and_kept(chosen, store, simulated, tiny_design):
    import mlflow

    mlflow.sklearn.autolog(silent=True)
    try:
        with mlflow.start_run() as mine:
            trained_again(simulated, tiny_design)
            assert mlflow.active_run().info.run_id == mine.info.run_id
            mlflow.log_metric("after", 1.0)
    finally:
        mlflow.sklearn.autolog(disable=True)
    assert mlflow.active_run() is None
    runs = mlflow.search_runs(experiment_ids=[chosen], output_format="list")
    tops = [r for r in runs if r.data.tags.get("mlflow.parentRunId") == mine.info.run_id]
    assert [r.info.run_name.partition(",")[0] for r in tops] == ["train pre-infusion"]
    # Its two folds below it, and nothing that autologging saw.
    assert len(runs) == 4


def test_a_chosen_experiment_is_obeyed_without_a_run(chosen, simulated, tiny_design):
    import mlflow

    before = len(mlflow.search_runs(experiment_ids=[chosen], output_format="list"))
    trained_again(simulated, tiny_design)
    after = mlflow.search_runs(experiment_ids=[chosen], output_format="list")
    assert len(after) == before + 3


def test_a_training_that_fails_is_a_failed_run(store, simulated, tiny_design):
    import mlflow

    cohort = read_cohort(simulated)
    with pytest.raises(SchemaError):
        train(cohort[:3], "pre-infusion", design=tiny_design)
    runs = mlflow.search_runs(experiment_names=["riskmodel"], output_format="list")
    (failed,) = [r for r in runs if r.info.status == "FAILED"]
    assert failed.info.run_name.endswith("3 patients")


def test_what_fails_while_a_run_is_open_is_no_refusal_of_mlflow(store):
    import mlflow

    with pytest.raises(OSError, match="the disk is full"), training_run("of no disk"):
        raise OSError("the disk is full")
    runs = mlflow.search_runs(experiment_names=["riskmodel"], output_format="list")
    assert [r.info.status for r in runs if r.info.run_name == "of no disk"] == ["FAILED"]
    assert mlflow.active_run() is None
