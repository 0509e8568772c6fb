"""Logistic regression shrunk towards expected coefficients."""

import numpy as np

from riskmodel.arrays import Floats, expit, logit


def log_loss(y: Floats, log_odds: Floats, weight: Floats) -> float:
    """Weighted sum of the negative log-likelihood."""
    return float(weight @ (np.logaddexp(0.0, log_odds) - y * log_odds))


def shrunken_logistic(
    Z: Floats,
    y: Floats,
    weight: Floats,
    mean: Floats,
    sd: Floats,
    start: Floats | None = None,
    *,
    tolerance: float = 1e-7,
    max_steps: int = 60,
) -> Floats:
    """Coefficients that minimise log-loss plus ``((beta - mean) / sd)**2 / 2``.

    Newton's method with halved steps. The intercept is not penalised.

    Parameters
    ----------
    Z : float64[n, p]
        Standardised columns, nothing missing.
    y : float64[n]
        0 or 1, both present with positive weight.
    weight : float64[n]
    mean, sd : float64[p]
        Expected coefficients and how far from them they may lie.
    start : float64[p + 1], optional
        Where to begin; the expected coefficients by default.

    Returns
    -------
    float64[p + 1]
        Intercept, then the coefficients.
    """
    used = weight > 0
    Z, y, weight = Z[used], y[used], weight[used]
    p = Z.shape[1]
    design = np.column_stack([np.ones(len(Z)), Z])
    target = np.concatenate([[0.0], mean])
    stiffness = np.concatenate([[0.0], 1.0 / sd**2])
    if start is None:
        rate = float(weight @ y) / float(weight.sum())
        start = np.concatenate([[float(logit(rate)) - float((Z @ mean).mean())], mean])
    beta = np.array(start, dtype=np.float64)

    def objective(value: Floats) -> float:
        penalty = 0.5 * float(stiffness @ (value - target) ** 2)
        return log_loss(y, design @ value, weight) + penalty

    current = objective(beta)
    for _ in range(max_steps):
        risk = expit(design @ beta)
        gradient = design.T @ (weight * (risk - y)) + stiffness * (beta - target)
        curvature = weight * np.maximum(risk * (1.0 - risk), 1e-12)
        hessian = (design * curvature[:, None]).T @ design
        hessian[np.diag_indices(p + 1)] += stiffness + 1e-10
        step = np.linalg.solve(hessian, gradient)
        size = 1.0
        while True:
            candidate = beta - size * step
            value = objective(candidate)
            if value <= current + 1e-12 or size < 1e-6:
                break
            size /= 2.0
        beta, current = candidate, value
        if float(np.abs(size * step).max()) < tolerance:
            break
    return beta


def log_evidence(
    Z: Floats, y: Floats, weight: Floats, mean: Floats, sd: Floats, beta: Floats
) -> float:
    """Logarithm of the marginal likelihood, by Laplace's method, of what `beta` was fitted to.

    The intercept has a flat prior, so values compare only among models of the same rows.

    Parameters
    ----------
    Z, y, weight, mean, sd
        As in `shrunken_logistic`.
    beta : float64[p + 1]
        Its answer.

    References
    ----------
    Tierney and Kadane, J Am Stat Assoc 1986;81:82-86.
    """
    design = np.column_stack([np.ones(len(Z)), Z])
    log_odds = design @ beta
    risk = expit(log_odds)
    curvature = weight * np.maximum(risk * (1.0 - risk), 1e-12)
    hessian = (design * curvature[:, None]).T @ design
    hessian[np.diag_indices(len(beta))] += np.concatenate([[0.0], 1.0 / sd**2])
    away = (beta[1:] - mean) / sd
    fit = -log_loss(y, log_odds, weight) - 0.5 * float(away @ away)
    return fit - float(np.log(sd).sum()) - 0.5 * float(np.linalg.slogdet(hessian)[1])
