"""Everything that the page about one patient shows: the report's and the server's."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from riskmodel import RESEARCH_USE
from riskmodel.cohort import AUTOIMMUNE, REASONS, Cohort
from riskmodel.criteria import autoimmune_words, event_label
from riskmodel.models import EARLIER, RiskModel, percent
from riskmodel.patient import wording as words
from riskmodel.patient.assessment import Assessment, assess_patient
from riskmodel.patient.factors import Factor, grouped
from riskmodel.patient.guidance import guidance
from riskmodel.patient.missing import range_of
from riskmodel.patient.references import base_rates, published_scores
from riskmodel.patient.risk_course import Change, changes, comparable, reading_of, readings_of
from riskmodel.patient.statement import parts_words, statement_of
from riskmodel.patient.svg.lab_panels import course, event_strip, events_so_far
from riskmodel.patient.svg.risk_charts import Reading, course_svg, hundred_svg, scale_svg
from riskmodel.patient.svg.waterfall import waterfall
from riskmodel.scoring import BaseRateOnly, NotTrainedOn, OutsideRange, model_catalogue

_FACTS = ("product", "target_antigen", "costimulatory_domain", "disease")
_DRIVERS = 3  # each way, on the first screen
_ACTS_ON_LABS = ("tocilizumab", "siltuximab", "corticosteroid", "anakinra", "ruxolitinib",
                 "emapalumab", "etoposide")  # fmt: skip


def model_content(model: RiskModel) -> dict[str, Any]:
    """What every page says of its model, whoever the patient is."""
    counts, card = model.counts, model.card
    # An older model left out everybody whose outcome was not assessed.
    open_key = "left_open" if "left_open" in counts else "not_assessed"
    left_out = [
        f"{counts[key]} {said}"
        for key, said in (
            (open_key, "whose outcome could not be assessed"),
            ("autoimmune_left_out", "with an autoimmune indication"),
        )
        if counts.get(key)
    ]
    return {
        "research_use": RESEARCH_USE,
        "autoimmune": autoimmune_words(),
        "simulated": card.simulated,
        "model": model,
        "edges": [percent(e) for e in risk_edges(model)],
        "net_benefit": net_benefit(model),
        "left_out": left_out,
        "auroc": card.figure("auroc"),
        "slope": card.figure("calibration_slope"),
        "warnings": list(card.warnings),
        "trained_on": {
            words.COLUMN_LABELS.get(k, k.replace("_", " ")): v
            for k, v in model.trained_on.items()
            if v
        },
        "rule_words": words.RULE_WORDS.get(model.cytopenia_rule, ""),
    }


def risk_edges(model: RiskModel) -> list[float]:
    """The two limits between low, intermediate and high: those of the model's design."""
    return list(model.card.design.risk_groups)


def net_benefit(model: RiskModel) -> list[dict[str, str]]:
    """Net benefit at the limits between the groups, where the model holds it, per 1,000 patients.

    In the held-out figures of its training it stands as ``net_benefit_0.05``.
    """
    held = {entry.metric: entry for entry in model.card.held_out if entry.kind == "all"}
    found = []
    for edge in risk_edges(model):
        entry = held.get(f"net_benefit_{edge:g}")
        if entry is not None and entry.value is not None:
            value = f"{1000 * entry.value:.0f}"
            if entry.low is not None and entry.high is not None:
                value += f" ({1000 * entry.low:.0f} to {1000 * entry.high:.0f})"
            found.append({"edge": percent(edge), "value": value})
    return found


NOBODY: dict[str, Any] = {
    "statement": None,
    "own": True,
    "autoimmune": False,
    "guidance": guidance(autoimmune=False),
    "adjudicated": "",
    "risk": None,
    "standing": None,
    "course": None,
    "factors": [],
    "raises": [],
    "lowers": [],
    "criteria_now": "",
    "days": "",
    "changes": [],
    "comparable": False,
    "base_rates": [],
    "published": [],
    "compared": None,
    "earlier": [],
}


def patient_content(
    patient: Cohort,
    model: RiskModel,
    time: str,
    *,
    before: RiskModel | None = None,
    compared: pd.Series | None = None,
) -> dict[str, Any]:
    """Everything the page shows of one patient, assessed at a prediction time.

    Parameters
    ----------
    patient, model, time, before
        As of `assess_patient`, with the course.
    compared : Series, optional
        Score row, with contributions, of the same patient with other inputs.
    """
    assessed = assess_patient(patient, model, time, before=before, course=True)
    return content_of(assessed, compared)


def content_of(assessed: Assessment, compared: pd.Series | None = None) -> dict[str, Any]:
    """What the page shows of an assessment."""
    known, model, hours, row = assessed.patient, assessed.model, assessed.hours, assessed.row
    events = known.events
    treated = events[events["event"].isin(_ACTS_ON_LABS) & (events["hours"] >= 0)]
    onset = assessed.adjudicated
    autoimmune = known.patients["disease"].iloc[0] in AUTOIMMUNE
    return {
        **model_content(model),
        **NOBODY,
        "patient_id": str(row["patient_id"]),
        "when": words.prediction_words(hours),
        "from_when": "the infusion" if hours == 0 else words.when(hours),
        "hours": hours,
        "facts": _facts(known.patients.iloc[0]),
        "autoimmune": autoimmune,
        "guidance": guidance(autoimmune=autoimmune),
        "statement": statement_of(assessed),
        "own": not any(isinstance(f, BaseRateOnly) for f in assessed.findings),
        "status": str(row["status"]),
        "earlier": [
            {"day": str(name).removeprefix(EARLIER), "risk": percent(float(risk))}
            for name, risk in row.items()
            if str(name).startswith(EARLIER) and not pd.isna(risk)
        ],
        **_status(assessed),
        "missing": [(f.label, f.missing) for f in assessed.factors if f.missing],
        "n_missing": int(row["n_missing"]),
        "n_features": len(model.features),
        "unusable": unusable(known, str(row["patient_id"])),
        "base_rates": base_rates(known.patients.iloc[0]),
        "published": [] if autoimmune else published_scores(known, hours),
        **_risk(assessed, compared),
        **_moved(assessed),
        **_days(assessed),
        "standing": assessed.standing,
        "criteria_now": parts_words(assessed) if hours > 0 else "",
        "adjudicated": words.when(onset) if onset is not None else "",
        "course": course(known, assessed.standing.definition, hours),
        "events": events_so_far(known),
        "treated": sorted({event_label(str(name)) for name in treated["event"]}),
    }


def _facts(patient: pd.Series) -> list[tuple[str, str]]:
    found = [
        (words.COLUMN_LABELS[c].capitalize(), "unknown" if pd.isna(patient[c]) else str(patient[c]))
        for c in _FACTS
    ]
    age = patient["age_years"]
    return [*found, ("Age", "unknown" if pd.isna(age) else f"{age:.0f} years")]


def _status(assessed: Assessment) -> dict[str, Any]:
    """Status in words, and the inputs that are unlike the training cohort."""
    findings, status = assessed.findings, str(assessed.row["status"])
    listed = [n for f in findings if isinstance(f, OutsideRange) for n in f.features]
    labels = [f.label for f in model_catalogue(assessed.model) if f.name in listed]
    unlike = [
        f"{words.COLUMN_LABELS.get(f.column, f.column.replace('_', ' '))} {f.stated}"
        for f in findings
        if isinstance(f, NotTrainedOn)
    ]
    said = {
        "scored": "Nothing that is missing or unusual could move this risk far.",
        "partial": "Read the risk together with what is listed here.",
        "out_of_scope": f"Not scored: {'; '.join(map(words.finding_words, findings))}.",
    }
    return {"status_words": said[status], "outside": grouped(labels), "unlike": unlike}


def unusable(patient: Cohort, patient_id: str) -> list[str]:
    """Cells of the patient's row that were left empty; rows of other tables carry no time."""
    rows = patient.rejected
    mine = rows[(rows["table"] == "patients") & (rows["patient_id"] == patient_id)]
    return [
        f"{str(r.column).replace('_', ' ')}: {REASONS[str(r.reason)]}" for r in mine.itertuples()
    ]


def _risk(assessed: Assessment, compared: pd.Series | None) -> dict[str, Any]:
    """Risk, interval, waterfall; nothing for a patient who is not scored."""
    from markupsafe import Markup

    row, model, patient = assessed.row, assessed.model, assessed.patient
    if pd.isna(row["risk"]):
        return {"risk": None, "factors": []}
    reading = reading_of(row)
    risk, low, high = (float(row[c]) for c in ("risk", "risk_low", "risk_high"))
    before = reading_of(compared) if compared is not None else None
    rates = base_rates(patient.patients.iloc[0])[:-1]
    published = [(r.low, r.high) for r in rates if r.low == r.low]
    ranked = sorted(assessed.factors, key=lambda f: -abs(f.contribution))
    return {
        "risk": percent(risk),
        "risk_of": words.frequency(risk),
        "hundred": Markup(hundred_svg(round(100 * risk))) if risk >= 0.0095 else "",
        "low": percent(low),
        "high": percent(high),
        "interval_of": words.frequency_range(low, high),
        "group": str(row["risk_group"]),
        "scale": Markup(scale_svg(reading, risk_edges(model), before=before, published=published)),
        "narrow_scale": Markup(
            scale_svg(reading, risk_edges(model), before=before, published=published, narrow=True)
        ),
        "factors": ranked,
        "raises": [f for f in ranked if f.direction == "raises"][:_DRIVERS],
        "lowers": [f for f in ranked if f.direction == "lowers"][:_DRIVERS],
        "waterfall": waterfall(ranked, float(row["contribution_base"])),
        "compared": _compared(before, compared, ranked),
    }


def _compared(
    before: Reading | None, row: pd.Series | None, factors: Iterable[Factor]
) -> dict[str, Any] | None:
    """The risk with the inputs that were changed, and each factor's part in it."""
    if before is None or row is None or before.risk is None:
        return None
    return {
        "risk": percent(before.risk),
        "was": {f.label: words.odds_words(float(row[f.column])) for f in factors},
    }


def _moved(assessed: Assessment) -> dict[str, Any]:
    """How far what is missing could move the risk."""
    if pd.isna(assessed.row["risk"]):
        return {"moved": None}
    model = assessed.model
    return {"moved": range_of(model, assessed.features, tuple(model_catalogue(model)))}


def _days(assessed: Assessment) -> dict[str, Any]:
    """The risk day by day, and what changed since the day before."""
    from markupsafe import Markup

    model, scope = assessed.model, assessed.not_at_risk
    # After an onset no figure stands beside the statement, an older one neither.
    if model.stage != "early" or (scope is not None and scope.onset):
        return {}
    readings = readings_of(assessed)
    if sum(reading.risk is not None for reading in readings) < 2:
        return {}
    strip, edges = event_strip(assessed.patient), risk_edges(model)
    drawn = [
        course_svg(readings, edges, model.horizon_days, strip, narrow=narrow)
        for narrow in (False, True)
    ]
    return {
        "days": Markup("".join(drawn)),
        "day_rows": [
            (
                "before" if r.day == 0 else f"{r.day:g}",
                percent(r.risk) if r.risk is not None else "none",
                f"{percent(r.low)} to {percent(r.high)}"
                if r.low is not None and r.high is not None
                else r.said,
            )
            for r in readings
        ],
        "changes": _changes(assessed),
        "comparable": comparable(assessed),
        "yesterday": readings[-2].risk and percent(readings[-2].risk),
    }


def _changes(assessed: Assessment) -> list[Change]:
    """What changed since the day before; nothing where the two days cannot be compared."""
    if not comparable(assessed):
        return []
    return changes(assessed.model, assessed.days[-2].X, assessed.features)
