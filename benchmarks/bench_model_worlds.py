"""Simulated rows for `bench_model.py`: training sets, unseen patients and the limit, kept on disk.

The folder is named by RISKMODEL_BENCH_CACHE, or lies in the system's temporary folder. Its name
holds a hash of everything that makes the rows, so that a change of the simulation, of a reader or
of a feature makes them again.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import riskmodel
from riskmodel.cohort import read_cohort
from riskmodel.features import Stage, load_catalogue
from riskmodel.training import load_design, simulate
from riskmodel.training.rows import training_examples

PART = 5000
"""Patients simulated at a time, which bounds the memory."""

TEST_SEED, LIMIT_SEED = 700_000, 800_000
STAGES: tuple[Stage, ...] = ("pre_infusion", "early")
SOURCES = (
    "cohort", "criteria", "features", "simulation", "evaluation/rows.py", "training/rows.py",
)  # fmt: skip


@dataclass(frozen=True)
class Rows:
    """Rows of one stage; `limit` holds the log-odds of what the baseline shows."""

    X: pd.DataFrame
    y: np.ndarray
    weight: np.ndarray
    patient: np.ndarray
    hours: np.ndarray
    limit: np.ndarray

    def first(self, patients: int) -> "Rows":
        """The rows of the first patients."""
        return self.take(self.patient < patients)

    def after(self, patients: int) -> "Rows":
        """The rows of the others."""
        return self.take(self.patient >= patients)

    def take(self, kept: np.ndarray) -> "Rows":
        """Some of the rows."""
        parts = (self.y, self.weight, self.patient, self.hours, self.limit)
        return Rows(self.X.loc[kept].reset_index(drop=True), *(part[kept] for part in parts))


def cache_folder() -> Path:
    """Folder of the rows that the code and the catalogue as they stand make."""
    digest = hashlib.sha256()
    package = Path(riskmodel.__file__).parent
    files: list[Path] = []
    for part in SOURCES:
        path = package / part
        files += [path] if path.is_file() else path.rglob("*")
    files = [file for file in files if file.suffix in (".py", ".toml")]
    for file in sorted(files):
        digest.update(file.relative_to(package).as_posix().encode() + file.read_bytes())
    digest.update(load_catalogue().text.encode())
    root = os.environ.get("RISKMODEL_BENCH_CACHE") or Path(tempfile.gettempdir(), "riskmodel-bench")
    folder = Path(root) / digest.hexdigest()[:12]
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _kept(
    name: str, start: str, make: Callable[[], dict[str, np.ndarray]]
) -> dict[str, np.ndarray]:
    """Arrays of a file whose names begin so, without the beginning; made where it is absent."""
    path = cache_folder() / f"{name}.npz"
    if not path.exists():
        made = make()
        unfinished = path.with_suffix(f".{os.getpid()}.tmp.npz")
        np.savez(unfinished, **made)
        unfinished.replace(path)
    with np.load(path, allow_pickle=False) as stored:
        return {k.removeprefix(start): stored[k] for k in stored.files if k.startswith(start)}


def _simulated(world: str, patients: int, seed: int) -> dict[str, np.ndarray]:
    """Both stages of one simulated cohort; keys begin with the stage."""
    # What a training gives to its model: features that are shown only are left out.
    catalogue, design = load_catalogue().for_model(), load_design()
    with tempfile.TemporaryDirectory(prefix="riskmodel-bench-") as name:
        folder = Path(name) / "cohort"
        simulate(folder, patients=patients, seed=seed, world=world, file_format="parquet")
        truth = pd.read_csv(folder / "truth.csv")["p_baseline"].to_numpy()
        read = read_cohort(folder)
    made = {}
    for stage in STAGES:
        found = training_examples(
            read, stage, labels="adjudicated", design=design, catalogue=catalogue
        )
        p = truth[found.patient]
        made |= {
            f"{stage}/X": found.X.to_numpy(np.float64),
            f"{stage}/names": np.array(list(found.X.columns)),
            f"{stage}/y": found.y.astype(np.float64),
            f"{stage}/weight": found.weight,
            f"{stage}/patient": found.patient,
            f"{stage}/hours": found.hours,
            f"{stage}/limit": np.log(p) - np.log1p(-p),
        }
    return made


def _rows(parts: list[dict[str, np.ndarray]], size: int) -> Rows:
    joined = {
        key: np.concatenate([part[key] for part in parts])
        for key in ("X", "y", "weight", "hours", "limit")
    }
    joined["patient"] = np.concatenate([p["patient"] + k * size for k, p in enumerate(parts)])
    joined["X"] = pd.DataFrame(joined["X"], columns=parts[0]["names"].tolist())
    return Rows(**joined)


def _part(world: str, stage: Stage, patients: int, seed: int) -> dict[str, np.ndarray]:
    name = f"{world}-{patients}-{seed}"
    return _kept(name, f"{stage}/", lambda: _simulated(world, patients, seed))


def cohort(world: str, stage: Stage, patients: int, seed: int) -> Rows:
    """One simulated cohort."""
    return _rows([_part(world, stage, patients, seed)], patients)


def large(world: str, stage: Stage, patients: int, first_seed: int) -> Rows:
    """Many patients of a world whose effects do not depend on the seed, a part at a time."""
    size = min(PART, patients)
    seeds = range(first_seed, first_seed + patients // size)
    return _rows([_part(world, stage, size, seed) for seed in seeds], size)
