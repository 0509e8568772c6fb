"""The model card: what a model is, on whom it was trained, how well it does, and its limits."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from riskmodel import RESEARCH_USE


def _figure(row: Mapping[Any, Any]) -> str:
    if pd.isna(row["value"]):
        return "not computable"
    interval = "" if pd.isna(row["low"]) else f" ({row['low']:.3f} to {row['high']:.3f})"
    return f"{row['value']:.3f}{interval}"


def performance_table(performance: pd.DataFrame) -> str:
    """Markdown table: a row per model and subset, figures with 95% intervals."""
    metrics = ("auroc", "auprc", "brier", "log_loss", "calibration_intercept", "calibration_slope")
    lines = [
        "| model | rows | events | " + " | ".join(m.replace("_", " ") for m in metrics) + " |",
        "|---|---|---|" + "---|" * len(metrics),
    ]
    for (model, subset), part in performance.groupby(["model", "subset"], sort=False):
        figures = {row["metric"]: row for row in part.to_dict(orient="records")}
        name = model if subset == "all" else f"{model}, {subset}"
        cells = [_figure(figures[m]) for m in metrics]
        first = part.iloc[0]
        lines.append(f"| {name} | {first['rows']} | {first['events']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def model_card(about: Mapping[str, Any], performance: pd.DataFrame) -> str:
    """The card as Markdown.

    Parameters
    ----------
    about : mapping
        ``name, stage, definition, cytopenia_rule, labels, horizon_days, counts, trained_on,
        weights, warnings, simulated, design``, and ``updated_from`` where an older model was
        the start.
    performance : DataFrame
        Of `riskmodel.training.validation.performance`.
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
        else "on any day from 1 to 13 after the infusion, for patients at risk on that day"
    )
    return f"""# {about["name"]}

{RESEARCH_USE}

## Intended use
Predicts the onset of IEC-HS between the prediction time and day {about["horizon_days"]:g}
(exclusive) after a CAR-T infusion, {when}. For research on risk prediction. Not for autoimmune
indications: no case among 47 published patients (exact 95% upper bound 7.5%).

## Data
{source}
Patients {counts["patients"]}, with an event {counts["events"]}, rows {counts["rows"]}.
Outcomes of the cohort: {outcomes}. `lost` patients count through inverse-probability-of-censoring
weights; `not_assessed` ones are left out of fitting.
{trained_on}

## Outcome
Labels: {about["labels"]}. Definition {about["definition"]}, cytopenia rule
{about["cytopenia_rule"] or "none"}. Horizon {about["horizon_days"]:g} days, exclusive.

## Model
Evidence-informed logistic and bagged monotone boosting, combined on the log-odds scale. The
evidence is mostly direction only, entered by convention, not as published effects.
Weights of the members:
{weights}

## Performance
Nested cross-validation grouped by patient (design `{about["design"]}`), 95% bootstrap intervals.

{performance_table(performance)}

## Limits and warnings
{notes}
- Rule-made onsets are seen at the next draw, and early features hold some of the rule's analytes:
  read the figures by lead time.
- Patients unlike those listed above are scored with status `partial`.
"""
