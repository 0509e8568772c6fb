"""What every test shares: quiet libraries, hypothesis profiles, folders made once for a run."""

import os

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")
os.environ.setdefault("MPLBACKEND", "Agg")
# Every worker of a run has one core: more threads than cores wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

CHECKOUT = Path(__file__).resolve().parent.parent

settings.register_profile(
    "default",
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("ci", settings.get_profile("default"), derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "default")


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The top folder of the checkout that the tests stand in."""
    return CHECKOUT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public data beside the checkout; the test is skipped without it."""
    default = CHECKOUT.parent / "shared" / "data"
    folder = Path(os.environ.get("RISKMODEL_SHARED_DATA") or default)
    if not folder.is_dir():
        pytest.skip(f"no public data in '{folder}' (RISKMODEL_SHARED_DATA names another folder)")
    return folder


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that uses the public data, so that `-m 'not shared'` leaves them out.

    The files at the top, which run whole commands, come first: a worker that met them last would
    run on alone.
    """
    for item in items:
        if "shared_data" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.shared)
    items.sort(key=lambda item: item.path.parent != CHECKOUT / "tests")


TINY_DESIGN = """
name = "tiny"
definition = "astct-2024"
cytopenia_rule = "worsening"
horizon_days = 14
landmark_days = [2, 5]

[validation]
folds = 2
bootstrap = 20
permutations = 50
ablation = false

[model]
n_bags = 2
n_repeats = 1
n_folds = 3
"""


@pytest.fixture(scope="session")
def once(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str, Callable[[Path], object]], Path]:
    """A folder filled once for all workers of a run; tests only read it.

    ``once(name, fill)`` gives the folder; the first worker that asks calls ``fill(folder)``, the
    others wait for it.
    """
    top = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        top = top.parent

    def folder_of(name: str, fill: Callable[[Path], object]) -> Path:
        folder, done = top / name, top / f"{name}.done"
        with (top / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)  # another worker failed on the way
                folder.mkdir()
                fill(folder)
                done.touch()
        return folder

    return folder_of


@pytest.fixture(scope="session")
def tiny_design(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A design that trains in seconds."""
    path = tmp_path_factory.mktemp("design") / "tiny.toml"
    path.write_text(TINY_DESIGN, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def simulated(once: Callable[..., Path]) -> Path:
    """A simulated cohort folder of 250 patients."""
    from riskmodel.training import simulate

    return once("simulated", lambda top: simulate(top / "cohort", patients=250, seed=11)) / "cohort"


@pytest.fixture(scope="session")
def model_folders(simulated: Path, tiny_design: Path, once: Callable[..., Path]) -> dict[str, Path]:
    """A trained model folder of each stage."""
    stages = ("pre_infusion", "early")

    def fill(top: Path) -> None:
        from riskmodel.cohort import read_cohort
        from riskmodel.training import train

        cohort = read_cohort(simulated)
        for stage in stages:
            train(cohort, stage, design=tiny_design, simulated=True, out=top / stage, track=False)

    top = once("models", fill)
    return {stage: top / stage for stage in stages}
