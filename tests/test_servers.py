"""MLflow's own servers, started here: the scoring server and a remote tracking server."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskmodel.cohort import read_cohort
from riskmodel.features import matrix
from riskmodel.models import RiskModel
from riskmodel.scoring import find_model, score
from riskmodel.scoring.score import model_catalogue
from riskmodel.training import train

NAME = "served"
START_SECONDS = 120.0
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(arguments: list[str], folder: Path, uri: str | None, health: str) -> Iterator[str]:
    """A server of MLflow in a process of its own, ready when its health page answers."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "mlflow",
        *arguments,
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    # The scoring server looks for uvicorn by name.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = {**os.environ, **QUIET, "PATH": path}
    if uri is not None:
        environment["MLFLOW_TRACKING_URI"] = uri
    address = f"http://127.0.0.1:{port}"
    log = folder / f"server-{port}.log"
    with log.open("w") as out:
        server = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=out, stderr=out, start_new_session=True
        )
    try:
        _wait(server, address + health, log)
        yield address
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait(timeout=30)


def _wait(server: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        assert server.poll() is None, log.read_text()[-2000:]
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise AssertionError(f"No answer in {START_SECONDS} s:\n{log.read_text()[-2000:]}")


def post(url: str, body: str, kind: str = "application/json") -> tuple[int, dict]:
    request = urllib.request.Request(url, body.encode(), {"Content-Type": kind}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@pytest.fixture(scope="module")
def tracking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A remote tracking server: SQLite for the runs, a folder of artifacts that it proxies."""
    folder = tmp_path_factory.mktemp("remote")
    arguments = [
        "server", "--backend-store-uri", f"sqlite:///{folder / 'runs.db'}",
        "--artifacts-destination", str(folder / "artifacts"), "--workers", "1",
    ]  # fmt: skip
    with running(arguments, folder, None, "/health") as address:
        yield address


@pytest.fixture(scope="module")
def remote(
    tracking: str, simulated: Path, tiny_design: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RiskModel]:
    """A model trained against the remote server, from an empty working folder."""
    import mlflow

    patch = pytest.MonkeyPatch()
    patch.chdir(tmp_path_factory.mktemp("client"))
    patch.setenv("MLFLOW_TRACKING_URI", tracking)
    mlflow.set_tracking_uri(None)
    trained = train(
        read_cohort(simulated), "pre_infusion", design=tiny_design, simulated=True, register=NAME
    )
    assert list(Path.cwd().iterdir()) == []
    yield trained.model
    mlflow.set_tracking_uri(None)
    patch.undo()


@pytest.fixture(scope="module")
def features(remote: RiskModel, simulated: Path) -> pd.DataFrame:
    cohort = read_cohort(simulated)
    return matrix(cohort, model_catalogue(remote), 0.0)[remote.features].head(40)


@pytest.fixture(scope="module")
def served(
    remote: RiskModel, tracking: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The registered champion behind MLflow's scoring server."""
    arguments = ["models", "serve", "-m", f"models:/{NAME}@champion", "--env-manager", "local"]
    folder = tmp_path_factory.mktemp("serve")
    with running(arguments, folder, tracking, "/ping") as address:
        yield f"{address}/invocations"


def test_the_remote_champion_gives_the_scores_of_the_model(remote: RiskModel, simulated: Path):
    cohort = read_cohort(simulated)
    found = score(cohort, find_model(f"models:/{NAME}@champion"), explain=True)
    ours = score(cohort, remote, explain=True)
    assert found["model_version"].eq("1").all()
    assert found.drop(columns="model_version").equals(ours.drop(columns="model_version"))


def bodies(X: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Every form of JSON that the scoring server reads."""
    records = [{k: v for k, v in row.items() if pd.notna(v)} for row in X.to_dict(orient="records")]
    nulls = X.astype(object).where(X.notna(), None)
    columns = {name: nulls[name].tolist() for name in nulls}
    frame = {"columns": list(X.columns), "data": nulls.to_numpy().tolist()}
    as_json = "application/json"
    return {
        "dataframe_split": (json.dumps({"dataframe_split": frame}), as_json),
        "dataframe_records with absent keys": (json.dumps({"dataframe_records": records}), as_json),
        "instances": (json.dumps({"instances": nulls.to_dict(orient="records")}), as_json),
        "inputs": (json.dumps({"inputs": columns}), as_json),
    }


FORMS = ("dataframe_split", "dataframe_records with absent keys", "instances", "inputs")


@pytest.mark.parametrize("form", FORMS)
def test_rest_gives_the_scores_of_the_model(
    form: str, served: str, remote: RiskModel, features: pd.DataFrame, simulated: Path
):
    status, answer = post(served, *bodies(features)[form])
    assert status == 200, answer
    found = pd.DataFrame(answer["predictions"])
    ours = score(read_cohort(simulated), remote, explain=True).head(len(features))
    assert found.pop("outside_training_range").eq("").mean() > 0.5
    for column in found:
        np.testing.assert_allclose(found[column], ours[column].astype(float), rtol=0, atol=1e-12)
    assert {"risk", "risk_low", "risk_high", "contribution_base"} <= set(found)


@pytest.mark.parametrize(
    "record",
    [
        {"tumor_burden": None},
        {"tumor_burden": 1},
        {"costimulation_cd28": 1, "tumor_burden": 0},
        {"a_column_nobody_knows": 3, "tumor_burden": 1},
        {"tumor_burden": True},
    ],
)
def test_rest_takes_absent_integer_and_null_inputs(record: dict, served: str):
    status, answer = post(served, json.dumps({"dataframe_records": [record]}))
    assert status == 200, answer
    assert 0 < answer["predictions"][0]["risk"] < 1


def test_rest_refuses_text_in_a_number(served: str):
    status, answer = post(served, json.dumps({"dataframe_records": [{"tumor_burden": "high"}]}))
    assert status == 400
    assert "tumor_burden" in answer["message"]


def test_rest_refuses_rows_without_any_feature(served: str):
    status, answer = post(served, json.dumps({"dataframe_records": [{"feritin": 900}]}))
    assert status == 400
    assert "No column is a feature" in answer["message"]


def test_rest_takes_no_csv_and_says_so(served: str):
    status, answer = post(served, "tumor_burden\n1\n", "text/csv")
    assert status == 400
    assert "CSV" in answer["message"]
