"""The laboratory picture of IEC-HS: which signs a case shows, and when each passes its limit.

The signs are timed so that the definition `astct-2024` first holds at the latent onset: the second
of ferritin, transaminases and fibrinogen passes its limit then, the cytopenias before.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, logit

from riskmodel.training.simulation.course import Course
from riskmodel.training.simulation.latent import Patients
from riskmodel.training.simulation.settings import Bool, Float, Int, Settings

_SIGNS = ("transaminases", "fibrinogen", "triglycerides", "anc", "platelets", "hemoglobin")


@dataclass(frozen=True)
class Signs:
    """Signs of the cases; arrays of shape (cases,).

    Attributes
    ----------
    patient : int
        Patient of each case.
    shown : mapping of analyte to bool
        Whether the case shows this sign.
    crossing : mapping of analyte to float
        Day on which it passes its limit.
    """

    patient: Int
    shown: Mapping[str, Bool]
    crossing: Mapping[str, Float]


def draw_signs(
    settings: Settings, patients: Patients, course: Course, rng: np.random.Generator
) -> Signs:
    """Draw the signs of every case and the hours at which they pass their limits."""
    c = settings.constants["signs"]
    who = np.flatnonzero(patients.case)
    n, onset = len(who), patients.onset_days[who]
    complete = rng.random(n) >= c["incomplete"]
    shown: dict[str, Bool] = {name: rng.random(n) < c[name] for name in _SIGNS}
    for name in ("ldh", "bilirubin_total", "creatinine"):
        shown[name] = rng.random(n) < c[name]
    shown["fibrinogen"] |= complete & ~shown["transaminases"]
    lineages = shown["anc"].astype(int) + shown["platelets"] + shown["hemoglobin"]
    shown["anc"] |= complete & (lineages < 2)
    shown["platelets"] |= complete & (lineages < 2)

    lead = rng.exponential(c["lead_days"], (3, n))
    lead[1] = np.where(shown["transaminases"], lead[1], -np.inf)
    lead[2] = np.where(shown["fibrinogen"], lead[2], -np.inf)
    target = settings.words("target")[patients.population[who]]
    early = np.isin(target, c["ferritin_after_crs_targets"])
    after_crs = course.response[who] + c["ferritin_after_crs_days"] + 0.8 * rng.standard_normal(n)
    second = np.sort(lead, axis=0)[1]
    second = np.where(np.isfinite(second), second, lead[0])
    other = np.maximum(lead[1], lead[2])
    second = np.where(early & np.isfinite(other), other, second)
    crossing: dict[str, Float] = {
        "ferritin": np.where(early, np.minimum(onset, after_crs), onset + second - lead[0]),
        "ast": onset + np.where(shown["transaminases"], second - lead[1], 0.5),
        "fibrinogen": onset + np.where(shown["fibrinogen"], second - lead[2], 0.5),
        "triglycerides": onset + rng.uniform(-0.5, 1.0, n),
    }
    shown["ferritin"] = np.ones(n, dtype=bool)
    shown["ast"] = shown["alt"] = shown.pop("transaminases")
    crossing["alt"] = crossing["ast"] + 0.3
    for name in ("anc", "platelets", "hemoglobin"):
        crossing[name] = onset - 0.15 - rng.exponential(c["cytopenia_lead_days"], n)
    for name in settings.analytes:
        surge = settings.analytes[name].get("surge")
        if surge and name not in crossing:
            crossing[name] = onset + surge.get("delay", 0.0) + rng.uniform(-1.5, 0.3, n)
            shown.setdefault(name, np.ones(n, dtype=bool))
    return Signs(patient=who, shown=shown, crossing=crossing)


@dataclass(frozen=True)
class Surge:
    """Added course of one analyte in cases; arrays of shape (patients,), zero height in others."""

    height: Float
    middle: Float
    width: float
    decay: float

    def at(self, patient: Int, day: Float) -> Float:
        """Amount to add on the analyte's scale."""
        middle = self.middle[patient]
        rise = expit((day - middle) / self.width)
        past = np.maximum(day - middle - 2.5 * self.width, 0.0) / self.decay
        return np.asarray(self.height[patient] * rise * np.exp(-(past**2)))


def fit_surge(
    settings: Settings,
    analyte: str,
    patients: Patients,
    signs: Signs,
    course_at: Callable[[Int, Float], Float],
    rng: np.random.Generator,
) -> Surge:
    """Height and middle of the rise, so that the course passes the limit at the drawn hour.

    Parameters
    ----------
    course_at : callable
        The analyte's course without IEC-HS on its scale, of patients and days.
    """
    table: Mapping[str, Any] = settings.analytes[analyte]["surge"]
    who, crossing, shown = signs.patient, signs.crossing[analyte], signs.shown[analyte]
    n = len(who)
    log = settings.analytes[analyte]["scale"] == "log"
    peak, limit = np.full(n, table.get("peak", np.nan)), np.full(n, float(table["threshold"]))
    if analyte == "ferritin":
        population = patients.population[who]
        peak = settings.column("ferritin_peak")[population]
        bcma = settings.words("target")[population] == "BCMA"
        limit = np.where(bcma, table["threshold_bcma"], limit)
    limit = limit * table["margin"]
    deviation = table["sigma"] * rng.standard_normal(n)
    top = np.log(peak) + deviation if log else peak + deviation
    bound = np.log(limit) if log else limit
    base = course_at(who, crossing)
    if analyte == "ferritin":
        top = np.maximum(top, bound + np.log(table["floor"] / table["threshold"]))
    down = table.get("peak", np.inf) < limit[0] if n else False
    top = np.minimum(top, bound - 0.25) if down else np.maximum(top, bound + 0.2)
    least = 0.5 if log else 0.8
    top = np.minimum(top, base - least) if down else np.maximum(top, base + 0.1)
    if "others" in table:
        mild = np.log(table["others"]) + 0.15 * rng.standard_normal(n)
        mild = np.minimum(mild, base) if down else np.maximum(mild, base)
        top = np.where(shown, top, mild)
    else:
        top = np.where(shown, top, base)
    rise = top - base
    safe = np.where(np.abs(rise) < 1e-6, 1.0, rise)
    share = np.clip((bound - base) / safe, 0.12, 0.88)
    share = np.where(shown, share, 0.3)
    width = float(table["width"])
    grid = np.linspace(0.0, 12.0, 241) * width
    past = np.maximum(grid - 2.5 * width, 0.0) / table["decay"]
    reached = float(np.max(expit(grid / width) * np.exp(-(past**2))))
    share = share * reached
    height, middle = np.zeros(len(patients)), np.zeros(len(patients))
    height[who] = rise / reached
    middle[who] = crossing - width * logit(share)
    return Surge(height=height, middle=middle, width=width, decay=float(table["decay"]))
