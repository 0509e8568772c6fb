"""Whether outcomes still agree with the risks, patient by patient, at any number of patients."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logsumexp
from scipy.stats import chi2

from riskmodel.arrays import Floats


@dataclass(frozen=True)
class CalibrationDrift:
    """Outcomes beside risks.

    Attributes
    ----------
    patients, events : int
        With a known outcome, and with the event.
    expected : float
        Sum of the risks.
    ratio, ratio_low, ratio_high : float
        Observed over expected events, with the exact 95% Poisson interval of the observed.
    evidence : float64[patients]
        E-value after each patient: how much better the best-mixed alternative tells the outcomes.
    limit : float
        E-value of an alarm.
    alarm_after : int or None
        Number of the patient with whom it was reached.
    """

    patients: int
    events: int
    expected: float
    ratio: float
    ratio_low: float
    ratio_high: float
    evidence: Floats
    limit: float
    alarm_after: int | None


def e_values(
    log_odds: Floats, event: Floats, centre: float, shifts: Sequence[float], slopes: Sequence[float]
) -> Floats:
    """E-value after each patient against "every risk is right".

    Parameters
    ----------
    log_odds : float64[n]
        Of the risks, in the order of the patients.
    event : float64[n]
        1 with the event, else 0.
    centre : float
        Log-odds around which the slopes turn.
    shifts, slopes : sequence of float
        The alternatives, mixed in equal parts.

    Returns
    -------
    float64[n]
        Mean over the alternatives of the likelihood ratio so far.
    """
    alternatives = [log_odds + shift for shift in shifts]
    alternatives += [centre + slope * (log_odds - centre) for slope in slopes]
    sign = np.where(event == 1, 1.0, -1.0)

    def log_likelihood(z: Floats) -> Floats:
        return np.asarray(-np.logaddexp(0.0, -sign * z))

    base = log_likelihood(log_odds)
    ratios = np.cumsum([log_likelihood(z) - base for z in alternatives], axis=1)
    return np.asarray(np.exp(logsumexp(ratios, axis=0) - np.log(len(alternatives))))


def calibration_drift(
    log_odds: Floats,
    event: Floats,
    centre: float,
    *,
    shifts: Sequence[float],
    slopes: Sequence[float],
    rate: float,
) -> CalibrationDrift:
    """Compare the outcomes of patients, in their order, with their risks.

    Parameters
    ----------
    log_odds, event : float64[n]
    centre : float
        Mean log-odds of the reference.
    shifts, slopes : sequence of float
    rate : float
        Chance of ever raising an alarm while the risks are right.
    """
    evidence = e_values(log_odds, event, centre, shifts, slopes)
    over = np.flatnonzero(evidence >= 1.0 / rate)
    events, expected = int(event.sum()), float(expit(log_odds).sum())
    low = chi2.ppf(0.025, 2 * events) / 2 if events else 0.0
    high = chi2.ppf(0.975, 2 * events + 2) / 2
    scale = expected if expected > 0 else np.nan
    return CalibrationDrift(
        patients=len(event),
        events=events,
        expected=expected,
        ratio=events / scale,
        ratio_low=float(low) / scale,
        ratio_high=float(high) / scale,
        evidence=evidence,
        limit=1.0 / rate,
        alarm_after=int(over[0]) + 1 if len(over) else None,
    )
