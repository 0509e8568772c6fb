"""When blood is drawn and what is sent: daily in hospital, more often the sicker."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from riskmodel.training.simulation.course import Course
from riskmodel.training.simulation.latent import Patients
from riskmodel.training.simulation.settings import Bool, Float, Int, Settings

_DAYS = 28


@dataclass(frozen=True)
class Draws:
    """Blood draws in the order of patient and time.

    Attributes
    ----------
    patient : int array of shape (d,)
    day : float array of shape (d,)
        Days from the infusion, in whole tenths of an hour.
    panels : mapping of str to bool array of shape (d,)
        Which panels were sent.
    """

    patient: Int
    day: Float
    panels: Mapping[str, Bool]


def _severe(patients: Patients, course: Course, day: Float) -> Bool:
    """Whether a patient is watched closely: CRS of grade 2 or more, or IEC-HS near."""
    crs = (course.crs_grade >= 2)[:, None] & (day >= course.response[:, None])
    crs &= day <= course.crs_end[:, None] + 0.5
    onset = patients.onset_days[:, None]
    near = patients.case[:, None] & (day >= onset - 2.5) & (day <= onset + 9)
    return np.asarray(crs | near)


def draw_schedule(
    settings: Settings, patients: Patients, course: Course, rng: np.random.Generator
) -> Draws:
    """Draw the blood samples of every patient, two before the infusion and up to day 28.

    Before the infusion nothing about the schedule depends on the patient's risk.
    """
    n, sampling = len(patients), settings.constants["sampling"]
    morning = rng.uniform(0.55, 0.95, (n, 1))
    daily = np.arange(_DAYS) + morning + rng.uniform(-0.06, 0.06, (n, _DAYS))
    evening = daily + 0.5 + rng.uniform(-0.08, 0.08, (n, _DAYS))
    before = np.column_stack([rng.uniform(-7.0, -5.1, n), rng.uniform(-1.08, -0.02, n)])
    day = np.concatenate([before, daily, evening], axis=1)
    severe = _severe(patients, course, day)

    discharge = sampling["discharge_day"] + sampling["discharge_sd"] * rng.standard_normal((n, 1))
    discharge = np.maximum(discharge, course.crs_end[:, None])
    at_home = rng.random((n, 1)) < sampling["outpatient_share"]
    usual = np.where(at_home, sampling["outpatient"], sampling["inpatient"])
    rate = np.where(day < np.where(at_home, 14.0, discharge), usual, sampling["later"])
    rate = np.where(day > 21, np.minimum(rate, sampling["month"]), rate)
    rate = np.where(severe, sampling["severe"], rate)
    late = np.arange(day.shape[1]) >= 2 + _DAYS
    rate = np.where(late, np.where(severe, sampling["evening_severe"], 0.0), rate)
    rate[:, 0], rate[:, 1] = sampling["early_baseline"], 1.0
    taken = (rng.random(day.shape) < rate) & (day <= patients.end_days[:, None])

    patient, slot = np.nonzero(taken)
    order = np.lexsort((day[patient, slot], patient))
    patient, slot = patient[order], slot[order]
    watched = severe[patient, slot] & (day[patient, slot] > 0)
    days = np.round(day[patient, slot] * 240) / 240
    days = np.minimum(days, patients.end_days[patient])
    center = patients.center[patient]
    cd22 = (settings.words("target") == "CD22")[patients.population[patient]]
    usual_share = {
        "count": np.full(len(days), 0.99),
        "metabolic": np.where(watched, 0.97, 0.88),
        "inflammation": np.where(watched, 0.98, 0.86),
        "coagulation": np.where(watched, 0.97, 0.86),
        "lipid": np.where(watched, 0.16, 0.05),
        "cytokine": np.where(center % 3 == 0, 0.40, 0.03),
        "special": np.where(cd22, 0.30, np.where(center % 4 == 1, 0.15, 0.01)),
    }
    sent = {
        name: rng.random(len(days)) < share**settings.world.missing
        for name, share in usual_share.items()
    }
    sent["hepatic"] = sent["renal"] = sent.pop("metabolic")
    return Draws(patient=patient.astype(np.int64), day=days, panels=sent)
