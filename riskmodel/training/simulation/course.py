"""Clinical course: CRS, ICANS, treatment, marrow recovery and the shape of IEC-HS."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from riskmodel.training.simulation.latent import Patients
from riskmodel.training.simulation.settings import Bool, Float, Int, Settings


@dataclass(frozen=True)
class Course:
    """What happens after the infusion; arrays of shape (n,), days, NaN where it does not happen.

    Attributes
    ----------
    crs_grade, icans_grade : int
        Highest grade, 0 for none.
    crs_steps, icans_steps : float of shape (n, 4)
        Day on which grades 1 to 4 were reached.
    response : float
        Day on which the inflammatory response starts, also without CRS.
    crs_end : float
    vigour : float
        Size of the inflammatory response relative to others of the same grade.
    tocilizumab, steroid, infection : float
    pattern : int
        Neutrophil recovery: 0 quick, 1 intermittent, 2 aplastic.
    recovery : float
        Day on which neutrophils start to recover.
    """

    crs_grade: Int
    crs_steps: Float
    response: Float
    crs_end: Float
    vigour: Float
    icans_grade: Int
    icans_steps: Float
    tocilizumab: Float
    steroid: Float
    infection: Float
    pattern: Int
    recovery: Float


def _grades(score: Float, rates: Mapping[str, Float], population: Int) -> Int:
    """Highest grade from a standard normal score and the population's rates."""
    any_grade, severe = rates["any"][population], rates["severe"][population]
    tails = [any_grade, severe + 0.5 * (any_grade - severe), severe, 0.3 * severe]
    cuts = np.column_stack([-ndtri(np.clip(tail, 1e-9, 1 - 1e-9)) for tail in tails])
    return np.asarray((score[:, None] > cuts).sum(axis=1))


def _steps(start: Float, grade: Int, gaps: Float) -> Float:
    """Day of each grade 1 to 4, NaN beyond the highest."""
    days = start[:, None] + np.concatenate(
        [np.zeros((len(start), 1)), np.cumsum(gaps, axis=1)], axis=1
    )
    return np.where(np.arange(1, 5) <= grade[:, None], days, np.nan)


def _at_grade(steps: Float, wanted: Int) -> Float:
    return np.asarray(steps[np.arange(len(steps)), np.clip(wanted - 1, 0, 3)])


def _given(wanted: Bool, days: Float) -> Float:
    return np.where(wanted, days, np.nan)


def draw_course(settings: Settings, patients: Patients, rng: np.random.Generator) -> Course:
    """Draw the course of every patient."""
    c = settings.constants
    n, population, case = len(patients), patients.population, patients.case
    crs = c["crs"]
    loading = settings.loading(crs)
    spread = float(loading @ settings.correlation @ loading)
    score = patients.z @ loading + np.sqrt(1 - spread) * rng.standard_normal(n)
    score = score + crs["case_shift"] * case
    rates = {key: settings.column("crs", key) for key in ("any", "severe", "onset", "sigma")}
    grade = np.where(case, np.maximum(_grades(score, rates, population), 1), 0)
    grade = np.where(case, grade, _grades(score, rates, population))

    expansion = patients.z[:, list(settings.factors).index("expansion")]
    response = rates["onset"][population] * np.exp(
        rates["sigma"][population] * rng.standard_normal(n) - crs["expansion_earlier"] * expansion
    )
    median = settings.column("onset", "median")[population]
    pulled = response * (patients.onset_days / median) ** crs["case_onset_power"]
    low, high = crs["case_gap_days"]
    gap = rng.uniform(float(low), float(high), n)
    response = np.where(case, np.minimum(pulled, patients.onset_days - gap), response)
    response = np.clip(response, 0.15, 18.0)
    days = np.where(grade >= 3, crs["days_high"], crs["days_low"])
    days = np.where(case, crs["days_case"], days) * np.exp(0.3 * rng.standard_normal(n))
    gaps = rng.gamma(2.0, crs["grade_step_days"] / 2, (n, 3)) + 0.15
    crs_steps = _steps(response, grade, gaps)

    neuro = 0.5 * score + np.sqrt(0.75) * rng.standard_normal(n)
    neuro += c["organs"]["icans_case_shift"] * case
    icans_rates = {key: settings.column("icans", key) for key in ("any", "severe")}
    icans = _grades(neuro, icans_rates, population)
    icans_steps = _steps(response + rng.uniform(0.8, 4.5, n), icans, gaps[:, ::-1] * 0.7)

    treatment = c["treatment"]
    by_grade = np.array(treatment["tocilizumab_by_grade"])[grade]
    tocilizumab = _given(
        rng.random(n) < by_grade,
        _at_grade(crs_steps, np.minimum(grade, 2))
        + np.where(grade == 1, 1.0, 0.0)
        + rng.uniform(0.04, 0.4, n),
    )
    for_crs = _given(
        rng.random(n) < np.array(treatment["steroid_by_grade"])[grade],
        _at_grade(crs_steps, np.minimum(grade, 3)) + rng.uniform(0.1, 0.6, n),
    )
    for_icans = _given(
        (icans >= 2) & (rng.random(n) < treatment["steroid_icans"]),
        _at_grade(icans_steps, np.minimum(icans, 2)) + rng.uniform(0.05, 0.4, n),
    )
    marrow = c["marrow"]
    reserve = patients.z[:, list(settings.factors).index("reserve")]
    rank = rng.standard_normal(n) * np.sqrt(1 - marrow["reserve_shift"] ** 2)
    rank = rank - marrow["reserve_shift"] * reserve
    cuts = ndtri(np.cumsum(marrow["patterns"])[:2])
    pattern = (rank[:, None] > cuts).sum(axis=1)
    recovery = np.array(marrow["recovery_day"])[pattern]
    recovery = recovery + np.array(marrow["recovery_sd"])[pattern] * rng.standard_normal(n)
    return Course(
        crs_grade=grade,
        crs_steps=crs_steps,
        response=response,
        crs_end=response + days,
        vigour=np.exp(0.22 * rng.standard_normal(n) + 0.10 * expansion),
        icans_grade=icans,
        icans_steps=icans_steps,
        tocilizumab=tocilizumab,
        steroid=np.fmin(for_crs, for_icans),
        infection=_given(rng.random(n) < treatment["infection"], rng.uniform(1.0, 28.0, n)),
        pattern=pattern,
        recovery=np.maximum(recovery, 8.0),
    )
