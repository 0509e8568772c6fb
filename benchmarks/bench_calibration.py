"""Whether intervals cover, and whether the shipped early model is right on every day.

``python benchmarks/bench_calibration.py coverage`` fits cohorts of 150 to 4,000 simulated patients
and counts how many unseen patients have the generator's own probability inside their 90% interval.
``... days`` asks the shipped early model about unseen patients whose blood is drawn daily, as on a
ward, or seldom after discharge.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from bench_model_worlds import Rows, cohort

from riskmodel.arrays import expit, logit
from riskmodel.cohort import read_cohort
from riskmodel.features import load_catalogue
from riskmodel.models import RiskClassifier, model_catalogue, priors
from riskmodel.scoring import find_model
from riskmodel.training import load_design, simulate, training_examples

SETS = {
    "literature": (31000, 32000), "contrary": (31001, 32001), "interaction": (31002, 32002),
    "shifted": (31004, 32004), "perturbed": (33001, None),
}  # fmt: skip
COHORTS = {150: (10, 11, 12), 300: (8, 9), 1000: (4,), 4000: (0,)}
"""Patients, and which disjoint cohorts of the 6,000 simulated ones."""

SAMPLINGS, UNSEEN, SEED = ("daily", "ward", "outpatient"), 5000, 34000


def sets(world: str) -> tuple[Rows, Rows]:
    """Patients to train on and unseen ones; effects of `perturbed` are those of its one seed."""
    train, test = SETS[world]
    if test is None:
        rows = cohort(world, "pre_infusion", 10_000, train)
        return rows.first(6000), rows.after(6000)
    return cohort(world, "pre_infusion", 6000, train), cohort(world, "pre_infusion", 4000, test)


def coverage() -> None:
    """Share of unseen patients inside their interval: all, and each fifth of predicted risk."""
    known = priors(load_catalogue().for_model().stage("pre_infusion"))
    print("| world | n | cohorts | covered | by fifth of risk | median width, log-odds |")
    print("|---|---|---|---|---|---|")
    for world in SETS:
        train, test = sets(world)
        for n, numbers in COHORTS.items():
            found, width = [], []
            for k in numbers:
                rows = train.take((train.patient >= n * k) & (train.patient < n * (k + 1)))
                model = RiskClassifier(**known).fit(rows.X, rows.y, rows.weight, rows.patient)
                low, high = (logit(bound) for bound in model.predict_interval(test.X))
                inside = (low <= test.limit) & (test.limit <= high)
                fifth = np.argsort(np.argsort(model.decision_function(test.X))) * 5 // len(inside)
                found.append([inside[fifth == q].mean() for q in range(5)])
                width.append(np.median(high - low))
            each = np.mean(found, axis=0)
            shares = ", ".join(f"{share:.2f}" for share in each)
            print(
                f"| {world} | {n} | {len(numbers)} | {each.mean():.2f} | {shares} "
                f"| {np.mean(width):.1f} |",
                flush=True,
            )


def days() -> None:
    """Expected over observed onsets of the shipped early model by day and by fifth of risk."""
    model = find_model("early")
    design = load_design("shipped")
    print("| sampling | " + " | ".join(f"day {k}" for k in range(1, 14)) + " | fifths of risk |")
    print("|---|" + "---|" * 14)
    for sampling in SAMPLINGS:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "cohort"
            simulate(folder, patients=UNSEEN, seed=SEED, file_format="parquet", sampling=sampling)
            rows = training_examples(
                read_cohort(folder), "early", design=design, catalogue=model_catalogue(model)
            )
        risk = expit(model.classifier.decision_function(rows.X))
        table = pd.DataFrame({"expected": rows.weight * risk, "observed": rows.weight * rows.y})
        fifth = np.argsort(np.argsort(risk)) * 5 // len(risk)
        cells = [ratio(table[np.round(rows.hours / 24) == k]) for k in range(1, 14)]
        cells.append(", ".join(ratio(table[fifth == q]) for q in range(5)))
        print(f"| {sampling} | " + " | ".join(cells) + " |", flush=True)


def ratio(part: pd.DataFrame) -> str:
    """Expected over observed, and whether there is too little to tell."""
    expected, observed = part.sum()
    return "few" if observed < 2 else f"{expected / observed:.2f}"


if __name__ == "__main__":
    {"coverage": coverage, "days": days}[sys.argv[1]]()
