"""The gate before a model becomes champion: what has to hold, and the verdict in sentences."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from riskmodel.evaluation import MODEL, Evaluation
from riskmodel.models import RiskModel, model_catalogue
from riskmodel.training.design import Gate

SUBGROUPS = ("product", "age", "sex", "centre", "landmark")
"""Kinds of subset in which a challenger may not collapse."""


@dataclass(frozen=True)
class Check:
    """One condition: its name, whether it holds, and the figures behind it in a sentence."""

    name: str
    holds: bool
    sentence: str


@dataclass(frozen=True)
class Verdict:
    """All conditions.

    Attributes
    ----------
    checks : tuple of Check
    judged_on : str
        Which patients the figures are of.
    """

    checks: tuple[Check, ...]
    judged_on: str

    @property
    def holds(self) -> bool:
        """Whether every condition does."""
        return all(check.holds for check in self.checks)

    def text(self) -> str:
        """One line per condition."""
        return "\n".join(
            f"{'holds' if c.holds else 'FAILS'}  {c.name}: {c.sentence}" for c in self.checks
        )


def stored_figures(evaluation: Evaluation, gate: Gate) -> list[dict[str, Any]]:
    """Held-out figures of a training run that its model keeps for later comparisons.

    Returns
    -------
    list of dict
        ``kind, subset, metric, value, low, high, events``; net benefits as
        ``net_benefit_<threshold>``. JSON types only, NaN as None; no row is a patient.
    """
    table = evaluation.figures
    kept = table[
        (table["model"] == MODEL)
        & table["metric"].isin(("auroc", "log_loss", "calibration_slope"))
        & table["kind"].isin(("all", *SUBGROUPS))
    ]
    columns = ["kind", "subset", "metric", "value", "low", "high", "events"]
    found = kept[columns].to_dict(orient="records")
    decision = evaluation.tables["decision"]
    for threshold in gate.thresholds:
        at = decision[(decision["model"] == MODEL) & np.isclose(decision["threshold"], threshold)]
        found += [
            {
                "kind": "all", "subset": "all", "metric": f"net_benefit_{threshold:g}",
                "value": row.net_benefit, "low": row.low, "high": row.high, "events": None,
            }
            for row in at.itertuples()
        ]  # fmt: skip
    return [
        {str(k): None if isinstance(v, float) and np.isnan(v) else v for k, v in row.items()}
        for row in found
    ]


def check_contract(challenger: RiskModel, champion: RiskModel) -> Check:
    """Whether whoever feeds the champion can feed the challenger: stage, horizon, features."""
    differences = [
        f"{what} {new} instead of {old}"
        for what, new, old in (
            ("stage", challenger.stage, champion.stage),
            ("horizon (days)", challenger.horizon_days, champion.horizon_days),
            ("target", challenger.predicts, champion.predicts),
            ("definition", challenger.definition, champion.definition),
        )
        if new != old
    ]
    ours, theirs = ({f.name: f for f in model_catalogue(m)} for m in (challenger, champion))
    added = [name for name in ours if name not in theirs]
    redefined = [
        name
        for name in ours
        if name in theirs
        and (ours[name].unit, ours[name].builder, ours[name].of, ours[name].transform)
        != (theirs[name].unit, theirs[name].builder, theirs[name].of, theirs[name].transform)
    ]
    if added:
        differences.append(f"features that the champion does not read: {', '.join(added)}")
    if redefined:
        differences.append(f"features of another meaning: {', '.join(redefined)}")
    said = "; ".join(differences) or f"{len(ours)} features, all of them the champion's"
    return Check("same feature contract", not differences, f"{said}.")


def check_signal(challenger: RiskModel) -> Check:
    """Whether the challenger's held-out risks follow the outcome at all."""
    said = "none was found in its training: its risks follow the outcome no more than chance"
    told = said if challenger.card.no_signal else "not refuted in its training"
    return Check("signal", not challenger.card.no_signal, f"{told}.")


def check_events(events: int, gate: Gate) -> Check:
    """Whether there are enough events to judge by."""
    enough = events >= gate.fewest_events
    return Check(
        "enough events", enough, f"{events} patients with the event, {gate.fewest_events} needed."
    )


def _shown(value: float, low: float, high: float) -> str:
    return f"{value:.4f} ({low:.4f} to {high:.4f})"


def check_slope(value: float, low: float, high: float, gate: Gate) -> Check:
    """Calibration slope of the challenger: its interval meets the bounds."""
    least, most = gate.slope
    holds = bool(low <= most and high >= least)
    said = f"{_shown(value, low, high)}, bounds {least:g} to {most:g}."
    return Check("calibration slope", holds, said)


def check_log_loss(difference: float, low: float, high: float, gate: Gate) -> Check:
    """Log-loss of the challenger minus the champion's, on the same patients."""
    holds = bool(low <= 0 and difference <= gate.log_loss_margin)
    said = (
        f"difference {_shown(difference, low, high)}; at most {gate.log_loss_margin:g} and not "
        "beyond chance is allowed."
    )
    return Check("log-loss", holds, said)


def check_net_benefit(threshold: float, difference: float, low: float, high: float) -> Check:
    """Net benefit of the challenger minus the champion's at a threshold."""
    return Check(
        f"net benefit at {threshold:.0%}",
        bool(high >= 0),
        f"difference {_shown(difference, low, high)}; lower beyond chance is not allowed.",
    )


def check_subgroups(drops: Mapping[str, tuple[float, float]], gate: Gate) -> Check:
    """Subgroups in which the AUROC falls: `drops` maps a name to (champion, challenger)."""
    collapsed = {
        name: pair for name, pair in drops.items() if pair[0] - pair[1] > gate.subgroup_auroc_drop
    }
    listed = "; ".join(f"{name} {a:.2f} to {b:.2f}" for name, (a, b) in collapsed.items())
    said = (
        f"AUROC falls by more than {gate.subgroup_auroc_drop:g} in {listed}."
        if collapsed
        else f"no AUROC falls by more than {gate.subgroup_auroc_drop:g} in {len(drops)} subgroups "
        "that can be judged."
    )
    return Check("no subgroup collapses", not collapsed, said)


def judge_stored(challenger: RiskModel, champion: RiskModel, gate: Gate) -> Verdict:
    """Compare the held-out figures of two training runs on the same patients.

    Not paired: a challenger's log-loss has to lie within the champion's interval.
    """
    ours, theirs = _by_key(challenger), _by_key(champion)
    new, old = ours["all", "log_loss"], theirs["all", "log_loss"]
    contract = check_contract(challenger, champion)
    events = check_events(int(challenger.counts.get("events", 0)), gate)
    log_loss = Check(
        "log-loss",
        bool(new[0] <= old[2]),
        f"{_shown(*new)} against {_shown(*old)}; within the champion's interval "
        "or below is allowed.",
    )
    checks = [contract, check_signal(challenger), events, log_loss]
    checks.append(check_slope(*ours["all", "calibration_slope"], gate))
    for threshold in gate.thresholds:
        key = ("all", f"net_benefit_{threshold:g}")
        if key in ours and key in theirs:
            a, b = ours[key], theirs[key]
            checks.append(
                Check(
                    f"net benefit at {threshold:.0%}",
                    bool(a[0] >= b[1]),
                    f"{_shown(*a)} against {_shown(*b)}; within the champion's "
                    "interval or above is allowed.",
                )
            )
    drops = {
        subset: (theirs[subset, metric][0], row[0])
        for (subset, metric), row in ours.items()
        if metric == "auroc" and subset != "all" and (subset, metric) in theirs
    }
    drops = {name: pair for name, pair in drops.items() if not np.isnan(pair).any()}
    checks.append(check_subgroups(drops, gate))
    on = "the held-out patients of their training runs, which saw the same cohort"
    return Verdict(tuple(checks), on)


def _by_key(model: RiskModel) -> dict[tuple[str, str], tuple[float, float, float]]:
    """Value and interval of each stored figure, NaN where there is none."""

    def known(value: float | None) -> float:
        return np.nan if value is None else value

    return {
        (row.subset, row.metric): (known(row.value), known(row.low), known(row.high))
        for row in model.card.held_out
    }


def judge_compared(
    contract: Check,
    signal: Check,
    compared: pd.DataFrame,
    drops: Mapping[str, tuple[float, float]],
    events: int,
    gate: Gate,
    judged_on: str,
) -> Verdict:
    """Compare two models on the same held-out patients.

    Parameters
    ----------
    contract, signal : Check
    compared : DataFrame
        Of `riskmodel.evaluation.compare`: the champion first, then the challenger.
    drops : mapping of str to (float, float)
        AUROC of champion and challenger in each subgroup that can be judged.
    events : int
    gate : Gate
    judged_on : str
    """
    challenger = compared["model"].iloc[-1]
    rows = compared[compared["model"] == challenger].set_index("metric")

    def apart(metric: str) -> tuple[float, float, float]:
        row = rows.loc[metric]
        return row["difference"], row["difference_low"], row["difference_high"]

    slope = rows.loc["calibration_slope"]
    checks = [
        contract,
        signal,
        check_events(events, gate),
        check_log_loss(*apart("log_loss"), gate),
        check_slope(slope["value"], slope["low"], slope["high"], gate),
        *(check_net_benefit(t, *apart(f"net_benefit_{t:g}")) for t in gate.thresholds),
        check_subgroups(drops, gate),
    ]
    return Verdict(tuple(checks), judged_on)
