"""When blood is drawn and what is sent: daily in hospital, more often the sicker."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from riskmodel.arrays import Codes, Flags, Floats
from riskmodel.simulation.course import Course
from riskmodel.simulation.latent import Patients
from riskmodel.simulation.settings import REGIMES, Settings, uniform


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

    patient: Codes
    day: Floats
    panels: Mapping[str, Flags]


@dataclass(frozen=True)
class Results:
    """Results of one analyte; arrays of shape (r,).

    Attributes
    ----------
    analyte : str
    draw : int
        Index of the draw.
    value : float
        In the canonical unit.
    deviation : float
        On the analyte's scale, from what is expected of the population at that time before the
        infusion; meaningless after it.
    """

    analyte: str
    draw: Codes
    value: Floats
    deviation: Floats


def _watched(settings: Settings, patients: Patients, course: Course, day: Floats) -> Codes:
    """How closely a patient is watched: 0 usual, 1 any CRS, 2 CRS of grade 2 or more or IEC-HS."""
    after_crs = settings.constants["sampling"]["after_crs_days"]
    before, after = settings.constants["sampling"]["around_onset_days"]
    active = (day >= course.response[:, None]) & (day <= course.crs_end[:, None] + after_crs)
    level = np.minimum(course.crs_grade, 2)[:, None] * active
    onset = patients.onset_days[:, None]
    near = patients.case[:, None] & (day >= onset - before) & (day <= onset + after)
    return np.asarray(np.where(near, 2, level))


def draw_schedule(
    settings: Settings, patients: Patients, course: Course, rng: np.random.Generator
) -> Draws:
    """Draw the blood samples of every patient, two before the infusion and up to day 28.

    Before the infusion nothing about the schedule depends on the patient's risk.
    """
    n, sampling = len(patients), settings.constants["sampling"]
    days = int(sampling["last_day"])
    morning = uniform(rng, sampling["morning"], (n, 1))
    jitter = sampling["jitter"]
    daily = np.arange(days) + morning + rng.uniform(-jitter, jitter, (n, days))
    evening = daily + 0.5 + rng.uniform(-jitter, jitter, (n, days))
    before = [uniform(rng, sampling[name], n) for name in ("early_days", "infusion_days")]
    day = np.concatenate([np.column_stack(before), daily, evening], axis=1)
    watched = _watched(settings, patients, course, day)

    discharge = sampling["discharge_day"] + sampling["discharge_sd"] * rng.standard_normal((n, 1))
    discharge = np.maximum(discharge, course.crs_end[:, None])
    at_home = rng.random((n, 1)) < sampling["outpatient_share"]
    usual = np.where(at_home, sampling["outpatient"], sampling["inpatient"])
    often = np.where(at_home, sampling["outpatient_days"], discharge)
    rate = np.where(day < often, usual, sampling["later"])
    for name in ("month", "after_month"):
        least, share = sampling[name]
        rate = np.where(day > least, np.minimum(rate, share), rate)
    rate = np.where(watched == 2, sampling["severe"], rate)
    late = np.arange(day.shape[1]) >= 2 + days
    rate = np.where(late, np.where(watched == 2, sampling["evening_severe"], 0.0), rate)
    rate = _by_regime(settings, patients, day, late, watched, rate)
    rate[:, 0], rate[:, 1] = sampling["early_baseline"], 1.0
    taken = (rng.random(day.shape) < rate) & (day <= patients.end_days[:, None])

    patient, slot = np.nonzero(taken)
    order = np.lexsort((day[patient, slot], patient))
    patient, slot = patient[order], slot[order]
    found = np.round(day[patient, slot] * 240) / 240
    found = np.minimum(found, patients.end_days[patient])
    closely = np.where(found > 0, watched[patient, slot], 0)
    shares = _panel_shares(settings, patients, patient, found, closely)
    sent = {
        name: rng.random(len(found)) < share**settings.world.missing
        for name, share in shares.items()
    }
    sent["hepatic"] = sent["renal"] = sent.pop("metabolic")
    return Draws(patient=patient.astype(np.int64), day=found, panels=sent)


def _by_regime(
    settings: Settings, patients: Patients, day: Floats, late: Flags, watched: Codes, rate: Floats
) -> Floats:
    """Shares of the slots with a draw where a centre draws otherwise than a ward."""
    regimes = settings.constants["regimes"]
    own = np.full(len(patients), settings.sampling, dtype=object)
    if settings.sampling == "mixed":
        own = np.array(REGIMES[:-1], dtype=object)[patients.center % len(REGIMES[:-1])]
    after, number = day > 0, np.floor(day)
    daily, visits, sicker = (regimes[name] for name in REGIMES[1:-1])
    here = (own == "daily")[:, None] & after & ~late & (day <= daily["to_day"])
    rate = np.where(here, daily["share"], rate)
    here = (own == "outpatient")[:, None] & (day >= visits["from_day"])
    seen = np.isin(number, visits["visits"]) & ~late
    rate = np.where(here, np.where(seen, visits["share"], 0.0), rate)
    here = (own == "severity")[:, None] & ~late & (day >= sicker["from_day"])
    return np.where(here, np.array(sicker["watched"])[watched], rate)


def _panel_shares(
    settings: Settings, patients: Patients, patient: Codes, day: Floats, closely: Codes
) -> dict[str, Floats]:
    """How often each panel is sent with a draw: by closeness of watch, centre and trial."""
    found: dict[str, Floats] = {}
    trial = np.array([p["target"] == "CD22" for p in settings.populations])
    trial = trial[patients.population[patient]]
    center = patients.center[patient]
    for name, table in settings.constants["panels"].items():
        if name == "source":
            continue
        share = np.array(table["watched"], dtype=float)[closely]
        if "every" in table:  # some centres send it more often
            often = center % table["every"][0] == table["every"][1]
            often &= (closely == 0) | (table["often"] > share)
            share = np.where(often, table["often"], share)
        if "trial" in table:
            share = np.where(trial, np.array(table["trial"], dtype=float)[closely], share)
        if "trial_before" in table:
            share = np.where(trial & (day <= 0), table["trial_before"], share)
        found[name] = share
    return found
