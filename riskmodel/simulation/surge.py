"""The laboratory picture of IEC-HS: which signs a case shows, and when each passes its limit.

The latent process starts at the onset and no definition times it: each sign passes its limit a lag
before or after the onset, in part common to the case's signs (some pictures run ahead of the
syndrome, some behind), in part its own. A latent severity decides which signs a case shows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, logit, ndtr

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
    severity, common = rng.standard_normal(n), c["common_lag"] * rng.standard_normal(n)
    own = [p.get("signs", {}) for p in settings.populations]
    shown: dict[str, Flags] = {"ferritin": np.ones(n, dtype=bool)}
    for name in (n for n in c["share"] if n != "source"):
        rate = np.array([table.get(name, c["share"][name]) for table in own])
        score = c["by_severity"] * severity
        score += np.sqrt(1 - c["by_severity"] ** 2) * rng.standard_normal(n)
        shown[name] = ndtr(-score) < rate[patients.population[who]]
    crossing: dict[str, Floats] = {}
    for name, (mean, spread) in ((k, v) for k, v in c["lag_days"].items() if k != "source"):
        crossing[name] = onset + common + mean + spread * rng.standard_normal(n)
    target = settings.words("target")[patients.population[who]]
    after_crs = course.response[who] + c["ferritin_after_crs_days"]
    after_crs = after_crs + c["ferritin_after_crs_sd"] * rng.standard_normal(n)
    early = np.isin(target, c["ferritin_after_crs_targets"])
    first = np.minimum(crossing["ferritin"], after_crs)
    crossing["ferritin"] = np.where(early, first, crossing["ferritin"])
    for sign in ("ast", "alt"):
        shown[sign] = shown["transaminases"]
    crossing["ast"] = crossing.pop("transaminases")
    crossing["alt"] = crossing["ast"] + c["alt_after_ast_days"]
    del shown["transaminases"]
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
    middle : float
        Day of half the height.
    width, decay : float
        Days of the logistic rise and of the fall after it.
    plateau : float
        Widths from the middle to the fall.
    """

    height: Floats
    middle: Floats
    width: Floats
    decay: Floats
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
    return Surge(plateau=c["plateau_widths"], **found)
