"""MLflow for real: a SQLite store of the test's own, logged, registered, loaded back."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskmodel.cohort import read_cohort
from riskmodel.errors import SchemaError
from riskmodel.models import load_model
from riskmodel.scoring import find_model, score
from riskmodel.training import train

NAME = "test-pre-infusion"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory):
    """MLflow's default store in an empty working folder."""
    patch = pytest.MonkeyPatch()
    folder = tmp_path_factory.mktemp("store")
    patch.chdir(folder)
    patch.delenv("MLFLOW_TRACKING_URI", raising=False)
    yield folder
    import mlflow

    mlflow.set_tracking_uri(None)
    patch.undo()


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
    with pytest.raises(SchemaError, match="cannot be loaded from MLflow"):
        find_model(uri)
