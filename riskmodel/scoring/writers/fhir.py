"""FHIR R4 RiskAssessment: one resource per score row."""

import hashlib
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from riskmodel import RESEARCH_USE
from riskmodel.models import EARLIER
from riskmodel.scoring.findings import BaseRateOnly
from riskmodel.scoring.score_table import CONTRIBUTION, GRADE, graded

PROBABILITY = "http://terminology.hl7.org/CodeSystem/risk-probability"
GROUPS: Mapping[str, tuple[str, str]] = {
    "low": ("low", "Low likelihood"),
    "intermediate": ("moderate", "Moderate likelihood"),
    "high": ("high", "High likelihood"),
}
OUTCOME = "IEC-HS (immune effector cell-associated HLH-like syndrome)"
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_FACTORS_SHOWN = 5


def fhir_resources(rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """RiskAssessment resources, one per row, in the order of the rows.

    A patient without a risk leaves with a resource too: its status is ``cancelled`` (the
    assessment was not completed), and the rationale says why.

    Parameters
    ----------
    rows : DataFrame
        Score rows with ``__infusion_time``; without one the resource names no occurrence.

    References
    ----------
    HL7 FHIR R4, RiskAssessment. ``probabilityDecimal`` is a fraction of 1, as in the standard's
    own examples and in use, though the comment on the element speaks of percentages: so the
    rationale gives the risk in percent, and says which of the two the decimal is. ``whenRange``
    is in days after the infusion.
    """
    names = [str(c) for c in rows.columns if str(c).startswith(CONTRIBUTION)]
    for row in rows.to_dict(orient="records"):
        yield _resource(row, names)


def _resource(row: Mapping[Any, Any], factors: list[str]) -> dict[str, Any]:
    patient, hours = str(row["patient_id"]), float(row["prediction_time_hours"])
    key = "|".join([patient, repr(hours), row["model_name"], row["model_version"], row["reason"]])
    risk = float(row["risk"])
    known = not math.isnan(risk)
    about = f"{row['model_name']} {row['model_version']}".strip() or "none"
    when = "unknown" if math.isnan(hours) else f"{hours:g} h after the infusion"
    found: dict[str, Any] = {
        "resourceType": "RiskAssessment",
        "id": hashlib.sha256(key.encode()).hexdigest()[:32],
        "status": "final" if known else "cancelled",
        "method": {
            "text": f"riskmodel {about}, definition {row['definition'] or 'none'}. {row['note']}"
        },
        "code": {"text": f"Risk of {_outcome(row)}"},
        "subject": _subject(patient),
    }
    start = row["__infusion_time"]
    if not (pd.isna(start) or math.isnan(hours)):
        instant = pd.Timestamp(start) + pd.Timedelta(hours=hours)
        found["occurrenceDateTime"] = instant.tz_localize("UTC").isoformat()
    found["basis"] = [{"display": f"Records at or before {when}; missing inputs: {_missing(row)}"}]
    found["prediction"] = (
        [_prediction(row, risk, factors), *_earlier(row)] if known else [_none(row)]
    )
    found["mitigation"] = f"None: this assessment directs no treatment. {RESEARCH_USE}"
    found["note"] = [{"text": RESEARCH_USE}]
    return found


def _outcome(row: Mapping[Any, Any]) -> str:
    return OUTCOME + graded(row.get(GRADE))


def _earlier(row: Mapping[Any, Any]) -> list[dict[str, Any]]:
    """A prediction for each earlier day that the model answers for, the longest first."""
    found = []
    for name, risk in row.items():
        if str(name).startswith(EARLIER) and not math.isnan(float(risk)):
            day = float(str(name).removeprefix(EARLIER))
            found.append((day, {**row, "horizon_days": day}, float(risk)))
    return [
        {
            "outcome": {"text": _outcome(row)},
            "probabilityDecimal": risk,
            "whenRange": _range(before),
            "rationale": f"Risk {_percent(risk)} before day {day:g}, a share of the one above.",
        }
        for day, before, risk in sorted(found, key=lambda one: -one[0])
    ]


def _subject(patient: str) -> dict[str, Any]:
    """Reference to the patient: by address where the identifier can be one, and as it is."""
    found: dict[str, Any] = {}
    if _ID.fullmatch(patient):
        found["reference"] = f"Patient/{patient}"
    if patient:
        found["identifier"] = {"value": patient}
    return found or {"display": "patient without an identifier"}


def _missing(row: Mapping[Any, Any]) -> str:
    return str(row["missing_features"]) or "none"


def _prediction(row: Mapping[Any, Any], risk: float, factors: list[str]) -> dict[str, Any]:
    return {
        "outcome": {"text": _outcome(row)},
        "probabilityDecimal": risk,
        "qualitativeRisk": _group(str(row["risk_group"])),
        "whenRange": _range(row),
        "rationale": _rationale(row, risk, factors),
    }


def _range(row: Mapping[Any, Any]) -> dict[str, Any]:
    day, horizon = float(row["prediction_time_hours"]) / 24, float(row["horizon_days"])
    unit = {"unit": "days after the infusion", "system": "http://unitsofmeasure.org", "code": "d"}
    return {"low": {"value": day, **unit}, "high": {"value": horizon, **unit}}


def _group(name: str) -> dict[str, Any]:
    """The group as a concept; where the inputs tell none, as text alone."""
    if not name:
        return {"text": "cannot be told from these inputs"}
    code, shown = GROUPS[name]
    return {"coding": [{"system": PROBABILITY, "code": code, "display": shown}], "text": name}


def _rationale(row: Mapping[Any, Any], risk: float, factors: list[str]) -> str:
    low, high = float(row["risk_low"]), float(row["risk_high"])
    own = BaseRateOnly.code not in str(row["findings"]).split()
    what, interval = (
        ("Risk", "90% interval") if own else ("Published rate", "range or 95% interval")
    )
    text = (
        f"{what} {_percent(risk)} ({interval} {_percent(low)} to {_percent(high)}). "
        "probabilityDecimal is this risk as a fraction of 1, not in percent."
    )
    parts = {
        name.removeprefix(CONTRIBUTION).replace("_", " "): float(row[name])
        for name in factors
        if name != f"{CONTRIBUTION}base" and not math.isnan(float(row[name]))
    }
    strongest = sorted(parts, key=lambda name: -abs(parts[name]))[:_FACTORS_SHOWN]
    if strongest:
        told = ", ".join(f"{name} {parts[name]:+.2f}" for name in strongest)
        text += f" Strongest contributions, log-odds: {told}."
    return f"{text} {row['reason']}." if row["reason"] else text


def _percent(risk: float) -> str:
    """A risk in percent; one below 1% with two significant digits, so that none reads as zero.

    Examples
    --------
    >>> _percent(0.1234), _percent(0.00042)
    ('12.3%', '0.042%')
    """
    return f"{risk:.1%}" if risk >= 0.01 else f"{100 * risk:.2g}%"


def _none(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {"outcome": {"text": _outcome(row)}, "rationale": f"{row['status']}: {row['reason']}."}
