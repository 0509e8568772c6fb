"""CPU seconds of a fit, and of contributions per row beside shap.TreeExplainer in the same run.

The matrix is that of simulated patients at day 5, repeated to the wanted number of rows with small
changes. TreeExplainer explains one XGBoost of 400 trees of depth 4, fitted on the same rows.
"""

import argparse
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from xgboost import XGBClassifier

from riskmodel.cohort import read_cohort
from riskmodel.evaluation.rows import Examples
from riskmodel.features import Stage, load_catalogue
from riskmodel.models import RiskClassifier, priors
from riskmodel.training import load_design, simulate
from riskmodel.training.rows import training_examples


def cpu_seconds(call: Callable[[], object]) -> float:
    """CPU time of a call, all threads."""
    start = time.process_time()
    call()
    return time.process_time() - start


def examples(patients: int) -> dict[Stage, Examples]:
    """Training rows of both stages."""
    catalogue, design = load_catalogue(), load_design()
    stages: tuple[Stage, ...] = ("pre_infusion", "early")
    with tempfile.TemporaryDirectory(prefix="riskmodel-bench-") as name:
        simulate(Path(name) / "cohort", patients=patients, seed=1, file_format="parquet")
        cohort = read_cohort(Path(name) / "cohort")
    return {
        s: training_examples(cohort, s, labels="adjudicated", design=design, catalogue=catalogue)
        for s in stages
    }


def main() -> None:
    """Fit, explain, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--explained-by-shap", type=int, default=5000)
    given = parser.parse_args()
    catalogue = load_catalogue()
    for stage, rows in examples(given.patients).items():
        model = RiskClassifier(**priors(catalogue.stage(stage)))
        fit = cpu_seconds(
            lambda m=model, r=rows: m.fit(r.X, r.y, sample_weight=r.weight, patient=r.patient)
        )
        columns = rows.X.shape[1]
        print(f"fit, {stage}, {given.patients} patients, {columns} features: {fit:.1f} CPU s")
    day = rows.X.loc[rows.hours == 120.0]
    rng = np.random.default_rng(0)
    many = day.iloc[rng.integers(len(day), size=given.rows)].reset_index(drop=True)
    many = many * (1 + 0.01 * rng.standard_normal(many.shape))
    ours = cpu_seconds(lambda: model.factor_contributions(many))
    both = cpu_seconds(lambda: model.explain(many))
    with warnings.catch_warnings():
        # shap 0.51 sets colour maps in a way that matplotlib 3.11 is going to drop.
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        import shap
    boosted = XGBClassifier(n_estimators=400, max_depth=4, learning_rate=0.05, n_jobs=1)
    boosted.fit(rows.X.to_numpy(), rows.y, sample_weight=rows.weight)
    explainer = shap.TreeExplainer(boosted)
    some = many.head(given.explained_by_shap).to_numpy()
    explainer.shap_values(some[:10])
    theirs = cpu_seconds(lambda: explainer.shap_values(some)) * given.rows / len(some)
    report = pd.DataFrame(
        {
            "CPU s": [ours, both, theirs],
            "us a row": [1e6 * t / given.rows for t in (ours, both, theirs)],
            "times TreeExplainer": [theirs / t for t in (ours, both, theirs)],
        },
        index=[
            "riskmodel, contributions",
            "riskmodel, contributions and intervals",
            f"shap.TreeExplainer, 400 trees of depth 4 (measured on {len(some):,} rows)",
        ],
    )
    print(f"{given.rows:,} rows, {many.shape[1]} features")
    print(report.round(1).to_string())


if __name__ == "__main__":
    main()
