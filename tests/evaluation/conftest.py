"""Rows with known risks and outcomes, made without a cohort."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from riskmodel.evaluation.measures.comparators import Contender
from riskmodel.evaluation.measures.metrics import logit_of
from riskmodel.evaluation.rows import Examples


@pytest.fixture(scope="session")
def plain() -> ModuleType:
    """The plain second expression of the metrics, beside these tests."""
    place = Path(__file__).with_name("plain.py")
    spec = importlib.util.spec_from_file_location("plain_metrics", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def make_rows() -> Callable[..., tuple[Examples, Contender]]:
    """Rows of patients whose risks are right on average, one or several landmarks each."""

    def make(patients=300, landmarks=(0.0,), seed=0, lost=0.1, unknown=0.0, signal=1.0):
        rng = np.random.default_rng(seed)
        z = rng.normal(-1.4, signal, patients)
        risk = 1 / (1 + np.exp(-z))
        event = rng.random(patients) < risk
        end = np.where(event, rng.uniform(250, 336, patients), 336.0)
        gone = (rng.random(patients) < lost) & ~event
        end[gone] = rng.uniform(100, 330, gone.sum())
        outcome = np.where(event, "event", np.where(gone, "lost", "no_event")).astype(object)
        outcome[rng.random(patients) < unknown] = "not_assessed"
        n = len(landmarks)
        patient = np.tile(np.arange(patients), n)
        hours = np.repeat(np.asarray(landmarks, float), patients)
        known = np.isin(outcome, ("event", "no_event"))[patient]
        y = (outcome[patient] == "event").astype(np.int8)
        rows = Examples(
            pd.DataFrame({"z": z[patient]}), y, known / n, patient, hours,
            np.where(y == 1, end[patient] - hours, np.nan), outcome[patient], end[patient], {},
        )  # fmt: skip
        return rows, Contender("riskmodel", risk[patient], logit_of(risk[patient]), "true")

    return make
