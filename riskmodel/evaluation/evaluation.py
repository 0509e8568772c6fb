"""All tables of an evaluation, from rows and the risks of each contender on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from riskmodel.cohort import Cohort
from riskmodel.evaluation.alarm_policy import Policy, load_policy
from riskmodel.evaluation.measures.alarm_rules import policy_alarms, policy_lines
from riskmodel.evaluation.measures.alarms import alarms
from riskmodel.evaluation.measures.comparators import MODEL, RIDGE, Contender
from riskmodel.evaluation.measures.curves import (
    calibration,
    calibration_by_landmark,
    decision_curves,
    distribution,
    roc_and_pr,
)
from riskmodel.evaluation.measures.estimates import FEWEST, figures, patients_by_class
from riskmodel.evaluation.measures.sensitivity import bounds, by_definition, not_estimable
from riskmodel.evaluation.measures.survival import time_dependent
from riskmodel.evaluation.row_subsets import Subset, subsets
from riskmodel.evaluation.rows import Examples

_WIDELY = ("all", "landmark")
"""Kinds of subset in which the comparators are shown too."""


_SHOWN = ("auroc", "log_loss", "calibration_slope", "expected_over_observed")


def shown(value: float, low: float, high: float) -> str:
    """A figure with its interval, or why there is none.

    Examples
    --------
    >>> shown(0.8123, 0.7512, 0.8609), shown(float("nan"), float("nan"), float("nan"))
    ('0.812 (0.751 to 0.861)', 'not estimable')
    """
    if np.isnan(value):
        return "not estimable"
    return f"{value:.3f}" + ("" if np.isnan(low) else f" ({low:.3f} to {high:.3f})")


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found.

    Attributes
    ----------
    tables : mapping of str to DataFrame
        ``figures, roc, pr, calibration, calibration_groups, calibration_landmarks,
        calibration_landmark_groups, distribution, decision, alarms, alarm_policy,
        time_dependent, bounds,
        definitions, contenders``. No row is a patient.
    about : mapping
        What was evaluated, on whom, how: JSON types only.
    """

    tables: Mapping[str, pd.DataFrame]
    about: Mapping[str, object]

    @property
    def figures(self) -> pd.DataFrame:
        """The main table: ``model, kind, subset, rows, patients, events, metric, value ...``."""
        return self.tables["figures"]

    def lines(self) -> list[str]:
        """A few figures of each contender, as lines of text."""
        whole = self.figures[self.figures["kind"] == "all"]
        found = []
        for model, part in whole.groupby("model", sort=False):
            first = part.iloc[0]
            found.append(f"{model}: {first['patients']} patients, {first['events']} with the event")
            for row in part[part["metric"].isin(_SHOWN)].to_dict(orient="records"):
                name = str(row["metric"]).replace("_", " ")
                found.append(f"  {name} {shown(row['value'], row['low'], row['high'])}")
        return found + policy_lines(self.tables["alarm_policy"])


def performance(
    rows: Examples,
    contenders: Sequence[Contender],
    wanted: Sequence[Subset],
    *,
    draws: int,
    seed: int,
) -> pd.DataFrame:
    """Every metric of each contender on the whole, and of the first on each subset.

    Returns
    -------
    DataFrame
        ``model, kind, subset, rows, patients, events, metric, value, low, high, note``.
    """
    found = []
    for number, one in enumerate(contenders):
        for subset in wanted:
            if number and subset.kind not in _WIDELY:
                continue
            kept = subset.rows & rows.known & ~np.isnan(one.rank)
            y, patient = rows.y[kept], rows.patient[kept]
            events, others = patients_by_class(y, patient)
            note = ""
            if subset.kind == "all" and min(events, others) == 0:
                note = "not estimable: one class only"
            elif subset.kind != "all" and min(events, others) < FEWEST:
                note = not_estimable(events, others)
            each = figures(
                np.zeros(len(y)) if note else y,
                one.risk[kept],
                rows.weight[kept],
                patient,
                rank=one.rank[kept],
                draws=draws,
                seed=seed,
            )
            about = (one.name, subset.kind, subset.name, len(y), events + others, events)
            found += [(*about, n, e.value, e.low, e.high, note) for n, e in each.items()]
    columns = ["model", "kind", "subset", "rows", "patients", "events", "metric"]
    return pd.DataFrame(found, columns=[*columns, "value", "low", "high", "note"])


def _few(contenders: Sequence[Contender]) -> list[Contender]:
    """The model and the two comparators that every cohort has."""
    return [one for one in contenders if one.name in (contenders[0].name, RIDGE, "ferritin alone")]


def assess(
    cohort: Cohort,
    rows: Examples,
    contenders: Sequence[Contender],
    *,
    cytopenia_rule: str,
    horizon_days: float,
    least_grade: int = 1,
    draws: int,
    seed: int,
    about: Mapping[str, object],
    policy: Policy | None = None,
) -> Evaluation:
    """Evaluate the first contender in full, and the others beside it.

    Parameters
    ----------
    cohort : Cohort
    rows : Examples
        Of every outcome; those whose outcome is not known count in the bounds only.
    contenders : sequence of Contender
        The model first.
    cytopenia_rule, horizon_days, least_grade
        Of the labels.
    draws, seed : int
        Of the bootstrap over patients.
    about : mapping
        What the report says of the run.
    policy : Policy, optional
        Of the alarms; the shipped one by default.
    """
    model, policy = contenders[0], policy or load_policy()
    how = {"draws": draws, "seed": seed}
    wanted = subsets(cohort, rows)
    table = performance(rows, contenders, wanted, **how)
    curve, groups, distance = calibration(rows, model, **how)
    if distance:
        whole = table[(table["model"] == model.name) & (table["kind"] == "all")].iloc[[0]]
        ici = whole.assign(
            metric="ici", value=distance["ici"], low=distance["ici_low"], high=distance["ici_high"]
        )
        table = pd.concat([table, ici], ignore_index=True)
    landmarks = [subset for subset in wanted if subset.kind == "landmark"]
    by_day, groups_by_day = calibration_by_landmark(rows, model, landmarks, **how)
    roc, pr = roc_and_pr(rows, contenders)
    tables = {
        "figures": table,
        "roc": roc,
        "pr": pr,
        "calibration": curve,
        "calibration_groups": groups,
        "calibration_landmarks": by_day,
        "calibration_landmark_groups": groups_by_day,
        "distribution": distribution(rows, model),
        "decision": decision_curves(rows, contenders, **how),
        "alarms": alarms(rows, model, **how),
        "alarm_policy": policy_alarms(rows, model, policy, **how),
        "time_dependent": time_dependent(rows, _few(contenders), horizon_days, **how),
        "bounds": bounds(rows, model, **how),
        "definitions": by_definition(
            cohort,
            rows,
            model,
            cytopenia_rule=cytopenia_rule,
            horizon_days=horizon_days,
            least_grade=least_grade,
            **how,
        ),
        "contenders": pd.DataFrame(
            [(one.name, one.how) for one in contenders], columns=["model", "how"]
        ),
    }
    return Evaluation(tables, {**about, "draws": draws, "seed": seed, "main": MODEL})
