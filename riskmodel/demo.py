"""The main job end to end on simulated patients: `riskmodel demo`."""

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from riskmodel import RESEARCH_USE
from riskmodel.cohort import Cohort, read_cohort, summary
from riskmodel.criteria import label
from riskmodel.errors import SchemaError
from riskmodel.evaluation import write_evaluation
from riskmodel.features import Stage
from riskmodel.files import replacing, write_table, write_text
from riskmodel.models import RiskModel
from riskmodel.patient import report
from riskmodel.scoring import find_model, score
from riskmodel.simulation import simulate
from riskmodel.training import TrainingResult, train

PUBLISHED_CASE = Path(__file__).parent / "cohort" / "published_case"
_DESIGN = "quick"
_AT: dict[Stage, str] = {"pre_infusion": "pre-infusion", "early": "day-5"}
_MARKER = "made-by-riskmodel-demo.txt"


class _Steps:
    """Says what is being done on a terminal, and keeps the table of what was made."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str]] = []
        self._start = time.monotonic()

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        began = time.monotonic()
        self._say(f"{text} ...")
        yield
        self._say(f"{text}: {time.monotonic() - began:.1f} s")

    def _say(self, text: str) -> None:
        if sys.stderr.isatty():
            print(text, file=sys.stderr)

    @property
    def seconds(self) -> float:
        """Time since the start."""
        return time.monotonic() - self._start

    def table(self) -> str:
        """What was made, and where."""
        width = max(len(what) for what, _ in self.made)
        return "\n".join(f"{what:<{width}}  {where}" for what, where in self.made)


def _prepare(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise SchemaError(f"'{out}' is a file. Give a folder with --out.")
    if out.is_dir() and any(out.iterdir()) and not (out / _MARKER).exists():
        raise SchemaError(
            f"Folder '{out}' holds something that the demo did not make. It was left as it is: "
            "give another folder with --out."
        )
    out.mkdir(parents=True, exist_ok=True)
    (out / _MARKER).write_text(f"Made by 'riskmodel demo'. {RESEARCH_USE}\n", encoding="utf-8")


def _train(cohort: Cohort, stage: Stage, out: Path, steps: _Steps) -> tuple[str, RiskModel]:
    from riskmodel.tracking import set_champion

    name = f"riskmodel-demo-{stage.replace('_', '-')}"
    folder = out / "models" / stage.replace("_", "-")
    result: TrainingResult = train(
        cohort, stage, design=_DESIGN, simulated=True, out=folder, register=name, name=name
    )
    set_champion(name, str(result.version))
    figures = result.performance.query(
        "model == 'riskmodel' and subset == 'all' and metric == 'auroc'"
    )
    auroc = figures.to_dict(orient="records")[0]
    steps.made += [
        (f"model, {stage}", f"{folder}, registered as models:/{name}/{result.version} (champion)"),
        (
            f"  cross-validated AUROC, {result.model.counts['events']} events",
            f"{auroc['value']:.2f} ({auroc['low']:.2f} to {auroc['high']:.2f})",
        ),
        ("  model card", str(folder / "model_card.md")),
    ]
    if result.evaluation is not None:
        evaluation = out / f"evaluation_{stage}"
        write_evaluation(result.evaluation, evaluation)
        steps.made.append(("  evaluation on held-out patients", str(evaluation / "report.html")))
    return f"models:/{name}@champion", result.model


def _patient_to_show(cohort: Cohort, model: RiskModel, at: str) -> str:
    """The patient with the highest risk among those that can be scored."""
    scores = score(cohort, model, at)
    return str(scores["patient_id"].to_numpy()[int(np.nanargmax(scores["risk"].to_numpy()))])


def run_demo(out: Path, *, patients: int = 600, seed: int = 7) -> None:
    """Simulate, check, label, train both stages, register, score and explain.

    Parameters
    ----------
    out : Path
        Folder to fill; one that the demo did not make is refused.
    patients : int
        Simulated patients, a third more of them to be scored.
    seed : int

    Raises
    ------
    SchemaError
        When `out` holds something else.
    """
    steps = _Steps()
    _prepare(out)
    train_folder, new_folder, case_folder = (
        out / "cohort_train",
        out / "cohort_new",
        out / "cohort_published",
    )
    with steps.step("simulate"):
        simulate(train_folder, patients=patients, seed=seed)
        simulate(new_folder, patients=patients // 3, seed=seed + 1)
        with replacing(case_folder) as temporary:
            shutil.copytree(PUBLISHED_CASE, temporary)
    steps.made += [
        (f"simulated cohort, {patients} patients", str(train_folder)),
        (f"simulated new patients, {patients // 3}", str(new_folder)),
        ("one published patient", str(case_folder)),
    ]
    with steps.step("check and label"):
        cohort = read_cohort(train_folder)
        checked = out / "check.txt"
        checked.write_text(summary(cohort) + "\n", encoding="utf-8")
        labels = label(cohort)
        write_table(labels, out / "labels.csv")
        case = read_cohort(case_folder)
        write_table(label(case), out / "labels_published.csv")
    outcomes = ", ".join(f"{k} {v}" for k, v in labels["outcome"].value_counts().items())
    steps.made += [
        ("what is in the cohort", str(checked)),
        (f"labels ({outcomes})", str(out / "labels.csv")),
    ]
    new = read_cohort(new_folder)
    for stage, at in _AT.items():
        with steps.step(f"train {stage}"):
            uri, _ = _train(cohort, stage, out, steps)
        with steps.step(f"score and explain {stage}"):
            model = find_model(uri)
            scored = out / f"scores_{stage}.csv"
            scores = score(new, model, at, explain=True)
            write_table(scores, scored)
            shown = _patient_to_show(new, model, at)
            page = out / f"report_{stage}_simulated.html"
            report(new, shown, model, page, at=at)
            published = out / f"report_{stage}_published.html"
            report(case, str(case.patient_id[0]), model, published)
        counts = ", ".join(f"{k} {v}" for k, v in scores["status"].value_counts().items())
        steps.made += [
            (f"scores at {at} ({counts})", str(scored)),
            (f"  page of simulated patient {shown}", str(page)),
            ("  page of the published patient", str(published)),
        ]
    from riskmodel.tracking import store

    steps.made.append(("runs and registry (mlflow ui)", store()))
    text = (
        f"{steps.table()}\nDone in {steps.seconds:.0f} s. "
        f"The models were trained on simulated patients.\n{RESEARCH_USE}"
    )
    write_text(out / "summary.txt", text + "\n")
    print(text)
