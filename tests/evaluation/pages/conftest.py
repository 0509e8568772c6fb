"""An evaluation of made rows, whose tables are those of a real one."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from riskmodel.evaluation.alarm_policy import load_policy
from riskmodel.evaluation.evaluation import Evaluation, performance
from riskmodel.evaluation.measures.alarm_rules import policy_alarms
from riskmodel.evaluation.measures.alarms import alarms
from riskmodel.evaluation.measures.comparators import Contender
from riskmodel.evaluation.measures.curves import (
    calibration,
    decision_curves,
    distribution,
    roc_and_pr,
)
from riskmodel.evaluation.measures.sensitivity import bounds
from riskmodel.evaluation.row_subsets import Subset


@pytest.fixture(scope="session")
def evaluation_of(make_rows: Callable[..., object]) -> Callable[..., Evaluation]:
    """By how many patients, days and contenders; no cohort stands behind it."""

    def make(patients: int = 200, days: tuple[int, ...] = (0,), others: int = 2) -> Evaluation:
        rows, one = make_rows(patients, tuple(24.0 * day for day in days))
        rng = np.random.default_rng(5)
        contenders = [one]
        for k in range(others):
            noisy = one.rank + rng.normal(0, 1 + k, len(one.rank))
            contenders.append(Contender.of_logit(f"score {k}", noisy, "the same with noise"))
        how = {"draws": 20, "seed": 1}
        wanted = [Subset("all", "all", np.ones(len(rows.y), dtype=bool))]
        if len(days) > 1:
            wanted += [Subset("landmark", f"day {d}", rows.hours == 24.0 * d) for d in days]
        curve, groups, _ = calibration(rows, one, **how)
        roc, pr = roc_and_pr(rows, contenders)
        tables = {
            "figures": performance(rows, contenders, wanted, **how),
            "roc": roc,
            "pr": pr,
            "calibration": curve,
            "calibration_groups": groups,
            "distribution": distribution(rows, one),
            "decision": decision_curves(rows, contenders, **how),
            "alarms": alarms(rows, one, **how),
            "alarm_policy": policy_alarms(rows, one, load_policy(), **how),
            "bounds": bounds(rows, one, **how),
            "definitions": pd.DataFrame(),
            "time_dependent": pd.DataFrame(),
            "contenders": pd.DataFrame({"model": ["riskmodel"], "how": ["true"]}),
        }
        texts = (
            "title", "cytopenia_rule", "definition", "directions", "how", "labels", "model",
            "stage", "version", "watched", "ablation", "signal",
        )  # fmt: skip
        about = {name: f"the {name}" for name in texts}
        about |= {"horizon_days": 14.0, "simulated_training": True, "warnings": []}
        counts = dict.fromkeys(("event", "no_event", "competing", "lost", "not_assessed"), 9)
        counts["autoimmune_left_out"] = 0
        return Evaluation(tables, {**about, **how, "cohort": "made rows", "counts": counts})

    return make
