"""Scores as FHIR R4 RiskAssessment (https://hl7.org/fhir/R4/riskassessment.html)."""

from collections.abc import Iterable, Mapping
from typing import Any

from riskmodel import RESEARCH_USE
from riskmodel.models import RiskModel

MEDIA_TYPE = "application/fhir+json"
_QUALITATIVE = {
    "low": ("low", "Low likelihood"),
    "intermediate": ("moderate", "Moderate likelihood"),
    "high": ("high", "High likelihood"),
}
_SYSTEM = "http://terminology.hl7.org/CodeSystem/risk-probability"

Row = Mapping[str, Any]


def bundle(rows: Iterable[Row], model: RiskModel) -> dict[str, Any]:
    """A collection of the assessments of score rows."""
    entries = [{"resource": risk_assessment(row, model)} for row in rows]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def risk_assessment(
    row: Row, model: RiskModel, subject: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """One score row; a patient who is not scored has no prediction and says why.

    R4 gives a probability as a percentage: 12.5 for 0.125.

    Parameters
    ----------
    row : mapping
        A row of `riskmodel.scoring.score`, unknown as None.
    model : RiskModel
    subject : mapping, optional
        Reference to the Patient; by default the identifier of the row.
    """
    risk = row["risk"]
    start = row["prediction_time_hours"]
    found: dict[str, Any] = {
        "resourceType": "RiskAssessment",
        "status": "final" if risk is not None else "cancelled",
        "subject": dict(subject or {"identifier": {"value": str(row["patient_id"])}}),
        "code": {"text": "Risk of IEC-HS"},
        "method": {"text": f"{model.name}, version {model.version}"},
        "note": [{"text": RESEARCH_USE}],
    }
    if row["reason"]:
        found["note"].append({"text": f"Status {row['status']}: {row['reason']}."})
    if risk is not None:
        from_when = "infusion" if not start else f"day {start / 24:g}"
        code, display = _QUALITATIVE[row["risk_group"]]
        found["prediction"] = [
            {
                "outcome": {
                    "text": f"Onset of IEC-HS ({model.definition}) from {from_when} to before day "
                    f"{model.horizon_days:g} after the infusion"
                },
                "probabilityDecimal": 100 * float(risk),
                "qualitativeRisk": {
                    "coding": [{"system": _SYSTEM, "code": code, "display": display}],
                    "text": row["risk_group"],
                },
                "rationale": (
                    f"90% interval {100 * row['risk_low']:.3g}% to {100 * row['risk_high']:.3g}%; "
                    f"{row['n_missing']} inputs missing"
                ),
            }
        ]
    return found
