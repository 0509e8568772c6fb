"""Clinical course: CRS, ICANS, treatment, marrow recovery and the shape of IEC-HS."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from riskmodel.arrays import Codes, Flags, Floats
from riskmodel.simulation.latent import Patients
from riskmodel.simulation.risk import Risk
from riskmodel.simulation.settings import Settings, uniform


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
    vigour, pace : float
        Size of the inflammatory response, and days to its peak, relative to others of the grade.
    tocilizumab, steroid, steroid_case, infection : float
        First day; steroids for CRS or ICANS, and for IEC-HS.
    called : float
        Day from which an adjudicator calls it IEC-HS, rightly or not.
    pattern : int
        Neutrophil recovery: 0 quick, 1 intermittent, 2 aplastic.
    recovery : float
        Day on which neutrophils start to recover.
    """

    crs_grade: Codes
    crs_steps: Floats
    response: Floats
    crs_end: Floats
    vigour: Floats
    pace: Floats
    icans_grade: Codes
    icans_steps: Floats
    tocilizumab: Floats
    steroid: Floats
    steroid_case: Floats
    infection: Floats
    called: Floats
    pattern: Codes
    recovery: Floats


def _grades(score: Floats, rates: Mapping[str, Floats], population: Codes, split: Floats) -> Codes:
    """Highest grade from a standard normal score and the population's rates.

    `split`: share of grade 2 among grades 1-2, and of grade 4 among grades 3-4.
    """
    any_grade, severe = rates["any"][population], rates["severe"][population]
    tails = [any_grade, severe + split[0] * (any_grade - severe), severe, split[1] * severe]
    cuts = np.column_stack([-ndtri(np.clip(tail, 1e-9, 1 - 1e-9)) for tail in tails])
    return np.asarray((score[:, None] > cuts).sum(axis=1))


def _steps(start: Floats, grade: Codes, gaps: Floats) -> Floats:
    """Day of each grade 1 to 4, NaN beyond the highest."""
    days = start[:, None] + np.concatenate(
        [np.zeros((len(start), 1)), np.cumsum(gaps, axis=1)], axis=1
    )
    return np.where(np.arange(1, 5) <= grade[:, None], days, np.nan)


def _at_grade(steps: Floats, wanted: Codes) -> Floats:
    return np.asarray(steps[np.arange(len(steps)), np.clip(wanted - 1, 0, 3)])


def _given(wanted: Flags, days: Floats) -> Floats:
    return np.where(wanted, days, np.nan)


def draw_course(settings: Settings, patients: Patients, rng: np.random.Generator) -> Course:
    """Draw the course of every patient."""
    c = settings.constants
    n, population, case = len(patients), patients.population, patients.case
    crs, icans, treatment = c["crs"], c["icans"], c["treatment"]
    split = np.array(crs["second_of_mild_fourth_of_severe"])
    loading = settings.loading(crs)
    spread = float(loading @ settings.correlation @ loading)
    score = patients.z @ loading + np.sqrt(1 - spread) * rng.standard_normal(n)
    score = score + crs["case_shift"] * case
    rates = {key: settings.column("crs", key) for key in ("any", "severe", "onset", "sigma")}
    grade = _grades(score, rates, population, split)
    grade = np.where(case, np.maximum(grade, 1), grade)

    expansion = patients.z[:, list(settings.factors).index("expansion")]
    response = rates["onset"][population] * np.exp(
        rates["sigma"][population] * rng.standard_normal(n) - crs["expansion_earlier"] * expansion
    )
    median = Risk(settings).onset_median[population]
    pulled = response * (patients.onset_days / median) ** crs["case_onset_power"]
    gap = uniform(rng, crs["case_gap_days"], n)
    response = np.where(case, np.minimum(pulled, patients.onset_days - gap), response)
    response = np.clip(response, *crs["onset_limits"])
    days = np.where(grade >= 3, crs["days_high"], crs["days_low"])
    days = np.where(case, crs["days_case"], days)
    days = days * np.exp(crs["days_sd"] * rng.standard_normal(n))
    shape = crs["grade_step_shape"]
    gaps = rng.gamma(shape, crs["grade_step_days"] / shape, (n, 3)) + crs["grade_step_least"]
    crs_steps = _steps(response, grade, gaps)

    with_crs = icans["with_crs"]
    neuro = with_crs * score + np.sqrt(1 - with_crs**2) * rng.standard_normal(n)
    neuro += icans["case_shift"] * case
    icans_rates = {key: settings.column("icans", key) for key in ("any", "severe")}
    icans_grade = _grades(neuro, icans_rates, population, split)
    after = uniform(rng, icans["days_after_crs"], n)
    icans_steps = _steps(response + after, icans_grade, gaps[:, ::-1] * icans["pace"])

    by_grade = np.array(treatment["tocilizumab_by_grade"])[grade]
    habit = np.array([p.get("tocilizumab", 1.0) for p in settings.populations])
    by_grade = by_grade * habit[population]
    tocilizumab = _given(
        rng.random(n) < by_grade,
        _at_grade(crs_steps, np.minimum(grade, 2))
        + np.where(grade == 1, treatment["tocilizumab_grade_1_wait"], 0.0)
        + uniform(rng, treatment["tocilizumab_wait"], n),
    )
    for_crs = _given(
        rng.random(n) < np.array(treatment["steroid_by_grade"])[grade],
        _at_grade(crs_steps, np.minimum(grade, 3)) + uniform(rng, treatment["steroid_wait"], n),
    )
    for_icans = _given(
        (icans_grade >= 2) & (rng.random(n) < treatment["steroid_icans"]),
        _at_grade(icans_steps, np.minimum(icans_grade, 2))
        + uniform(rng, treatment["steroid_wait"], n),
    )
    steroid_case = rng.random(n) < treatment["steroid_case"]
    steroid_wait = uniform(rng, treatment["steroid_case_wait"], n)
    pattern, recovery = _neutrophils(settings, patients, rng)
    vigour = crs["vigour_sd"] * rng.standard_normal(n) + crs["vigour_expansion"] * expansion
    infected = rng.random(n) < treatment["infection"]
    infection = _given(infected, uniform(rng, treatment["infection_days"], n))
    called = _called(settings, patients, grade, crs_steps, rng)
    return Course(
        crs_grade=grade,
        crs_steps=crs_steps,
        response=response,
        crs_end=response + days,
        vigour=np.exp(vigour),
        pace=np.exp(crs["pace_sd"] * rng.standard_normal(n)),
        icans_grade=icans_grade,
        icans_steps=icans_steps,
        tocilizumab=tocilizumab,
        steroid=np.fmin(for_crs, for_icans),
        steroid_case=_given(steroid_case, called + steroid_wait),
        infection=infection,
        called=called,
        pattern=pattern,
        recovery=recovery,
    )


def _called(
    settings: Settings, patients: Patients, crs_grade: Codes, steps: Floats,
    rng: np.random.Generator,
) -> Floats:  # fmt: skip
    """Day from which an adjudicator with the stated error calls it IEC-HS, NaN where never."""
    stated, n = settings.constants["adjudicator"], len(patients)
    chance, normal = rng.random(n), rng.standard_normal(n)
    mean, spread = stated["timing_days"]
    right = _given(
        patients.case & (chance < stated["sensitivity"]),
        patients.onset_days + mean + spread * normal,
    )
    wrong = _given(
        ~patients.case & (crs_grade >= 3) & (chance < stated["mistaken"]),
        steps[:, 2] + uniform(rng, stated["mistaken_days"], n),
    )
    day = np.maximum(np.fmin(right, wrong), stated["earliest_day"])
    return np.asarray(np.round(day * 240) / 240)


def _neutrophils(
    settings: Settings, patients: Patients, rng: np.random.Generator
) -> tuple[Codes, Floats]:
    """Recovery pattern, and the day on which recovery starts."""
    anc = settings.constants["marrow"]["anc"]
    reserve = patients.z[:, list(settings.factors).index("reserve")]
    rank = rng.standard_normal(len(patients)) * np.sqrt(1 - anc["reserve_shift"] ** 2)
    rank = rank - anc["reserve_shift"] * reserve
    cuts = ndtri(np.cumsum(anc["patterns"])[:2])
    pattern = (rank[:, None] > cuts).sum(axis=1)
    day = np.array(anc["recovery_day"])[pattern]
    day = day + np.array(anc["recovery_sd"])[pattern] * rng.standard_normal(len(patients))
    later = np.nan_to_num(settings.by_group(anc["recovery_later"]))[patients.population]
    return pattern, np.maximum(day + later, anc["recovery_least"])
