"""One page about one patient, for a clinician: self-contained HTML without scripts."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from riskmodel import RESEARCH_USE
from riskmodel.cohort import AUTOIMMUNE, Cohort
from riskmodel.cohort.rejection import REASONS
from riskmodel.errors import SchemaError
from riskmodel.features.matrix import LAST_LANDMARK_DAY
from riskmodel.files import replacing
from riskmodel.models import RiskModel
from riskmodel.models.explain import waterfall_svg
from riskmodel.scoring import words
from riskmodel.scoring.curves import tidy_svg
from riskmodel.scoring.factors import Factor, factors_of, grouped
from riskmodel.scoring.panels import course, events_so_far
from riskmodel.scoring.score import check_stage, model_catalogue, score
from riskmodel.scoring.standing import standing

_TEMPLATE = "report.html.j2"
_OUTSIDE = "outside the training range: "
_NEW = "not trained on: "
_FACTS = ("product", "target_antigen", "costimulatory_domain", "disease")
_ACTS_ON_LABS = ("tocilizumab", "siltuximab", "corticosteroid", "anakinra", "ruxolitinib",
                 "emapalumab", "etoposide")  # fmt: skip
_COLOURS = {"#ff0051": "#9b1420", "#008bfb": "#0b4f8a"}  # SHAP's red and blue, darker


def report(
    cohort: Cohort, patient_id: str, model: RiskModel, out: Path, *, at: str | None = None
) -> None:
    """Write one self-contained HTML page about one patient.

    Everything on it rests on records at or before the prediction time; only the choice of a
    default time looks at which records there are.

    Parameters
    ----------
    cohort : Cohort
    patient_id : str
    model : RiskModel
    out : Path
        Written whole or not at all.
    at : str, optional
        ``pre-infusion`` or ``day-K``. By default pre-infusion for a model of that stage; for an
        early one the last day that is known (the day of the last record, completed, at most
        13), or the last one before it at which the patient was at risk.

    Raises
    ------
    SchemaError
        When the patient is unknown, or the model does not fit the prediction time.
    """
    html = page(cohort, patient_id, model, at=at)
    with replacing(out) as temporary:
        temporary.write_text(html, encoding="utf-8")


def page(cohort: Cohort, patient_id: str, model: RiskModel, *, at: str | None = None) -> str:
    """The page of `report` as text."""
    if at is not None:
        check_stage(model, at)
    found = np.flatnonzero(cohort.patient_id == patient_id)
    if len(found):
        return _render(_content(cohort.take(found[:1]), model, at))
    return _render(_rejected(cohort, patient_id, model))


def _render(content: Mapping[str, Any]) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(Path(__file__).parent)
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(_TEMPLATE).render(**content)


def _rejected(cohort: Cohort, patient_id: str, model: RiskModel) -> dict[str, Any]:
    """The page of a patient whose row could not enter.

    Raises
    ------
    SchemaError
        When there is no such patient at all.
    """
    rows = cohort.rejected
    mine = rows[(rows["table"] == "patients") & (rows["patient_id"] == patient_id)]
    if mine.empty:
        raise SchemaError(
            f"Patient '{patient_id}' is not in cohort '{cohort.name}', which has {len(cohort)} "
            f"patient{'' if len(cohort) == 1 else 's'}. Use an identifier of its patients table."
        )
    reasons = [f"the row {REASONS[str(code)]}" for code in mine["reason"].unique()]
    return {
        **_frame(model),
        "patient_id": patient_id,
        "status": "rejected",
        "status_words": f"Not scored: {'; '.join(reasons)}. Correct the input and read it again.",
        "facts": [],
        "when": "none",
        "time_note": "",
    }


def default_time(patient: Cohort, model: RiskModel) -> tuple[str, str]:
    """Prediction time where none is asked for, and what to say about the choice.

    Parameters
    ----------
    patient : Cohort
        One patient.
    """
    if model.stage == "pre_infusion":
        return "pre-infusion", ""
    last = max([*patient.labs["hours"], *patient.events["hours"]], default=0.0)
    latest = int(min(LAST_LANDMARK_DAY, np.ceil(model.horizon_days) - 1))
    known = int(np.clip(np.ceil(last / 24), 1, latest))
    if last <= 0:
        return "day-1", "No record since the infusion is known, so this page stands at day 1."
    at_end = reason = _no_longer_at_risk(patient, model, known)
    day = known
    while reason and day > 1:
        day -= 1
        reason = _no_longer_at_risk(patient, model, day)
    if reason or day == known:
        return f"day-{known}", ""
    return f"day-{day}", (
        f"This page stands at day {day}, the last whole day on which the patient was still at "
        f"risk. At day {known} no risk can be given: {_scope_words(at_end)}. Apart from this "
        "note, nothing recorded after the prediction time is used or shown."
    )


def _no_longer_at_risk(patient: Cohort, model: RiskModel, day: int) -> str:
    """Why the patient is not at risk at a landmark, empty where it is; a human's label counts."""
    row = score(patient, model, f"day-{day}").iloc[0]
    if row["status"] == "out_of_scope" and not row["reason"].startswith("autoimmune"):
        return str(row["reason"])
    return "adjudicated" if _adjudicated_hours(patient.until(24.0 * day)) is not None else ""


def _adjudicated_hours(patient: Cohort) -> float | None:
    hours = patient.events.loc[(patient.events["event"] == "iec_hs").to_numpy(bool), "hours"]
    return float(hours.min()) if len(hours) else None


def _scope_words(reason: str) -> str:
    return words.SCOPE_WORDS.get(reason.partition(":")[0], reason)


def _frame(model: RiskModel) -> dict[str, Any]:
    """What every page says, whoever the patient is."""
    counts, card = model.counts, model.card
    edges = [float(e) for e in card.get("design", {}).get("risk_groups", (0.05, 0.15))]
    left_out = [
        f"{counts[key]} {said}"
        for key, said in (
            ("not_assessed", "whose outcome could not be assessed"),
            ("autoimmune_left_out", "with an autoimmune indication"),
        )
        if counts.get(key)
    ]
    figures = {
        f["metric"]: f
        for f in card.get("performance", [])
        if f["model"] == "riskmodel" and f["subset"] == "all" and f["value"] is not None
    }
    return {
        "research_use": RESEARCH_USE,
        "simulated": bool(card.get("simulated")),
        "model": model,
        "edges": [words.percent(e) for e in edges],
        "left_out": left_out,
        "auroc": figures.get("auroc"),
        "slope": figures.get("calibration_slope"),
        "warnings": card.get("warnings", []),
        "trained_on": {
            words.COLUMN_LABELS.get(k, k.replace("_", " ")): v
            for k, v in model.trained_on.items()
            if v
        },
        "rule_words": words.RULE_WORDS.get(model.cytopenia_rule, ""),
        "autoimmune": False,
        "adjudicated": "",
        "risk": None,
        "standing": None,
        "course": None,
        "factors": [],
    }


def _content(patient: Cohort, model: RiskModel, at: str | None) -> dict[str, Any]:
    """Everything the template shows of one patient."""
    time, time_note = (at, "") if at is not None else default_time(patient, model)
    hours = check_stage(model, time)
    known = patient.until(hours)
    row = score(known, model, time, explain=True).iloc[0]
    definition = str(model.card.get("design", {}).get("definition", "astct-2024"))
    stands = standing(known, definition, model.cytopenia_rule, hours)
    factors = factors_of(known, model, row, hours, definition)
    events = known.events
    treated = events[events["event"].isin(_ACTS_ON_LABS) & (events["hours"] >= 0)]
    onset = _adjudicated_hours(known)
    return {
        **_frame(model),
        "patient_id": str(row["patient_id"]),
        "when": words.prediction_words(hours),
        "from_when": "the infusion" if hours == 0 else words.when(hours),
        "time_note": time_note,
        "hours": hours,
        "facts": _facts(known.patients.iloc[0]),
        "autoimmune": known.patients["disease"].iloc[0] in AUTOIMMUNE,
        "status": str(row["status"]),
        **_status(row, known, model),
        "missing": [(f.label, f.missing) for f in factors if f.missing],
        "n_missing": int(row["n_missing"]),
        "n_features": len(model.features),
        "unusable": _unusable(known, str(row["patient_id"])),
        **_risk(row, factors),
        "standing": stands,
        "adjudicated": words.when(onset) if onset is not None else "",
        "course": course(known, stands.definition, hours),
        "events": events_so_far(known),
        "treated": sorted({words.event_label(str(name)) for name in treated["event"]}),
    }


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
    listed = head.partition(_OUTSIDE)[2].strip("; ").split(", ")
    outside = grouped([f.label for f in model_catalogue(model) if f.name in listed])
    unlike = [
        f"{words.COLUMN_LABELS.get(column, column.replace('_', ' '))} {patient.patients[column][0]}"
        for column, trained in model.trained_on.items()
        if column in patient.patients
        and pd.notna(patient.patients[column][0])
        and patient.patients[column][0] not in trained
    ]
    said = {
        "scored": "Scored: every input is known and within the range of the training cohort.",
        "partial": "Scored in part: read the risk together with what is listed here.",
        "out_of_scope": f"Not scored: {_scope_words(str(row['reason']))}.",
    }
    return {
        "status_words": said[str(row["status"])],
        "outside": outside,
        "unlike": unlike,
    }


def _unusable(patient: Cohort, patient_id: str) -> list[str]:
    """Cells of the patient's row that were left empty; rows of other tables carry no time."""
    rows = patient.rejected
    mine = rows[(rows["table"] == "patients") & (rows["patient_id"] == patient_id)]
    return [
        f"{str(r.column).replace('_', ' ')}: {REASONS[str(r.reason)]}" for r in mine.itertuples()
    ]


def _risk(row: pd.Series, factors: Iterable[Factor]) -> dict[str, Any]:
    """Risk, interval, waterfall; nothing for a patient who is not scored."""
    from markupsafe import Markup

    if pd.isna(row["risk"]):
        return {"risk": None, "factors": []}
    ranked = sorted(factors, key=lambda f: -abs(f.contribution))
    keys = {f.label: f.contribution for f in ranked}
    values = {f.label: f.short for f in ranked if f.short is not None}
    base = float(row["contribution_base"])
    risk, low, high = (float(row[c]) for c in ("risk", "risk_low", "risk_high"))
    return {
        "risk": words.percent(risk),
        "risk_of": words.frequency(risk),
        "squares": round(100 * risk) if risk >= 0.0095 else 0,
        "low": words.percent(low),
        "high": words.percent(high),
        "low_of": words.frequency(low).lower(),
        "high_of": words.frequency(high).lower(),
        "group": str(row["risk_group"]),
        "reference": words.percent(0.5 * (1 + np.tanh(base / 2))),
        "factors": ranked,
        "waterfall": Markup(_readable(waterfall_svg(keys, base, values=values))),
    }


def _readable(waterfall: str) -> str:
    """The waterfall in colours that text of its size can be read in on white (WCAG AA)."""
    markup = tidy_svg(waterfall)
    for drawn, readable in _COLOURS.items():
        markup = markup.replace(drawn, readable)
    return markup
