"""Draw patients: population, latent factors, flags, onset and end of observation."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from riskmodel.arrays import Codes, Flags, Floats
from riskmodel.simulation.risk import Risk
from riskmodel.simulation.settings import Settings, uniform


@dataclass(frozen=True)
class Patients:
    """What the generator knows of each patient; arrays of shape (n,) unless said.

    Attributes
    ----------
    population, center : int
    z : float of shape (n, factors)
        Latent factors.
    tet2, selected : float
        0 or 1.
    p_true : float
        Probability of onset before the horizon, latent factors known.
    onset_days : float
        Latent onset, NaN where it never comes.
    death_days, next_days, relapse_days : float
        Infinity where it never comes.
    end_days : float
        Last day of observation, by death or end of follow-up.
    """

    population: Codes
    center: Codes
    z: Floats
    tet2: Floats
    selected: Floats
    p_true: Floats
    onset_days: Floats
    death_days: Floats
    next_days: Floats
    relapse_days: Floats
    end_days: Floats

    def __len__(self) -> int:
        return len(self.population)

    @property
    def case(self) -> Flags:
        """Whether IEC-HS comes at any time."""
        return ~np.isnan(self.onset_days)

    def event(self, days: float) -> Flags:
        """Whether an onset before `days` (exclusive) was under observation."""
        return self.case & (self.onset_days < days) & (self.onset_days < self.end_days)


def _two_rates(exponential: Floats, early: float, later: float, change: float) -> Floats:
    """Time of an event whose hazard changes once: unit exponentials to days."""
    spent = early * change
    return np.where(
        exponential < spent, exponential / early, change + (exponential - spent) / later
    )


def draw_patients(
    settings: Settings, risk: Risk, patients: int, rng: np.random.Generator
) -> Patients:
    """Draw the patients of a cohort.

    Parameters
    ----------
    settings : Settings
    risk : Risk
    patients : int
        Number of patients, at least 1.
    rng : numpy Generator

    Returns
    -------
    Patients
    """
    population = rng.choice(len(settings.populations), size=patients, p=settings.shares)
    root = np.linalg.cholesky(settings.correlation)
    z = rng.standard_normal((patients, len(settings.factors))) @ root.T
    tet2 = (rng.random(patients) < risk.tet2_prevalence[population]).astype(float)
    selected = (rng.random(patients) < risk.selected_share[population]).astype(float)
    log_odds = risk.offsets(population, tet2, selected) + np.einsum(
        "nf,nf->n", risk.slopes(population, tet2), z
    )
    p_ever = expit(log_odds)
    ever = rng.random(patients) < p_ever
    onset = np.where(ever, risk.onset_days(population, rng.random(patients)), np.nan)
    onset = np.round(onset * 240) / 240  # tenths of an hour, as charted

    c = settings.constants
    competing, without, after = c["competing"], c["without_onset"], c["after_onset"]
    unit = rng.standard_exponential((patients, 5))
    end = c["follow_up"]
    month = end["early_days"]
    death = _two_rates(unit[:, 0], competing["death"], without["death_per_day_later"], month)
    early_next = unit[:, 1] / competing["next_therapy"]
    next_days = np.where(early_next < month, early_next, np.inf)
    onset = np.where(np.minimum(death, next_days) <= onset, np.nan, onset)
    case = ~np.isnan(onset)
    next_days = np.where(case, np.inf, next_days)
    death_rate = -np.log1p(-after["death_30_days"]) / 30.0
    later = _two_rates(unit[:, 2], death_rate, after["death_per_day_later"], month)
    death = np.where(case, onset + after["death_least_days"] + later, death)
    relapse_rate = np.where(case, after["relapse_per_day"], without["relapse_per_day"])
    relapse = end["relapse_from_day"] + unit[:, 3] / relapse_rate
    lost = unit[:, 4] / competing["lost"]
    shortest = end["days"][0]
    follow_up = np.minimum(
        np.where(lost < shortest, lost, np.inf), uniform(rng, end["days"], patients)
    )
    autoimmune = settings.words("group")[population] == "autoimmune"
    relapse[autoimmune] = np.inf
    rescue = relapse + uniform(rng, end["rescue_after_relapse_days"], patients)
    treated = ~np.isfinite(next_days) & (rng.random(patients) < end["rescued"])
    next_days = np.where(treated, rescue, next_days)
    death, follow_up, relapse, next_days = (
        np.round(days * 240) / 240 for days in (death, follow_up, relapse, next_days)
    )
    return Patients(
        population=population,
        center=rng.integers(0, c["charting"]["centers"], patients),
        z=z,
        tet2=tet2,
        selected=selected,
        p_true=p_ever * risk.before_horizon[population],
        onset_days=onset,
        death_days=death,
        next_days=next_days,
        relapse_days=relapse,
        end_days=np.minimum(death, follow_up),
    )
