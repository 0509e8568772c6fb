"""The risk day by day, and which clinical factors moved it since the day before."""

from dataclasses import dataclass

import pandas as pd

from riskmodel.models import HARDLY, RiskModel, change_by_factor
from riskmodel.patient.assessment import Assessment
from riskmodel.patient.svg.risk_charts import Reading
from riskmodel.patient.wording import finding_words
from riskmodel.scoring import Findings


@dataclass(frozen=True)
class Change:
    """What one clinical factor did to the risk between two days, in log-odds."""

    label: str
    change: float


def reading_of(row: pd.Series, findings: Findings = ()) -> Reading:
    """A score row as a point of a picture."""
    day = float(row["prediction_time_hours"]) / 24
    if pd.isna(row["risk"]):
        return Reading(day, None, None, None, "; ".join(map(finding_words, findings)))
    return Reading(day, float(row["risk"]), float(row["risk_low"]), float(row["risk_high"]))


def readings_of(assessment: Assessment) -> list[Reading]:
    """The risk before the infusion, where there is a model for it, and on each day."""
    days = assessment.days if assessment.before is None else (assessment.before, *assessment.days)
    return [reading_of(day.rows.iloc[0], day.findings[0]) for day in days]


def comparable(assessment: Assessment) -> bool:
    """Whether the last two days both have a risk."""
    if len(assessment.days) < 2:
        return False
    was, now = (day.rows.iloc[0]["risk"] for day in assessment.days[-2:])
    return bool(pd.notna(was) and pd.notna(now))


def changes(model: RiskModel, X_before: pd.DataFrame, X_now: pd.DataFrame) -> list[Change]:
    """By clinical factor, today minus the day before; largest first, the smallest left out.

    Parameters
    ----------
    model : RiskModel
    X_before, X_now : DataFrame of shape (1, any)
        The patient's features at the two times.
    """
    moved = change_by_factor(model, X_before, X_now).iloc[0]
    moved = moved.drop(["log_odds_before", "log_odds_now"])
    found = [Change(str(label), float(change)) for label, change in moved.items()]
    kept = [change for change in found if abs(change.change) >= HARDLY]
    return sorted(kept, key=lambda change: -abs(change.change))
