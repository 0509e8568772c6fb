"""A model in use: its reference, more patients of its world, and another centre's."""

import numpy as np
import pytest

from riskmodel.cohort import read_cohort
from riskmodel.models import load_model
from riskmodel.scoring import score
from riskmodel.training import simulate


@pytest.fixture(scope="session")
def model(model_folders):
    return load_model(model_folders["pre_infusion"])


@pytest.fixture(scope="session")
def pool(tmp_path_factory):
    """Patients of the world that the model was trained in."""
    folder = tmp_path_factory.mktemp("pool") / "cohort"
    simulate(folder, patients=700, seed=21)
    return read_cohort(folder)


@pytest.fixture(scope="session")
def reference(pool, model):
    return score(pool.take(np.arange(300)), model, explain=True)


@pytest.fixture(scope="session")
def shifted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shifted") / "cohort"
    simulate(folder, patients=150, seed=22, world="shifted")
    return read_cohort(folder)
