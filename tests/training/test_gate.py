"""The gate: each condition just inside, at, and just outside its bound."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from riskmodel.models import load_model
from riskmodel.training.design import Gate
from riskmodel.training.gate import (
    check_contract,
    check_events,
    check_log_loss,
    check_net_benefit,
    check_signal,
    check_slope,
    check_subgroups,
    judge_compared,
)

GATE = Gate()


@pytest.fixture(scope="module")
def model(model_folders):
    return load_model(model_folders["pre_infusion"])


@pytest.mark.parametrize(
    ("difference", "low", "high", "holds"),
    [
        (-0.01, -0.02, -0.001, True),
        (0.0, -0.01, 0.01, True),
        (0.005, -0.001, 0.011, True),
        (0.0051, -0.001, 0.011, False),  # more than the margin, though chance could make it
        (0.004, 0.0001, 0.008, False),  # little, but beyond chance
        (0.004, 0.0, 0.008, True),
        (np.nan, np.nan, np.nan, False),
    ],
)
def test_log_loss(difference, low, high, holds):
    assert check_log_loss(difference, low, high, GATE).holds is holds


@pytest.mark.parametrize(
    ("low", "high", "holds"),
    [(0.9, 1.1, True), (1.25, 2.0, True), (1.26, 2.0, False), (0.3, 0.8, True),
     (0.3, 0.79, False), (np.nan, np.nan, False)],
)  # fmt: skip
def test_slope(low, high, holds):
    assert check_slope(1.0, low, high, GATE).holds is holds


@pytest.mark.parametrize(
    ("low", "high", "holds"),
    [(-0.01, 0.01, True), (-0.02, 0.0, True), (-0.02, -0.001, False), (np.nan, np.nan, False)],
)
def test_net_benefit(low, high, holds):
    assert check_net_benefit(0.05, 0.0, low, high).holds is holds


def test_events_and_subgroups():
    assert check_events(10, GATE).holds
    assert not check_events(9, GATE).holds
    assert check_subgroups({"sex: F": (0.8, 0.71)}, GATE).holds
    collapsed = check_subgroups({"sex: F": (0.8, 0.69), "sex: M": (0.7, 0.8)}, GATE)
    assert not collapsed.holds
    assert "sex: F 0.80 to 0.69" in collapsed.sentence
    assert "sex: M" not in collapsed.sentence


def test_the_same_features_are_one_contract_and_fewer_are_too(model):
    assert check_contract(model, model).holds
    for change, said in (
        ({"stage": "early"}, "stage early instead of pre_infusion"),
        ({"horizon_days": 21.0}, "horizon"),
        ({"definition": "hscore"}, "definition hscore instead of astct-2024"),
    ):
        found = check_contract(replace(model, **change), model)
        assert not found.holds
        assert said in found.sentence


def compared(log_loss=0.0, slope=1.0, benefit=0.0):
    rows = []
    for which, away in (("champion", 0.0), ("challenger", 1.0)):
        for metric, value, difference in (
            ("log_loss", 0.2, log_loss),
            ("calibration_slope", slope, 0.0),
            ("net_benefit_0.05", 0.02, benefit),
            ("net_benefit_0.15", 0.01, benefit),
        ):
            rows.append(
                {
                    "model": which, "metric": metric, "value": value,
                    "low": value - 0.1, "high": value + 0.1,
                    "difference": away * difference,
                    "difference_low": away * difference - 0.003,
                    "difference_high": away * difference + 0.003,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("figures", "drops", "events", "failing"),
    [
        ({}, {}, 30, set()),
        ({"log_loss": 0.01}, {}, 30, {"log-loss"}),
        ({"slope": 2.0}, {}, 30, {"calibration slope"}),
        ({"benefit": -0.01}, {}, 30, {"net benefit at 5%", "net benefit at 15%"}),
        ({}, {"age: under 18": (0.9, 0.5)}, 30, {"no subgroup collapses"}),
        ({}, {}, 4, {"enough events"}),
    ],
)
def test_each_condition_alone_closes_the_gate(figures, drops, events, failing, model):
    verdict = judge_compared(
        check_contract(model, model),
        check_signal(model),
        compared(**figures),
        drops,
        events,
        GATE,
        "invented rows",
    )
    assert {c.name for c in verdict.checks if not c.holds} == failing
    assert verdict.holds is (not failing)
    assert ("FAILS" in verdict.text()) is bool(failing)
