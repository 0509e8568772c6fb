"""The laboratory picture of IEC-HS: which signs a case shows, and when each passes its limit.

The signs are timed so that the definition `astct-2024` first holds at the latent onset: the second
of ferritin, transaminases and fibrinogen passes its limit then, the cytopenias before.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, logit

from riskmodel.arrays import Codes, Flags, Floats
from riskmodel.simulation.course import Course
from riskmodel.simulation.latent import Patients
from riskmodel.simulation.settings import Settings, uniform


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

    patient: Codes
    shown: Mapping[str, Flags]
    crossing: Mapping[str, Floats]


def draw_signs(
    settings: Settings, patients: Patients, course: Course, rng: np.random.Generator
) -> Signs:
    """Draw the signs of every case and the hours at which they pass their limits."""
    c = settings.constants["signs"]
    who = np.flatnonzero(patients.case)
    n, onset = len(who), patients.onset_days[who]
    complete = rng.random(n) >= c["incomplete"]
    share = c["share"]
    own = [p.get("signs", {}) for p in settings.populations]
    shown: dict[str, Flags] = {}
    for name in (n for n in share if n != "source"):
        rate = np.array([table.get(name, share[name]) for table in own])
        shown[name] = rng.random(n) < rate[patients.population[who]]
    shown["fibrinogen"] |= complete & ~shown["transaminases"]
    lineages = shown["anc"].astype(int) + shown["platelets"] + shown["hemoglobin"]
    shown["anc"] |= complete & (lineages < 2)
    shown["platelets"] |= complete & (lineages < 2)

    lead = rng.exponential(c["lead_days"], (3, n))
    lead[1] = np.where(shown["transaminases"], lead[1], -np.inf)
    lead[2] = np.where(shown["fibrinogen"], lead[2], -np.inf)
    target = settings.words("target")[patients.population[who]]
    early = np.isin(target, c["ferritin_after_crs_targets"])
    after_crs = course.response[who] + c["ferritin_after_crs_days"]
    after_crs = after_crs + c["ferritin_after_crs_sd"] * rng.standard_normal(n)
    second = np.sort(lead, axis=0)[1]
    second = np.where(np.isfinite(second), second, lead[0])
    other = np.maximum(lead[1], lead[2])
    second = np.where(early & np.isfinite(other), other, second)
    crossing: dict[str, Floats] = {
        "ferritin": np.where(early, np.minimum(onset, after_crs), onset + second - lead[0]),
        "ast": onset + np.where(shown["transaminases"], second - lead[1], c["mild_delay_days"]),
        "fibrinogen": onset + np.where(shown["fibrinogen"], second - lead[2], c["mild_delay_days"]),
        "triglycerides": onset + uniform(rng, c["triglyceride_days"], n),
    }
    shown["ferritin"] = np.ones(n, dtype=bool)
    shown["ast"] = shown["alt"] = shown.pop("transaminases")
    crossing["alt"] = crossing["ast"] + c["alt_after_ast_days"]
    for name in ("anc", "platelets", "hemoglobin"):
        crossing[name] = (
            onset - rng.exponential(c["cytopenia_lead_days"], n) - c["cytopenia_lead_least"]
        )
    for name in settings.analytes:
        surge = settings.analytes[name].get("surge")
        if surge and name not in crossing:
            crossing[name] = onset + surge.get("delay", 0.0) + uniform(rng, c["other_days"], n)
            shown.setdefault(name, np.ones(n, dtype=bool))
    return Signs(patient=who, shown=shown, crossing=crossing)


@dataclass(frozen=True)
class Surge:
    """Added course of one analyte in cases; arrays of shape (patients,), zero height in others.

    Attributes
    ----------
    height : float
        Of the rise, negative for a fall, on the analyte's scale.
    middle, crossing : float
        Day of half the height, and of the sign's limit (NaN in others).
    width, decay : float
        Days of the logistic rise and of the fall after it.
    plateau : float
        Widths from the middle to the fall.
    """

    height: Floats
    middle: Floats
    width: Floats
    decay: Floats
    crossing: Floats
    plateau: float

    def at(self, patient: Codes, day: Floats) -> Floats:
        """Amount to add on the analyte's scale."""
        since = day - self.middle[patient]
        return np.asarray(
            self.height[patient]
            * _shape(since, self.width[patient], self.decay[patient], self.plateau)
        )


def _shape(since: Floats, width: Floats, decay: Floats, plateau: float) -> Floats:
    """A logistic rise, and from `plateau` widths after its middle a Gaussian fall."""
    past = np.maximum(since - plateau * width, 0.0) / decay
    return np.asarray(expit(since / width) * np.exp(-(past**2)))


def fit_surge(
    settings: Settings,
    analyte: str,
    patients: Patients,
    signs: Signs,
    course_at: Callable[[Codes, Floats], Floats],
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
    c = settings.constants["surge"]
    sigma = np.full(n, table.get("sigma", np.nan))
    if analyte == "ferritin":
        sigma = settings.column("ferritin_sigma")[patients.population[who]]
    deviation = sigma * rng.standard_normal(n)
    top = np.log(peak) + deviation if log else peak + deviation
    bound = np.log(limit) if log else limit
    base = course_at(who, crossing)
    if analyte == "ferritin":
        top = np.maximum(top, bound + np.log(table["floor"] / table["threshold"]))
    down = bool(n) and table.get("peak", np.inf) < limit[0]
    beyond, least = (c["beyond_log"], c["least_log"]) if log else (c["beyond"], c["least"])
    top = np.minimum(top, bound - beyond) if down else np.maximum(top, bound + beyond)
    top = np.minimum(top, base - least) if down else np.maximum(top, base + c["least_rise"])
    if "others" in table:
        mild = np.log(table["others"]) + c["others_sd"] * rng.standard_normal(n)
        mild = np.minimum(mild, base) if down else np.maximum(mild, base)
        top = np.where(shown, top, mild)
    else:
        top = np.where(shown, top, base)
    rise = top - base
    safe = np.where(np.abs(rise) < 1e-6, 1.0, rise)
    share = np.clip((bound - base) / safe, *c["share_limits"])
    share = np.where(shown, share, c["share_mild"])
    width = table["width"] * np.exp(c["width_sd"] * rng.standard_normal(n))
    decay = table["decay"] * np.exp(c["decay_sd"] * rng.standard_normal(n))
    grid = np.linspace(0.0, 12.0, 121) * width[:, None]
    reached = _shape(grid, width[:, None], decay[:, None], c["plateau_widths"]).max(axis=1)
    found = {name: np.zeros(len(patients)) for name in ("height", "middle")}
    found |= {name: np.ones(len(patients)) for name in ("width", "decay")}
    found["height"][who] = rise / reached
    found["middle"][who] = crossing - width * logit(share * reached)
    found["width"][who], found["decay"][who] = width, decay
    found["crossing"] = np.full(len(patients), np.nan)
    found["crossing"][who] = crossing
    return Surge(plateau=c["plateau_widths"], **found)
