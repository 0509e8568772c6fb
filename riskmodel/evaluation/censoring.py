"""Inverse-probability-of-censoring weights, for patients whose follow-up ended first."""

import numpy as np
import numpy.typing as npt

from riskmodel.arrays import Floats

LARGEST_WEIGHT = 10.0
"""Weights are held below this, so that one late patient never stands for a tenth of a cohort."""


def still_followed(hours: Floats, censored: npt.NDArray[np.bool_], at: Floats) -> Floats:
    """Kaplan-Meier probability that follow-up has not ended before each time of `at`.

    Parameters
    ----------
    hours : array of shape (n,)
        When each patient's observation ended, by censoring or by an outcome.
    censored : bool array of shape (n,)
        Whether it ended because follow-up did.
    at : array of shape (m,)

    Returns
    -------
    array of shape (m,)
        The left limit: a patient censored exactly at a time still counts as followed there.

    Examples
    --------
    >>> ended = np.array([10.0, 20.0, 30.0, 40.0])
    >>> still_followed(ended, np.array([True, False, False, False]), np.array([10.0, 11.0]))
    array([1.  , 0.75])
    """
    times = np.unique(hours[censored])
    if len(times) == 0:
        return np.ones(len(at))
    at_risk = len(hours) - np.searchsorted(np.sort(hours), times, side="left")
    ended = np.bincount(np.searchsorted(times, hours[censored]), minlength=len(times))
    survival = np.concatenate([[1.0], np.cumprod(1.0 - ended / at_risk)])
    return np.asarray(survival[np.searchsorted(times, at, side="left")])


def censoring_weights(
    hours: Floats, censored: npt.NDArray[np.bool_], start: float, known: npt.NDArray[np.bool_]
) -> Floats:
    """Weight of each patient whose outcome is known, given follow-up up to `start`.

    Parameters
    ----------
    hours, censored : arrays of shape (n,)
        As in `still_followed`, of the patients at risk at `start`.
    start : float
        The prediction time.
    known : bool array of shape (n,)
        Whose outcome is known; the others get 0.
    """
    end = still_followed(hours, censored, hours)
    begin = still_followed(hours, censored, np.array([start]))[0]
    weight = np.where(known, begin / np.maximum(end, 1e-12), 0.0)
    return np.asarray(np.minimum(weight, LARGEST_WEIGHT))
