"""The risk that the baseline shows: the expectation of the true risk given what is recorded.

Measurements that are linear in the latent factors with Gaussian noise give an exact Gaussian
posterior. Scores known between two cuts (tumour burden call, ECOG ...) weigh 256 quasi-random
points of it; an unknown TET2 state is averaged over its prevalence, likewise weighted.
"""

import numpy as np
from scipy.special import expit, ndtr, ndtri

from riskmodel.arrays import Codes, Floats
from riskmodel.simulation.baseline import Shown
from riskmodel.simulation.latent import Patients
from riskmodel.simulation.risk import Risk
from riskmodel.simulation.schedule import Draws, Results
from riskmodel.simulation.settings import Settings

_POINTS = 256
_CHUNK = 2000


def _normal_points(points: int, dimensions: int) -> Floats:
    """Quasi-random normal points (generalised golden ratio) of mean 0 and identity covariance."""
    ratio = 2.0
    for _ in range(60):
        ratio = (1 + ratio) ** (1 / (dimensions + 1))
    steps = ratio ** -np.arange(1, dimensions + 1)
    half = (0.5 + np.outer(np.arange(1, points // 2 + 1), steps)) % 1
    normal = ndtri(half)
    normal = np.concatenate([normal, -normal])
    root = np.linalg.cholesky(normal.T @ normal / len(normal))
    return np.asarray(np.linalg.solve(root, normal.T).T)


def baseline_labs(
    settings: Settings, draws: Draws, results: list[Results], patients: int
) -> list[tuple[Codes, Floats, Floats, Floats]]:
    """Measurements of the factors by the labs at or before the infusion.

    Returns
    -------
    list of (rows, loading, residual, variance)
        Per analyte: the patient's mean deviation, with variance between² + within² / results.
    """
    found = []
    for result in results:
        table = settings.analytes.get(result.analyte)
        if table is None or not table["loadings"]:
            continue
        early = draws.day[result.draw] <= 0
        patient = draws.patient[result.draw[early]]
        count = np.bincount(patient, minlength=patients)
        total = np.bincount(patient, weights=result.deviation[early], minlength=patients)
        rows = np.flatnonzero(count)
        variance = table["between"] ** 2 + table["within"] ** 2 / count[rows]
        loading = settings.loading(table["loadings"])
        found.append((rows, loading, total[rows] / count[rows], variance))
    return found


def p_baseline(
    risk: Risk,
    patients: Patients,
    shown: Shown,
    labs: list[tuple[Codes, Floats, Floats, Floats]],
) -> Floats:
    """Probability of onset before the horizon given what the baseline shows, shape (n,)."""
    n, factors = patients.z.shape
    precision = np.tile(np.linalg.inv(risk.settings.correlation), (n, 1, 1))
    shift = np.zeros((n, factors))
    for rows, loading, residual, variance in [*shown.measures, *labs]:
        precision[rows] += np.outer(loading, loading) / variance[:, None, None]
        shift[rows] += loading * (residual / variance)[:, None]
    covariance = np.linalg.inv(precision)
    mean = np.einsum("nij,nj->ni", covariance, shift)
    root = np.linalg.cholesky((covariance + covariance.transpose(0, 2, 1)) / 2)
    points = _normal_points(_POINTS, factors)

    low = np.full((len(shown.cuts), n), -np.inf)
    high = np.full((len(shown.cuts), n), np.inf)
    for k, (rows, _, below, above, _) in enumerate(shown.cuts):
        low[k, rows], high[k, rows] = below, above
    ever = np.empty(n)
    for start in range(0, n, _CHUNK):
        part = np.arange(start, min(start + _CHUNK, n))
        z = mean[part, None, :] + np.einsum("nij,pj->npi", root[part], points)
        weight = np.ones(z.shape[:2])
        for k, (_, loading, _, _, noise) in enumerate(shown.cuts):
            score = z @ loading
            upper = ndtr((high[k, part, None] - score) / noise)
            weight *= upper - ndtr((low[k, part, None] - score) / noise)
        weight /= weight.sum(axis=1, keepdims=True)
        ever[part] = _expected(risk, patients, shown, part, z, weight)
    return np.asarray(ever * risk.before_horizon[patients.population])


def _expected(
    risk: Risk, patients: Patients, shown: Shown, part: Codes, z: Floats, weight: Floats
) -> Floats:
    """Mean risk over the weighted points and the TET2 states that are possible."""
    population, selected = patients.population[part], patients.selected[part]
    tet2 = shown.tet2[part]
    share = np.where(np.isnan(tet2), risk.tet2_prevalence[population], tet2)
    found = np.zeros(len(part))
    for state, probability in ((0.0, 1 - share), (1.0, share)):
        assumed = np.full(len(part), state)
        slopes = risk.slopes(population, assumed)
        log_odds = risk.offsets(population, assumed, selected)[:, None]
        log_odds = log_odds + np.einsum("npf,nf->np", z, slopes)
        found += probability * (weight * expit(log_odds)).sum(axis=1)
    return found
