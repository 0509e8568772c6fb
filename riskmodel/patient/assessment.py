"""Everything that the page about one patient shows: the report's and the server's."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from riskmodel import RESEARCH_USE
from riskmodel.cohort import AUTOIMMUNE, REASONS, Cohort
from riskmodel.models import RiskModel
from riskmodel.patient import wording as words
from riskmodel.patient.base_rates import base_rates
from riskmodel.patient.criteria_status import standing
from riskmodel.patient.factors import Factor, factors_of, feature_row, grouped
from riskmodel.patient.missing import range_of
from riskmodel.patient.published_scores import published_scores
from riskmodel.patient.risk_course import Change, Day, changes, comparable, days_of, reading_of
from riskmodel.patient.svg.lab_panels import course, event_strip, events_so_far
from riskmodel.patient.svg.risk_charts import Reading, course_svg, hundred_svg, scale_svg
from riskmodel.patient.svg.waterfall import waterfall
from riskmodel.scoring import check_stage, model_catalogue, score, unlike_training

OUTSIDE = "outside the training range: "
_NEW = "not trained on: "
_FACTS = ("product", "target_antigen", "costimulatory_domain", "disease")
_ACTS_ON_LABS = ("tocilizumab", "siltuximab", "corticosteroid", "anakinra", "ruxolitinib",
                 "emapalumab", "etoposide")  # fmt: skip


def model_content(model: RiskModel) -> dict[str, Any]:
    """What every page says of its model, whoever the patient is."""
    counts, card = model.counts, model.card
    left_out = [
        f"{counts[key]} {said}"
        for key, said in (
            ("not_assessed", "whose outcome could not be assessed"),
            ("autoimmune_left_out", "with an autoimmune indication"),
        )
        if counts.get(key)
    ]
    return {
        "research_use": RESEARCH_USE,
        "simulated": card.simulated,
        "model": model,
        "edges": [words.percent(e) for e in risk_edges(model)],
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
            found.append({"edge": words.percent(edge), "value": value})
    return found


NOBODY: dict[str, Any] = {
    "autoimmune": False,
    "adjudicated": "",
    "risk": None,
    "standing": None,
    "course": None,
    "factors": [],
    "days": "",
    "changes": [],
    "comparable": False,
    "base_rates": [],
    "published": [],
    "compared": None,
}


def patient_content(
    patient: Cohort,
    model: RiskModel,
    time: str,
    *,
    before: RiskModel | None = None,
    compared: pd.Series | None = None,
) -> dict[str, Any]:
    """Everything the page shows of one patient.

    Parameters
    ----------
    patient : Cohort
        One patient; records after the prediction time are left aside.
    model : RiskModel
    time : str
        ``pre-infusion`` or ``day-K``, of the model's stage.
    before : RiskModel, optional
        A model of the other stage, for day 0 of the risk day by day.
    compared : Series, optional
        Score row, with contributions, of the same patient with other inputs.
    """
    hours = check_stage(model, time)
    known = patient.until(hours)
    row = score(known, model, time, explain=True).iloc[0]
    definition = model.signs[0]
    stands = standing(known, definition, model.cytopenia_rule, hours)
    X = feature_row(known, model, hours, definition)
    factors = factors_of(X.iloc[0], model, row)
    events = known.events
    treated = events[events["event"].isin(_ACTS_ON_LABS) & (events["hours"] >= 0)]
    onset = adjudicated_hours(known)
    return {
        **model_content(model),
        **NOBODY,
        "patient_id": str(row["patient_id"]),
        "when": words.prediction_words(hours),
        "from_when": "the infusion" if hours == 0 else words.when(hours),
        "hours": hours,
        "facts": _facts(known.patients.iloc[0]),
        "autoimmune": known.patients["disease"].iloc[0] in AUTOIMMUNE,
        "status": str(row["status"]),
        **_status(row, known, model),
        "missing": [(f.label, f.missing) for f in factors if f.missing],
        "n_missing": int(row["n_missing"]),
        "n_features": len(model.features),
        "unusable": unusable(known, str(row["patient_id"])),
        "base_rates": base_rates(known.patients.iloc[0]),
        "published": published_scores(known, hours),
        **_risk(row, factors, model, known, compared),
        **_moved(row, X, model),
        **_days(known, model, before, hours, X),
        "standing": stands,
        "adjudicated": words.when(onset) if onset is not None else "",
        "course": course(known, stands.definition, hours),
        "events": events_so_far(known),
        "treated": sorted({words.event_label(str(name)) for name in treated["event"]}),
    }


def adjudicated_hours(patient: Cohort) -> float | None:
    """When a human recorded the onset, None where nobody did."""
    hours = patient.events.loc[(patient.events["event"] == "iec_hs").to_numpy(bool), "hours"]
    return float(hours.min()) if len(hours) else None


def _facts(patient: pd.Series) -> list[tuple[str, str]]:
    found = [
        (words.COLUMN_LABELS[c].capitalize(), "unknown" if pd.isna(patient[c]) else str(patient[c]))
        for c in _FACTS
    ]
    age = patient["age_years"]
    return [*found, ("Age", "unknown" if pd.isna(age) else f"{age:.0f} years")]


def _status(row: pd.Series, patient: Cohort, model: RiskModel) -> dict[str, Any]:
    """Status in words, and the inputs that are unlike the training cohort."""
    head = str(row["reason"]).partition(_NEW)[0]
    listed = head.partition(OUTSIDE)[2].strip("; ").split(", ")
    outside = grouped([f.label for f in model_catalogue(model) if f.name in listed])
    unlike = [
        f"{words.COLUMN_LABELS.get(column, column.replace('_', ' '))} {stated}"
        for _, column, stated in unlike_training(patient.patients, model)
    ]
    said = {
        "scored": "Every input is known and within the range of the training cohort.",
        "partial": "Read the risk together with what is listed here.",
        "out_of_scope": f"Not scored: {words.scope_words(str(row['reason']))}.",
    }
    return {"status_words": said[str(row["status"])], "outside": outside, "unlike": unlike}


def unusable(patient: Cohort, patient_id: str) -> list[str]:
    """Cells of the patient's row that were left empty; rows of other tables carry no time."""
    rows = patient.rejected
    mine = rows[(rows["table"] == "patients") & (rows["patient_id"] == patient_id)]
    return [
        f"{str(r.column).replace('_', ' ')}: {REASONS[str(r.reason)]}" for r in mine.itertuples()
    ]


def _risk(
    row: pd.Series,
    factors: Sequence[Factor],
    model: RiskModel,
    patient: Cohort,
    compared: pd.Series | None,
) -> dict[str, Any]:
    """Risk, interval, waterfall; nothing for a patient who is not scored."""
    from markupsafe import Markup

    if pd.isna(row["risk"]):
        return {"risk": None, "factors": []}
    reading = reading_of(row)
    risk, low, high = (float(row[c]) for c in ("risk", "risk_low", "risk_high"))
    before = reading_of(compared) if compared is not None else None
    published = [(r.low, r.high) for r in base_rates(patient.patients.iloc[0])[:-1]]
    ranked = sorted(factors, key=lambda f: -abs(f.contribution))
    return {
        "risk": words.percent(risk),
        "risk_of": words.frequency(risk),
        "hundred": Markup(hundred_svg(round(100 * risk))) if risk >= 0.0095 else "",
        "low": words.percent(low),
        "high": words.percent(high),
        "interval_of": words.frequency_range(low, high),
        "group": str(row["risk_group"]),
        "scale": Markup(scale_svg(reading, risk_edges(model), before=before, published=published)),
        "narrow_scale": Markup(
            scale_svg(reading, risk_edges(model), before=before, published=published, narrow=True)
        ),
        "factors": ranked,
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
        "risk": words.percent(before.risk),
        "was": {f.label: words.odds_words(float(row[f.column])) for f in factors},
    }


def _moved(row: pd.Series, X: pd.DataFrame, model: RiskModel) -> dict[str, Any]:
    """How far what is missing could move the risk."""
    if pd.isna(row["risk"]):
        return {"moved": None}
    return {"moved": range_of(model, X, list(model_catalogue(model)))}


def _days(
    patient: Cohort,
    model: RiskModel,
    before: RiskModel | None,
    hours: float,
    X: pd.DataFrame,
) -> dict[str, Any]:
    """The risk day by day, and what changed since the day before."""
    from markupsafe import Markup

    if model.stage != "early":
        return {}
    days = days_of(patient, model, int(np.round(hours / 24)), before)
    readings = [day.reading for day in days]
    if sum(reading.risk is not None for reading in readings) < 2:
        return {}
    strip, edges = event_strip(patient), risk_edges(model)
    drawn = [
        course_svg(readings, edges, model.horizon_days, strip, narrow=narrow)
        for narrow in (False, True)
    ]
    return {
        "days": Markup("".join(drawn)),
        "day_rows": [
            (
                "before" if r.day == 0 else f"{r.day:g}",
                words.percent(r.risk) if r.risk is not None else "none",
                f"{words.percent(r.low)} to {words.percent(r.high)}"
                if r.low is not None and r.high is not None
                else r.said,
            )
            for r in readings
        ],
        "changes": _changes(patient, model, days, X),
        "comparable": comparable(days),
        "yesterday": readings[-2].risk and words.percent(readings[-2].risk),
    }


def _changes(
    patient: Cohort, model: RiskModel, days: Sequence[Day], X: pd.DataFrame
) -> list[Change]:
    """What changed since the day before; nothing where the two days cannot be compared."""
    if not comparable(days):
        return []
    hours = float(days[-2].row["prediction_time_hours"])
    earlier = feature_row(patient.until(hours), model, hours, model.signs[0])
    return changes(model, earlier, X)
