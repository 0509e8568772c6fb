"""A shipped model and few local patients, together and each alone, in a world of another centre.

Prints a Markdown table of the share of the possible gain: log-loss gained over the base rate, as a
part of what the simulation's own baseline probability gains. By hand: `make bench-update`.
"""

import argparse
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from riskmodel.cohort import Cohort, read_cohort
from riskmodel.errors import SchemaError
from riskmodel.features import matrix
from riskmodel.models import FewEventsWarning, RiskClassifier, priors
from riskmodel.models.risk_model import model_catalogue
from riskmodel.scoring import find_model
from riskmodel.training import load_design, simulate
from riskmodel.training.rows import training_examples
from riskmodel.training.update import Recalibration, updater, way_of

TEST_SEED = 99


def cohort(folder: Path, world: str, patients: int, seed: int) -> Cohort:
    """A simulated cohort, made once."""
    place = folder / f"{world}-{patients}-{seed}"
    if not place.exists():
        simulate(place, patients=patients, seed=seed, world=world)
    return read_cohort(place)


def shares(folder: Path, world: str, test_patients: int) -> Callable[[np.ndarray], float]:
    """The share of the possible gain of log-odds on the unseen patients of a world."""
    cohort(folder, world, test_patients, TEST_SEED)
    truth = pd.read_csv(folder / f"{world}-{test_patients}-{TEST_SEED}" / "truth.csv")
    y = truth["event"].to_numpy(np.float64)
    limit = truth["p_baseline"].to_numpy(np.float64)

    def loss(p: np.ndarray) -> float:
        return float(-(y * np.log(p) + (1 - y) * np.log1p(-p)).mean())

    base, best = loss(np.full(len(y), y.mean())), loss(np.clip(limit, 1e-9, 1 - 1e-9))
    return lambda z: (base - loss(1 / (1 + np.exp(-z)))) / (base - best)


def run(folder: Path, world: str, local: int, seeds: int, test_patients: int) -> dict[str, Any]:
    """Mean share of each way over the seeds."""
    model, plan = find_model("pre-infusion"), load_design("default")
    features = model_catalogue(model)
    unseen = cohort(folder, world, test_patients, TEST_SEED)
    X = matrix(unseen, features, 0.0)[features.names]
    share = shares(folder, world, test_patients)
    found: dict[str, list[float]] = {}
    ways, events = set(), []
    for seed in range(seeds):
        own = cohort(folder, world, local, 1_000 + seed)
        try:
            rows = training_examples(
                own, "pre_infusion", labels="rules", design=plan, catalogue=features
            )
        except SchemaError:
            continue
        count = int(rows.counts["events"])
        made = {
            "shipped model alone": model.classifier,
            "local patients alone": RiskClassifier(**priors(features), **plan.settings),
            "shipped model, recalibrated": Recalibration(model.classifier),
            "train --from": updater(model, count, plan.settings)(),
        }
        for name, one in made.items():
            fitted = one if name == "shipped model alone" else one.fit(
                rows.X, rows.y, sample_weight=rows.weight, patient=rows.patient
            )  # fmt: skip
            found.setdefault(name, []).append(share(fitted.decision_function(X)))
        ways.add(way_of(count))
        events.append(count)
    return {
        "world": world, "local patients": local, "events": round(float(np.mean(events)), 1),
        "--from": "/".join(sorted(ways)),
        **{name: round(float(np.mean(values)), 2) for name, values in found.items()},
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--test", type=int, default=6_000)
    parser.add_argument("--worlds", default="shifted,contrary")
    parser.add_argument("--local", default="50,100,300")
    given = parser.parse_args()
    warnings.simplefilter("ignore", FewEventsWarning)
    with tempfile.TemporaryDirectory(prefix="riskmodel-update-") as temporary:
        table = [
            run(Path(temporary), world, int(local), given.seeds, given.test)
            for world in given.worlds.split(",")
            for local in given.local.split(",")
        ]
    frame = pd.DataFrame(table)
    lines = [list(frame.columns), ["---"] * frame.shape[1], *frame.astype(str).to_numpy().tolist()]
    print("\n".join(f"| {' | '.join(line)} |" for line in lines))


if __name__ == "__main__":
    main()
