"""A small simulated cohort with a known truth, and one quick fit that many tests share."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from riskmodel.models import RiskClassifier, RiskModel, training_ranges
from riskmodel.models.card import ModelCard

NAMES = [f"f{j}" for j in range(12)]
EVIDENCE = {
    "f0": (0.9, 0.4, "unit"),
    "f1": (0.6, 0.4, "unit"),
    "f3": (0.6, 0.2, "sd"),
    "f4": (0.5, 0.2, "sd"),
    "f5": (-0.4, 0.2, "sd"),
    "f6": (0.3, 0.2, "sd"),
}
DIRECTIONS = {"f0": 1, "f1": 1, "f3": 1, "f4": 1, "f5": -1, "f6": 1}
GROUPS = {"f3": "inflammation", "f4": "inflammation", "f0": "burden", "f5": "burden"}
QUICK = {"n_bags": 3, "n_repeats": 2, "n_rounds": 40}


@dataclass(frozen=True)
class World:
    """Rows, outcomes, true risks."""

    X: pd.DataFrame
    y: npt.NDArray[np.int64]
    risk: npt.NDArray[np.float64]


def make_world(n: int, seed: int, effect: float = 1.0, rate: float = 0.12) -> World:
    """Twelve columns, three of them 0/1; the truth is `effect` times the evidence."""
    rng = np.random.default_rng([n, seed])
    values = rng.normal(size=(n, 12))
    values[:, :3] = rng.random((n, 3)) < (0.4, 0.15, 0.5)
    beta = np.zeros(12)
    for name, (mean, _, _) in EVIDENCE.items():
        beta[int(name[1:])] = effect * mean
    slope = values @ beta
    log_odds = slope - slope.mean() + np.log(rate / (1 - rate)) - 0.4 * effect**2
    risk = 1 / (1 + np.exp(-log_odds))
    y = (rng.random(n) < risk).astype(np.int64)
    values[rng.random(values.shape) < 0.08] = np.nan
    return World(pd.DataFrame(values, columns=NAMES), y, risk)


def classifier(**changes: object) -> RiskClassifier:
    """The estimator with the evidence of these worlds, quick settings."""
    settings = {"evidence": EVIDENCE, "directions": DIRECTIONS, "groups": GROUPS, **QUICK}
    return RiskClassifier(**{**settings, **changes})


@pytest.fixture(scope="session")
def world() -> World:
    """Three hundred patients."""
    return make_world(300, 1)


@pytest.fixture(scope="session")
def fitted(world: World) -> RiskClassifier:
    """One fit, not to be changed."""
    return classifier().fit(world.X, world.y)


@pytest.fixture(scope="session")
def make() -> object:
    """`make_world` and `classifier`, for tests that need their own."""
    return make_world, classifier


@pytest.fixture(scope="session")
def make_model(fitted: RiskClassifier, world: World) -> Callable[..., RiskModel]:
    """The fitted classifier with all that goes with it; anything of it can be said otherwise."""

    def make(**changes: object) -> RiskModel:
        about = {
            "classifier": fitted,
            "name": "pre-infusion",
            "version": "1",
            "stage": "pre_infusion",
            "definition": "astct-2024",
            "labels": "rules",
            "horizon_days": 14.0,
            "catalogue": {"feature": [{"name": "f0", "unit": "1"}]},
            "ranges": training_ranges(world.X),
            "trained_on": {"product": ["axicabtagene ciloleucel"]},
            "counts": {"patients": len(world.X)},
            "fingerprint": "abc",
            "created_with": {"xgboost": "3"},
            "card": ModelCard.model_validate({"auroc": [0.7, 0.6, 0.8]}),
        }
        return RiskModel(**{**about, **changes})

    return make
