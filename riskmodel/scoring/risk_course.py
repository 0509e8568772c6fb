"""The risk day by day, and which clinical factors moved it since the day before."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from riskmodel.cohort import Cohort
from riskmodel.models import RiskModel
from riskmodel.models.predict import factor_key
from riskmodel.models.wording import HARDLY
from riskmodel.scoring.risk_pictures import Reading
from riskmodel.scoring.score import score
from riskmodel.scoring.words import scope_words


@dataclass(frozen=True)
class Change:
    """What one clinical factor did to the risk between two days, in log-odds."""

    label: str
    change: float
    was: float
    now: float


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


def changes(days: Sequence[Day], labels: Sequence[str]) -> list[Change]:
    """By clinical factor, today minus the day before; largest first.

    Empty where either day has no risk, or the two rest on different models.

    Parameters
    ----------
    days : sequence of Day
        The last two are compared.
    labels : sequence of str
        Clinical factors.
    """
    if len(days) < 2:
        return []
    was, now = days[-2].row, days[-1].row
    if was["model_version"] != now["model_version"] or pd.isna([was["risk"], now["risk"]]).any():
        return []
    found = []
    for label in labels:
        column = f"contribution_{factor_key(label)}"
        before, after = float(was[column]), float(now[column])
        if abs(after - before) >= HARDLY:
            found.append(Change(label, after - before, before, after))
    return sorted(found, key=lambda change: -abs(change.change))
