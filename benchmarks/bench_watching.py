"""What a model loses where blood is drawn less often, held against all draws of one world.

A world of patients is thinned to outpatient visits (from day 10 on days 10, 14, 17, 21, 24, 28),
or so that sicker days are kept; each training is held against unseen patients whose draws were all
kept. Run by hand: python benchmarks/bench_watching.py --patients 1500 --seed 3101
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss

from riskmodel.cohort import Cohort, read_cohort
from riskmodel.features import load_catalogue
from riskmodel.models import RiskClassifier, priors
from riskmodel.training import load_design, simulate
from riskmodel.training.rows import training_examples

VISITS = (10, 14, 17, 21, 24, 28)
DESIGNS = {14: "quick", 21: "day-21", 30: "day-30"}
QUICK = {"n_bags": 6, "n_repeats": 1, "n_folds": 4}


def outpatient(cohort: Cohort) -> Cohort:
    """From day 10 on only the draws of outpatients' visits."""
    day = np.floor(cohort.labs["hours"].to_numpy() / 24)
    return replace(cohort, labs=cohort.labs[(day < 10) | np.isin(day, VISITS)])


def severity(cohort: Cohort) -> Cohort:
    """From day 6 on a day's draws are kept the likelier the higher the ferritin before."""
    labs = cohort.labs
    patient, day = labs["patient"].to_numpy(), np.floor(labs["hours"].to_numpy() / 24).astype(int)
    level = np.full((len(cohort), 90), np.nan)
    ferritin = (labs["analyte"] == "ferritin").to_numpy() & (day >= -9)
    order = np.argsort(labs["hours"].to_numpy()[ferritin], kind="stable")
    level[patient[ferritin][order], day[ferritin][order] + 10] = labs["value"].to_numpy()[ferritin][
        order
    ]
    level = pd.DataFrame(level).ffill(axis=1).fillna(500.0).to_numpy()
    share = np.clip(0.3 + 0.22 * np.log2(np.maximum(level, 1) / 1_500), 0.25, 0.97)
    drawn = np.random.default_rng(7).random(level.shape) < share
    return replace(cohort, labs=labs[(day < 6) | drawn[patient, np.clip(day + 9, 0, 89)]])


THINNED = {"all draws": lambda cohort: cohort, "outpatient": outpatient, "severity": severity}


def world(patients: int, seed: int, sampling: str) -> Cohort:
    """A simulated cohort."""
    with tempfile.TemporaryDirectory(prefix="riskmodel-bench-") as name:
        folder = Path(name) / "cohort"
        simulate(folder, patients=patients, seed=seed, file_format="parquet", sampling=sampling)
        return read_cohort(folder)


def main() -> None:
    """Train on each thinning, test on all draws of other patients."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=1500)
    parser.add_argument("--unseen", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=3101)
    parser.add_argument("--sampling", default="ward")
    parser.add_argument("--days", type=int, nargs="+", default=[14, 21, 30])
    parser.add_argument("--stages", nargs="+", default=["pre_infusion", "early"])
    given = parser.parse_args()
    cohort = world(given.patients, given.seed, given.sampling)
    unseen = world(given.unseen, given.seed + 1, given.sampling)
    print("| stage | before day | draws | own rate | predicted | of all draws' | gain kept |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for stage in given.stages:
        for days in given.days:
            design = load_design(DESIGNS[days])
            test = training_examples(unseen, stage, labels="rules", design=design)
            base = np.average(test.y, weights=test.weight)
            none = log_loss(test.y, np.full(len(test.y), base), sample_weight=test.weight)
            whole = first = 0.0
            for name, thin in THINNED.items():
                rows = training_examples(thin(cohort), stage, labels="rules", design=design)
                catalogue = load_catalogue().stage(stage).for_horizon(days)
                model = RiskClassifier(**{**priors(catalogue), **QUICK}, n_jobs=1)
                model.fit(rows.X, rows.y, sample_weight=rows.weight, patient=rows.patient)
                risk = model.predict_proba(test.X[rows.X.columns])[:, 1]
                gain = none - log_loss(test.y, risk, sample_weight=test.weight)
                own = np.average(rows.y, weights=rows.weight)
                mean = np.average(risk, weights=test.weight)
                whole, first = whole or gain, first or mean  # of all draws, which come first
                print(
                    f"| {stage} | {days} | {name} | {own:.3f} | {mean:.3f} | {mean / first:.2f} | "
                    f"{gain / whole:.0%} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
