"""The risk day by day, and which clinical factors moved it since the day before."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from riskmodel.cohort import Cohort
from riskmodel.models import HARDLY, RiskModel, change_by_factor
from riskmodel.patient.svg.risk_charts import Reading
from riskmodel.patient.wording import scope_words
from riskmodel.scoring import score


@dataclass(frozen=True)
class Change:
    """What one clinical factor did to the risk between two days, in log-odds."""

    label: str
    change: float


@dataclass(frozen=True)
class Day:
    """One day: what was read, and the score row behind it."""

    reading: Reading
    row: pd.Series


def reading_of(row: pd.Series) -> Reading:
    """A score row as a point of a picture."""
    day = float(row["prediction_time_hours"]) / 24
    if pd.isna(row["risk"]):
        return Reading(day, None, None, None, scope_words(str(row["reason"])))
    return Reading(day, float(row["risk"]), float(row["risk_low"]), float(row["risk_high"]))


def days_of(
    patient: Cohort, early: RiskModel, last_day: int, before: RiskModel | None = None
) -> list[Day]:
    """The patient scored before the infusion, where there is a model for it, and on each day.

    Parameters
    ----------
    patient : Cohort
        One patient.
    early, before : RiskModel
    last_day : int
        The prediction day.
    """
    found = []
    if before is not None:
        row = score(patient, before, "pre-infusion", explain=True).iloc[0]
        found.append(Day(reading_of(row), row))
    for day in range(1, last_day + 1):
        row = score(patient, early, f"day-{day}", explain=True).iloc[0]
        found.append(Day(reading_of(row), row))
    return found


def comparable(days: Sequence[Day]) -> bool:
    """Whether the last two days both have a risk, of one model."""
    if len(days) < 2:
        return False
    was, now = days[-2].row, days[-1].row
    same = was["model_version"] == now["model_version"]
    return bool(same and pd.notna([was["risk"], now["risk"]]).all())


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
