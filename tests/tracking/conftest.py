"""MLflow for real: a SQLite store of the test's own."""

import pytest


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory):
    """MLflow's default store in an empty working folder, and no experiment chosen."""
    patch = pytest.MonkeyPatch()
    folder = tmp_path_factory.mktemp("store")
    patch.chdir(folder)
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME"):
        patch.delenv(name, raising=False)
    yield folder
    import mlflow

    mlflow.set_tracking_uri(None)
    patch.undo()
