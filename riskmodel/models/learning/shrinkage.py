"""Logistic regression shrunk towards expected coefficients."""

import numpy as np

from riskmodel.arrays import Floats, expit, logit


def log_loss(y: Floats, log_odds: Floats, weight: Floats) -> float:
    """Weighted sum of the negative log-likelihood."""
    return float(weight @ (np.logaddexp(0.0, log_odds) - y * log_odds))


def precision_of(spread: Floats) -> Floats:
    """Inverse covariance, float64[p, p], of standard deviations (p,) or a covariance (p, p)."""
    if spread.ndim == 1:
        return np.diag(1.0 / spread**2)
    inverse = np.linalg.inv(spread)
    return np.asarray((inverse + inverse.T) / 2.0)


def shrunken_logistic(
    Z: Floats,
    y: Floats,
    weight: Floats,
    mean: Floats,
    spread: Floats,
    start: Floats | None = None,
    *,
    low: Floats | None = None,
    high: Floats | None = None,
    tolerance: float = 1e-7,
    max_steps: int = 100,
) -> Floats:
    """Coefficients that minimise log-loss plus half their squared distance from what is expected.

    The distance is that of a normal distribution: ``(beta - mean)' P (beta - mean)``, where P is
    the inverse of its covariance. Newton's method with halved steps; where coefficients are
    bounded, those that press against their bound stay on it for the step (projected Newton). The
    intercept is neither penalised nor bounded.

    Parameters
    ----------
    Z : float64[n, p]
        Standardised columns, nothing missing.
    y : float64[n]
        0 or 1, both present with positive weight.
    weight : float64[n]
    mean : float64[p]
        Expected coefficients.
    spread : float64[p] or float64[p, p]
        How far from them they may lie: standard deviations, or a covariance.
    start : float64[p + 1], optional
        Where to begin; the expected coefficients by default.
    low, high : float64[p], optional
        Bounds, included; none by default.

    Returns
    -------
    float64[p + 1]
        Intercept, then the coefficients.

    References
    ----------
    Bertsekas, SIAM J Control Optim 1982;20:221-246.
    """
    used = weight > 0
    Z, y, weight = Z[used], y[used], weight[used]
    p = Z.shape[1]
    free = np.full(1, np.inf)
    lowest = np.concatenate([-free, np.full(p, -np.inf) if low is None else low])
    highest = np.concatenate([free, np.full(p, np.inf) if high is None else high])
    design = np.column_stack([np.ones(len(Z)), Z])
    target = np.concatenate([[0.0], mean])
    stiffness = np.zeros((p + 1, p + 1))
    stiffness[1:, 1:] = precision_of(spread)
    if start is None:
        rate = float(weight @ y) / float(weight.sum())
        start = np.concatenate([[float(logit(rate)) - float((Z @ mean).mean())], mean])
    beta = np.clip(np.array(start, dtype=np.float64), lowest, highest)

    def objective(value: Floats) -> float:
        away = value - target
        return log_loss(y, design @ value, weight) + 0.5 * float(away @ stiffness @ away)

    current = objective(beta)
    for _ in range(max_steps):
        risk = expit(design @ beta)
        gradient = design.T @ (weight * (risk - y)) + stiffness @ (beta - target)
        # A matrix times its own transpose: half the work of any other product.
        root = design * np.sqrt(weight * np.maximum(risk * (1.0 - risk), 1e-12))[:, None]
        hessian = root.T @ root + stiffness
        hessian[np.diag_indices(p + 1)] += 1e-10
        pressed = ((beta <= lowest) & (gradient > 0)) | ((beta >= highest) & (gradient < 0))
        moving = np.flatnonzero(~pressed)
        step = np.zeros(p + 1)
        step[moving] = np.linalg.solve(hessian[np.ix_(moving, moving)], gradient[moving])
        size = 1.0
        while True:
            candidate = np.clip(beta - size * step, lowest, highest)
            value = objective(candidate)
            if value <= current + 1e-12 or size < 1e-6:
                break
            size /= 2.0
        moved = float(np.abs(candidate - beta).max())
        beta, current = candidate, value
        if moved < tolerance:
            break
    return beta


def log_evidence(
    Z: Floats, y: Floats, weight: Floats, mean: Floats, spread: Floats, beta: Floats
) -> float:
    """Logarithm of the marginal likelihood, by Laplace's method, of what `beta` was fitted to.

    The intercept has a flat prior, so values compare only among models of the same rows.

    Parameters
    ----------
    Z, y, weight, mean, spread
        As in `shrunken_logistic`.
    beta : float64[p + 1]
        Its answer, without bounds.

    References
    ----------
    Tierney and Kadane, J Am Stat Assoc 1986;81:82-86.
    """
    design = np.column_stack([np.ones(len(Z)), Z])
    log_odds = design @ beta
    risk = expit(log_odds)
    curvature = weight * np.maximum(risk * (1.0 - risk), 1e-12)
    precision = precision_of(spread)
    hessian = (design * curvature[:, None]).T @ design
    hessian[1:, 1:] += precision
    away = beta[1:] - mean
    fit = -log_loss(y, log_odds, weight) - 0.5 * float(away @ precision @ away)
    known = float(np.linalg.slogdet(precision)[1]) if len(mean) else 0.0
    return fit + 0.5 * known - 0.5 * float(np.linalg.slogdet(hessian)[1])
