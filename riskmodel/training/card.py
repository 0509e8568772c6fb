"""The model card: what a model is, on whom it was trained, how well it does, and its limits.

Its sections follow the items of TRIPOD+AI (Collins 2024; EVIDENCE.md E).
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from riskmodel import RESEARCH_USE
from riskmodel.criteria import autoimmune_words
from riskmodel.evaluation import MODEL, Evaluation, minimum_sample, shown
from riskmodel.models import least_grade
from riskmodel.training.card_tables import beside_ridge, calibration_table

CALIBRATION_FILE = "calibration.svg"
_PICTURE = "<!-- calibration picture -->"
_METRICS: Mapping[str, str] = {
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "brier": "Brier",
    "log_loss": "log-loss",
    "calibration_intercept": "calibration intercept",
    "calibration_slope": "calibration slope",
    "expected_over_observed": "expected / observed",
}
_FAIRNESS = ("age", "sex", "product", "disease", "centre")


def performance_table(performance: pd.DataFrame, metrics: Sequence[str] = tuple(_METRICS)) -> str:
    """Markdown table: a row per model and subset, figures with 95% intervals."""
    lines = [
        "| model | patients | events | " + " | ".join(_METRICS[m] for m in metrics) + " |",
        "|---|---|---|" + "---|" * len(metrics),
    ]
    for (model, subset), part in performance.groupby(["model", "subset"], sort=False):
        figures = {row["metric"]: row for row in part.to_dict(orient="records")}
        name = model if subset == "all" else f"{model}, {subset}"
        cells = [shown(figures[m]["value"], figures[m]["low"], figures[m]["high"]) for m in metrics]
        first = part.iloc[0]
        lines.append(f"| {name} | {first['patients']} | {first['events']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _subgroups(figures: pd.DataFrame) -> str:
    part = figures[(figures["model"] == MODEL) & figures["kind"].isin(_FAIRNESS)]
    if part.empty:
        return "No subgroup of at least 10 patients beside another is named in this cohort."
    brief = ("auroc", "calibration_slope", "expected_over_observed")
    return performance_table(part.assign(model="model"), brief)


def _bounds(evaluation: Evaluation) -> str:
    table = evaluation.tables["bounds"]
    table = table[table["metric"] == "auroc"]
    return "; ".join(
        f"{row['not_assessed']}: {shown(row['value'], row['low'], row['high'])}"
        for row in table.to_dict(orient="records")
    )


def _reaching(target: str) -> str:
    """Of which grade, in words; an onset of a lower one is competing."""
    grade = least_grade(target)
    return "" if grade == 1 else f" that reaches grade {grade} or more"


def _also(days: Sequence[float]) -> str:
    """What the model says besides of days before its horizon."""
    if not days:
        return ""
    said = ", ".join(f"{day:g}" for day in days)
    return (
        f"It also gives the risk of an onset before day {said}: shares of the same risk, learnt "
        "from\nheld-out risks, so that an earlier day never has the higher one "
        "(`earlier_days.csv`).\n"
    )


def _needed(counts: Mapping[str, int], parameters: int) -> str:
    share = min(max(counts["events"] / counts["patients"], 0.005), 0.995)
    size = minimum_sample(share, parameters)
    return (
        f"{parameters} candidate features at {share:.1%} events ask for {size.needed} patients "
        f"with {size.events} events (Riley 2019: shrinkage {size.shrinkage}, optimism "
        f"{size.optimism}, overall risk {size.overall_risk}; Nagelkerke R-squared of 0.15 "
        f"assumed); this cohort has {counts['patients']} with {counts['events']}."
    )


def card_as_file(card: str, with_picture: bool) -> str:
    """The card for a file that stands beside the calibration picture, or without one."""
    line = f"![Calibration curve with its interval]({CALIBRATION_FILE})" if with_picture else ""
    return card.replace(_PICTURE, line)


def model_card(about: Mapping[str, Any], evaluation: Evaluation, performance: pd.DataFrame) -> str:
    """The card as Markdown.

    Parameters
    ----------
    about : mapping
        ``name, stage, definition, cytopenia_rule, labels, horizon_days, counts, trained_on,
        weights, directions, warnings, simulated, design``, ``parameters`` (candidate features),
        ``groups`` (clinical factors), ``participants, predictors, net_benefit`` (tables), and
        ``updated_from`` where an older model was the start.
    evaluation : Evaluation
        On held-out patients.
    performance : DataFrame
        The part of its figures that the card shows first.
    """
    counts = about["counts"]
    outcomes = ", ".join(
        f"{key.replace('_', ' ')} {counts[key]}"
        for key in ("event", "no_event", "competing", "lost", "not_assessed")
    )
    trained_on = "\n".join(f"- {k}: {', '.join(v)}" for k, v in about["trained_on"].items() if v)
    weights = "\n".join(f"- {k}: {v:.2f}" for k, v in about["weights"].items())
    notes = "\n".join(f"- {text}" for text in about["warnings"]) or "- none"
    source = (
        "Simulated patients: the figures below say nothing about real ones."
        if about["simulated"]
        else "The cohort that was given; the figures below hold for patients like these."
    )
    updated = about.get("updated_from")
    if updated:
        source = f"{source}\n{updated['sentence']}"
    when = (
        "before the infusion"
        if about["stage"] == "pre_infusion"
        else f"on any day from 1 to {math.ceil(about['horizon_days']) - 1} after the infusion, for "
        "patients at risk on that day"
    )
    moving = " (which moves with the day)" if about["stage"] == "early" else ""
    return f"""# {about["name"]}

{RESEARCH_USE}

A prediction model of IEC-HS, developed and internally validated (TRIPOD+AI 1-4). The numbers in
brackets are items of TRIPOD+AI (Collins 2024), as remembered: unverified.

## Intended use [3, 4, 27]
Predicts the onset of IEC-HS{_reaching(about.get("target", "onset"))}
between the prediction time and day {about["horizon_days"]:g}
(exclusive) after a CAR-T infusion, {when}. For research on risk prediction. Not for autoimmune
indications: {autoimmune_words()}.

For researchers and trial statisticians. Inputs that are missing are allowed: the interval widens
and the score says which.

## Participants and data [5-7, 20]
{source}
Patients {counts["patients"]}, with an event {counts["events"]}, rows {counts["rows"]}.
Outcomes of the cohort: {outcomes}. A patient who was not watched to the horizon (`lost`,
`not_assessed`) is censored where an onset could last be excluded.
{evaluation.about["watched"]}
{trained_on}

{about["participants"]}

## Outcome [8]
Labels: {about["labels"]}. Definition {about["definition"]}, cytopenia rule
{about["cytopenia_rule"] or "none"}. Horizon {about["horizon_days"]:g} days, exclusive.
{_also(about.get("also_days", ()))}Rules judge the outcome without seeing a risk; the same
analytes may stand among the predictors.

## Predictors and missing values [9, 11]
{about["parameters"]} candidate features of these clinical factors: {", ".join(about["groups"])}.
Each is defined, with its unit, window and source, in the model's own copy of the catalogue. A
missing value stands at the median of its column in the linear part and has its own branch in the
trees; no patient is left out for it. Missing is the share of all rows. The coefficient is that of
the linear part on the final scale, per unit, around the reference{moving}; the trees add to
it, and the mean size is of both together, in log-odds.

{about["predictors"]}

## Sample size [10]
{_needed(counts, about["parameters"])}

## Model [12, 15, 21, 22]
Evidence-informed logistic and bagged monotone boosting, combined on the log-odds scale. The
evidence is mostly direction only, entered by convention, not as published effects.
The output is a probability of the onset; no class is weighted up for being rare, so that risks stay
calibrated [13]. Weights of the members:
{weights}

{about["directions"]}

## Performance on held-out patients [12, 16, 23]
{evaluation.about["how"]} Design `{about["design"]}`; every choice was made inside the fold;
intervals are 95%, from {evaluation.about["draws"]} draws of patients.
{evaluation.about["signal"]}

{performance_table(performance)}

{beside_ridge(evaluation)}

{calibration_table(evaluation)}

{about["net_benefit"]}

{_PICTURE}

AUROC where outcomes that could not be assessed are {_bounds(evaluation)}.

## Fairness: subgroups [14, 23]
{_subgroups(evaluation.figures)}

## Ethics, openness, involvement [17-19]
The package, the designs and the feature catalogue are open (Apache-2.0). The model folder holds no
patient's data. Ethical approval, funding, registration and the involvement of patients are for the
centre whose cohort this is to state.

## Updating [24]
`riskmodel train --from` updates this model on other patients; `riskmodel monitor` watches it in
use.

## Limits and warnings [25, 26]
{notes}
- Rule-made onsets are seen at the next draw, and early features hold some of the rule's analytes:
  read the figures by lead time.
- Patients unlike those listed above are scored with status `partial`.
"""
