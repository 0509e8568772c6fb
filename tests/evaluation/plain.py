"""The metrics again, by loops and general optimisers: what the package's own must agree with."""

import math

import numpy as np
from scipy.optimize import brentq, minimize


def auroc(y, risk, w):
    good = total = 0.0
    for i in range(len(y)):
        for j in range(len(y)):
            if y[i] == 1 and y[j] == 0:
                pair = w[i] * w[j]
                total += pair
                good += pair * (1.0 if risk[i] > risk[j] else 0.5 if risk[i] == risk[j] else 0.0)
    return good / total


def auprc(y, risk, w):
    positive = sum(w[i] for i in range(len(y)) if y[i] == 1)
    area = recall_before = 0.0
    for threshold in sorted(set(risk), reverse=True):
        alarmed = [i for i in range(len(y)) if risk[i] >= threshold]
        found = sum(w[i] for i in alarmed if y[i] == 1)
        area += (found / positive - recall_before) * found / sum(w[i] for i in alarmed)
        recall_before = found / positive
    return area


def brier(y, risk, w):
    return sum(wi * (r - o) ** 2 for o, r, wi in zip(y, risk, w, strict=True)) / sum(w)


def scaled_brier(y, risk, w):
    share = sum(wi * o for o, wi in zip(y, w, strict=True)) / sum(w)
    return 1 - brier(y, risk, w) / brier(y, [share] * len(y), w)


def log_loss(y, risk, w):
    parts = (
        wi * (math.log(r) if o == 1 else math.log(1 - r))
        for o, r, wi in zip(y, risk, w, strict=True)
    )
    return -sum(parts) / sum(w)


def expected_over_observed(y, risk, w):
    return sum(a * b for a, b in zip(w, risk, strict=True)) / sum(
        a * b for a, b in zip(w, y, strict=True)
    )


def _logit(risk):
    return np.log(np.asarray(risk) / (1 - np.asarray(risk)))


def calibration_intercept(y, risk, w):
    z = _logit(risk)

    def surplus(a):
        return float(np.sum(np.asarray(w) * (1 / (1 + np.exp(-(a + z))) - np.asarray(y))))

    return brentq(surplus, -30, 30, xtol=1e-12)


def calibration_slope(y, risk, w):
    z, y, w = _logit(risk), np.asarray(y, float), np.asarray(w)

    def loss(theta):
        eta = theta[0] + theta[1] * z
        return float(np.sum(w * (np.log1p(np.exp(eta)) - y * eta)))

    return minimize(loss, [0.0, 1.0], method="Nelder-Mead",
                    options={"xatol": 1e-10, "fatol": 1e-12, "maxiter": 5000}).x[1]  # fmt: skip


PLAIN = {
    f.__name__: f
    for f in (
        auroc,
        auprc,
        brier,
        scaled_brier,
        log_loss,
        calibration_intercept,
        calibration_slope,
        expected_over_observed,
    )
}


def net_benefit(y, risk, w, threshold):
    true = sum(w[i] for i in range(len(y)) if risk[i] >= threshold and y[i] == 1)
    false = sum(w[i] for i in range(len(y)) if risk[i] >= threshold and y[i] == 0)
    return (true - false * threshold / (1 - threshold)) / sum(w)


def followed_before(end, lost, at):
    """Kaplan-Meier estimate of still being followed just before a time."""
    survival = 1.0
    for time in sorted({end[i] for i in range(len(end)) if lost[i] and end[i] < at}):
        at_risk = sum(e >= time for e in end)
        leaving = sum(end[i] == time and lost[i] for i in range(len(end)))
        survival *= 1 - leaving / at_risk
    return survival


def auc_at(end, onset, lost, score, at):
    """Cumulative cases, dynamic controls; a competing outcome before the time is a control."""
    good = total = 0.0
    for i in range(len(end)):
        if not (onset[i] and end[i] <= at):
            continue
        for j in range(len(end)):
            over = end[j] <= at
            if over and (onset[j] or lost[j]):
                continue
            w = 1 / followed_before(end, lost, end[i])
            w /= followed_before(end, lost, end[j] if over else at)
            total += w
            good += w * (1.0 if score[i] > score[j] else 0.5 if score[i] == score[j] else 0.0)
    return good / total
