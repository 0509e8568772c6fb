"""Optimism: pure noise is not skill, and the parts add up."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from riskmodel.evaluation import Validation
from riskmodel.evaluation.measures.optimism import corrected, point_632
from riskmodel.evaluation.rows import Examples
from riskmodel.evaluation.splits import Maker, rounds


class Loose(LogisticRegression):
    """A logistic without any penalty to speak of: as optimistic as can be."""

    def __init__(self):
        super().__init__(C=1e6, max_iter=2000)

    def fit(self, X, y, sample_weight=None, patient=None):
        return super().fit(X, y, sample_weight)


def noise(effect: float, seed: int = 0, patients: int = 100, features: int = 12) -> Examples:
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(patients, features))).rename(columns=str)
    risk = 1 / (1 + np.exp(1 - effect * X["0"].to_numpy()))
    y = (rng.random(patients) < risk).astype(np.int8)
    outcome = np.where(y == 1, "event", "no_event").astype(object)
    empty = np.full(patients, np.nan)
    return Examples(X, y, np.ones(patients), np.arange(patients), np.zeros(patients), empty,
                    outcome, empty, {})  # fmt: skip


def table_of(examples: Examples) -> pd.DataFrame:
    maker = Maker(Loose, list(examples.X.columns))
    splits = rounds(None, examples, Validation(scheme="bootstrap", fits=40, seed=3))
    table, outside = corrected(examples, maker, splits, seed=1)
    assert np.isfinite(outside).all()
    return table.set_index("metric")


def test_noise_looks_like_skill_until_it_is_corrected():
    tables = [table_of(noise(0.0, seed=seed)) for seed in range(3)]
    auroc = pd.concat([table.loc[["auroc"]] for table in tables]).mean()
    slope = pd.concat([table.loc[["calibration_slope"]] for table in tables]).mean()
    assert auroc["apparent"] > 0.7
    assert auroc["corrected"] < auroc["apparent"] - 0.1
    assert auroc["outside"] < 0.6
    assert auroc["point_632"] < 0.62
    assert slope["apparent"] == pytest.approx(1, abs=0.01)
    assert slope["corrected"] < 0.6
    for table in tables:
        assert table.loc["log_loss", "corrected"] > table.loc["log_loss", "apparent"] + 0.1


def test_the_parts_add_up_and_the_estimate_lies_between():
    table = table_of(noise(1.5, seed=2))
    assert (table["apparent"] - table["optimism"]).to_list() == pytest.approx(
        table["corrected"].to_list()
    )
    for name in ("auroc", "brier", "log_loss"):
        row = table.loc[name]
        low, high = sorted((row["apparent"], row["outside"]))
        assert low <= row["point_632"] <= high
    assert table["point_632"].isna().sum() == 2


def test_point_632_at_its_ends():
    assert point_632(0.1, 0.1, 0.5, higher_is_better=False) == 0.1
    assert point_632(0.1, 0.5, 0.5, higher_is_better=False) == pytest.approx(0.5)
    assert point_632(0.9, 0.7, 0.5, higher_is_better=True) == pytest.approx(
        1 - point_632(0.1, 0.3, 0.5, higher_is_better=False)
    )
