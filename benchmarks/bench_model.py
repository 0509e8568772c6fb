"""The model beside its peers on simulated worlds with a known truth.

``make bench-model`` takes under an hour on two cores; QUICK=1 five minutes, FULL=1 a night.
JOBS names the processes (2). Cohorts, limits and finished contenders are kept on disk
(`bench_model_worlds`), so that an interrupted run goes on where it stopped, and a change of the
model measures the model alone. STAGES=pre_infusion measures one stage only; SEEDS, TEST and LIMIT
name fewer draws of patients, unseen patients and patients of the limit's model, which the report
says.

Patients are labelled by the simulated physician (adjudicated onsets), so that labels are those that
the limit speaks of. Log-loss is per patient; ``share`` is the part of the limit's gain over the
base rate of the training rows. Before infusion the limit is the simulation's own p_baseline; early
it is a model of very many patients, said under the table.
"""

import hashlib
import json
import os
import re
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from bench_model_peers import BASE_RATE, OURS, Fit, contenders, large_sample
from bench_model_worlds import LIMIT_SEED, TEST_SEED, Rows, cache_folder, cohort, large

from riskmodel.evaluation.measures.metrics import METRICS
from riskmodel.features import Stage

DOCS = Path(__file__).parents[1] / "docs"
WORLDS = ("literature", "perturbed", "contrary", "shifted", "interaction", "null")
SHOWN = ("auroc", "auprc", "log_loss", "calibration_slope", "calibration_intercept")

LIMIT = "limit"
SHARED = ("learning/columns", "comparators", "learning/folds", "learning/shrinkage")
"""Modules of the package that the peers use too."""

ONE_COHORT = 10_000
"""Patients of the limit's model in the perturbed world: all of a draw must be simulated at once."""


@dataclass(frozen=True)
class Grid:
    """What a run measures."""

    worlds: tuple[str, ...] = WORLDS
    stages: tuple[Stage, ...] = ("pre_infusion", "early")
    sizes: tuple[int, ...] = (300, 1000)
    seeds: int = 3
    test: int = 20_000
    limit: int = 20_000
    full: bool = False

    @property
    def largest(self) -> int:
        """Patients simulated for training; smaller sets are their first patients."""
        return max(self.sizes)


QUICK = Grid(("literature", "perturbed", "null"), ("pre_infusion",), (300,), 1, 5000, 5000)
FULL = Grid(sizes=(150, 300, 1000, 3000), seeds=10, limit=100_000, full=True)


def sets(grid: Grid, world: str, stage: Stage, seed: int) -> tuple[Rows, Rows, Rows | None]:
    """Training rows, unseen rows and, early, the rows of the limit's model."""
    if world != "perturbed":
        limit = large(world, stage, grid.limit, LIMIT_SEED) if stage == "early" else None
        train = cohort(world, stage, grid.largest, seed)
        return train, large(world, stage, grid.test, TEST_SEED), limit
    # Effects are drawn with the seed: all patients of one draw come from one cohort.
    patients = grid.largest + grid.test + min(grid.limit, ONE_COHORT)
    rows = cohort(world, stage, patients, seed)
    later = rows.after(grid.largest)
    test = later.first(grid.largest + grid.test)
    limit = later.after(grid.largest + grid.test) if stage == "early" else None
    return rows.first(grid.largest), test, limit


def limit_of(grid: Grid, world: str, stage: Stage, seed: int, test: Rows, big: Rows | None) -> Any:
    """Log-odds of the limit for the unseen rows, kept on disk where they are fitted."""
    if big is None:
        return test.limit
    draw = seed if world == "perturbed" else "any"
    path = cache_folder() / f"limit-{world}-{draw}-{grid.test}-{grid.limit}-{grid.largest}.npy"
    if not path.exists():
        unfinished = path.with_suffix(f".{os.getpid()}.npy")
        np.save(unfinished, large_sample(big, test.X))
        unfinished.replace(path)
    return np.load(path)


def measured(grid: Grid, world: str, stage: Stage, seed: int) -> list[dict[str, Any]]:
    """Figures of every contender at every size, on one draw of patients; finished ones are kept."""
    fits: dict[str, Fit | None] = {**contenders(stage, grid.full), LIMIT: None}
    paths = {name: result_path(grid, world, stage, seed, name) for name in fits}
    missing = {name: fit for name, fit in fits.items() if not paths[name].exists()}
    if missing:
        train, test, big = sets(grid, world, stage, seed)
        limit = limit_of(grid, world, stage, seed, test, big)
    for name, fit in missing.items():
        rows = []
        for size in grid.sizes:
            log_odds = limit if fit is None else fit(train.first(size), test.X)
            judged = SHOWN[:3] if name in (BASE_RATE, LIMIT) else SHOWN
            weights = test.weight[None, :]
            found = {m: float(METRICS[m](test.y, log_odds, weights)[0]) for m in judged}
            about = {"world": world, "stage": stage, "n": size, "seed": seed, "model": name}
            rows.append({**about, **found})
        paths[name].write_text(json.dumps(rows))
    if missing:
        print(f"  {world}, {stage}, seed {seed}: {', '.join(missing)}", flush=True)
    return [row for path in paths.values() for row in json.loads(path.read_text())]


def result_path(grid: Grid, world: str, stage: Stage, seed: int, name: str) -> Path:
    """Where a contender's figures are kept: until its code, or what it is measured on, changes."""
    models = Path(__file__).parents[1] / "riskmodel" / "models"
    code = [Path(__file__).with_name("bench_model_peers.py")]
    code += [models / f"{part}.py" for part in SHARED] if name != OURS else models.rglob("*.py")
    mark = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(code)))
    mark.update(repr(replace(grid, stages=(), worlds=(), seeds=0, full=False)).encode())
    slug = re.sub(r"\W+", "-", name.casefold())
    return cache_folder() / f"{world}-{stage}-{seed}-{slug}-{mark.hexdigest()[:10]}.json"


def shares(results: pd.DataFrame) -> pd.DataFrame:
    """Results with gain over the base rate and share of the limit's gain."""
    keys = ["world", "stage", "n", "seed"]
    for name in (BASE_RATE, LIMIT):
        chosen = results.loc[results["model"] == name, [*keys, "log_loss"]]
        results = results.merge(chosen.rename(columns={"log_loss": name}), on=keys)
    results["loss_over_base"] = results["log_loss"] - results["base rate"]
    possible = results["base rate"] - results["limit"]
    results["share"] = np.where(
        (results["world"] == "null") & (results["stage"] == "pre_infusion"),
        np.nan,
        -results["loss_over_base"] / possible,
    )
    return results


def summary(results: pd.DataFrame) -> pd.DataFrame:
    """Means over the seeds, and the standard error of the share."""
    by = results.groupby(["stage", "world", "n", "model"], sort=False)
    mean = by[[*SHOWN, "loss_over_base", "share"]].mean()
    mean["share_se"] = by["share"].sem()
    return mean.reset_index()


def markdown(table: pd.DataFrame, grid: Grid) -> str:
    """The report."""
    lines = [
        "# The model and its peers on simulated worlds",
        "",
        "Made by `make bench-model` (`benchmarks/bench_model.py`). "
        f"Seeds: {grid.seeds}; unseen patients: {grid.test:,} each. "
        "Share: part of the limit's gain in log-loss over the base rate of the training patients "
        "(1 is the most that can be known, 0 the base rate). "
        "The limit before infusion is the simulation's p_baseline; early it is the mean log-odds "
        "of a logistic and a boosted model fitted on "
        f"{grid.limit:,} other patients ({ONE_COHORT:,} in the perturbed world). "
        "Simulated patients: `literature` shares its source with "
        "the evidence that the model leans on; `perturbed` multiplies every published effect by "
        "its own factor between 0 and 2, `contrary` reverses all of them.",
    ]
    for stage in grid.stages:
        for n in grid.sizes:
            part = table[(table["stage"] == stage) & (table["n"] == n)]
            lines += ["", f"## {stage}, n = {n}", "", *_shares_of(part, grid)]
    lines += ["", "## All figures", "", *_all_of(table)]
    return "\n".join(lines) + "\n"


def _shares_of(part: pd.DataFrame, grid: Grid) -> list[str]:
    worlds = [w for w in grid.worlds if w != "null"]
    null = "null" in grid.worlds
    head = ["share of the possible gain", *worlds, *(["null: log-loss over the base rate"] * null)]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for model in part["model"].unique():
        if model in (BASE_RATE, LIMIT):
            continue
        cells = [model]
        own = part[part["model"] == model].set_index("world")
        for world in worlds:
            best = part[(part["world"] == world) & (part["model"] != "limit")]["share"].max()
            text = f"{own.loc[world, 'share']:.2f}"
            error = own.loc[world, "share_se"]
            text += f" ± {error:.2f}" if error == error else ""
            cells.append(f"**{text}**" if own.loc[world, "share"] == best else text)
        if null:
            cells.append(f"{own.loc['null', 'loss_over_base']:+.4f}")
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _all_of(table: pd.DataFrame) -> list[str]:
    columns = ["stage", "world", "n", "model", *SHOWN, "share"]
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    for row in table[columns].itertuples(index=False):
        cells = [
            ("" if value != value else f"{value:.3f}") if isinstance(value, float) else str(value)
            for value in row
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def picture(table: pd.DataFrame, grid: Grid, path: Path) -> None:
    """Share of the possible gain by world: the model, ridge, and the best and worst booster."""
    mpl.use("agg")
    mpl.rcParams["svg.hashsalt"] = "benchmark"
    mpl.rcParams["font.family"] = "DejaVu Sans"
    import matplotlib.pyplot as plt

    worlds = [w for w in grid.worlds if w != "null"]
    names = [m for m in table["model"].unique() if m not in (BASE_RATE, LIMIT)]
    colours = dict(zip(names, mpl.colormaps["tab10"].colors[: len(names)], strict=False))
    colours[OURS] = "#b30000"
    figure, axes = plt.subplots(
        len(grid.stages), len(grid.sizes), squeeze=False, sharex=True, sharey=True,
        figsize=(4.6 * len(grid.sizes), 0.5 + 2.7 * len(grid.stages)),
    )  # fmt: skip
    for i, stage in enumerate(grid.stages):
        for j, n in enumerate(grid.sizes):
            axis = axes[i][j]
            part = table[(table["stage"] == stage) & (table["n"] == n)]
            for k, name in enumerate(names):
                own = part[part["model"] == name].set_index("world").reindex(worlds)
                mine = name == OURS
                place = np.arange(len(worlds)) + (0.0 if mine else 0.5 * (k / len(names) - 0.5))
                axis.errorbar(
                    np.maximum(own["share"], -0.5), place, xerr=own["share_se"] if mine else None,
                    fmt="D" if mine else "o", ms=8 if mine else 4.5, color=colours[name],
                    zorder=3 if mine else 2, label=name, lw=1.5,
                )  # fmt: skip
            axis.axvline(0, color="#888888", lw=0.8)
            axis.set_yticks(range(len(worlds)), worlds)
            axis.set_title(f"{stage.replace('_', '-')}, {n:,} patients", fontsize=10)
            axis.set_xlim(-0.55, 1)
            axis.grid(axis="x", color="#dddddd")
            for side in ("top", "right"):
                axis.spines[side].set_visible(False)
    axes[0][0].invert_yaxis()
    for axis in axes[-1]:
        axis.set_xlabel(
            "share of the possible gain in log-loss\n0: the base rate; left end: −0.5 or worse",
            fontsize=9,
        )
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncol=5, fontsize=8, frameon=False)
    figure.tight_layout(rect=(0, 0.08 + 0.02 * (len(grid.stages) == 1), 1, 1))
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    plt.close(figure)


def main() -> None:
    """Measure, and write the table and the picture."""
    quick, full = os.environ.get("QUICK"), os.environ.get("FULL")
    grid = QUICK if quick else FULL if full else Grid()
    stages = os.environ.get("STAGES", ",".join(grid.stages)).split(",")
    smaller = {
        key: int(os.environ[key.upper()])
        for key in ("seeds", "test", "limit")
        if key.upper() in os.environ
    }
    grid = replace(grid, stages=tuple(s for s in grid.stages if s in stages), **smaller)
    tasks = [
        (grid, world, stage, seed)
        for stage in grid.stages for world in grid.worlds for seed in range(grid.seeds)
    ]  # fmt: skip
    with ProcessPoolExecutor(int(os.environ.get("JOBS", "2"))) as pool:
        found = list(pool.map(measured, *zip(*tasks, strict=True)))
    table = summary(shares(pd.DataFrame([row for rows in found for row in rows])))
    text = markdown(table, grid)
    print(text.split("## All figures")[0])
    folder = cache_folder() if quick else DOCS
    (folder / "benchmark_model.md").write_text(text, encoding="utf-8")
    picture(table, grid, folder / "benchmark_model.svg")
    print(f"Written to {folder / 'benchmark_model.md'} and .svg")


if __name__ == "__main__":
    main()
