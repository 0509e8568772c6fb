"""Risks of an onset before earlier days, from a model of a longer horizon: always in order.

The long horizon's model uses every onset. Of those that it expects, a share comes before each
earlier day: the chance of an onset before day d is that before the next longer day times a share
between 0 and 1, so that a shorter horizon never has the higher risk. The share starts at what a
steady hazard gives, the time left to the one day over that to the other, and is moved by what the
onsets of the training show, as far as their number allows.
"""

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict
from scipy.optimize import minimize

from riskmodel.arrays import Flags, Floats, expit, logit

EARLIER = "risk_before_day_"
"""What the columns of these risks begin with."""
_PRIOR = np.array([0.0, 1.0, 0.0])  # a steady hazard, the same in everyone
_STRENGTH = np.array([0.1, 1.0, 1.0])  # of the pull towards it, in onsets' log-likelihood
_LEAST = 1e-6


class Earlier(BaseModel):
    """The earlier days of a model, rising, and what moves the share of each.

    Attributes
    ----------
    days : tuple of float
        Days from the infusion, exclusive ends, below the horizon.
    horizon_days : float
    shares : tuple of (float, float, float)
        Of each day, against the next longer one: constant, factor of the log-odds of a steady
        hazard's share, factor of the log-odds of the risk before the horizon less `centre`.
    centre : float
    """

    model_config = ConfigDict(frozen=True)

    days: tuple[float, ...]
    horizon_days: float
    shares: tuple[tuple[float, float, float], ...]
    centre: float

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, such as ``risk_before_day_14``."""
        return tuple(f"{EARLIER}{day:g}" for day in self.days)

    def risks(self, risk: Floats, hours: Floats) -> Floats:
        """Risk before each of the days, rising along a row; NaN once the day is over.

        Parameters
        ----------
        risk : float64 array of shape (n,)
            Before the horizon.
        hours : float64 array of shape (n,)
            Prediction times; NaN where not known.

        Returns
        -------
        float64 array of shape (n, days)
        """
        found = np.empty((len(risk), len(self.days)))
        longer, until = np.asarray(risk, dtype=np.float64), self.horizon_days
        for k in reversed(range(len(self.days))):
            X = _columns(self.days[k], until, hours, risk, self.centre)
            over = ~(hours < 24 * self.days[k])
            longer = np.where(over, np.nan, longer * expit(X @ np.array(self.shares[k])))
            found[:, k] = longer
            longer = np.where(over, risk, longer)  # a day that is over tells nothing of others
            until = self.days[k]
        return found


def fit_earlier(
    days: Sequence[float],
    horizon_days: float,
    risk: Floats,
    hours: Floats,
    onset_hours: Floats,
    weight: Floats,
) -> Earlier:
    """Learn the shares from rows with an onset before the horizon.

    Parameters
    ----------
    days : sequence of float
        Rising, below the horizon.
    horizon_days : float
    risk : float64 array of shape (n,)
        Before the horizon, of patients that the model was not fitted on where there are such.
    hours, onset_hours : float64 arrays of shape (n,)
        Prediction time, and onset after it; rows without an onset before the horizon are left out.
    weight : float64 array of shape (n,)
    """
    came = (onset_hours > hours) & (onset_hours < 24 * horizon_days) & (weight > 0)
    came &= np.isfinite(risk)
    risk, hours, onset_hours, weight = (a[came] for a in (risk, hours, onset_hours, weight))
    centre = float(np.average(_log_odds(risk), weights=weight)) if came.any() else 0.0
    shares: list[tuple[float, float, float]] = []
    until = float(horizon_days)
    for day in reversed([float(d) for d in days]):
        asked = (onset_hours < 24 * until) & (hours < 24 * day)
        X = _columns(day, until, hours[asked], risk[asked], centre)
        shares.insert(0, _share(X, onset_hours[asked] < 24 * day, weight[asked]))
        until = day
    return Earlier(
        days=tuple(float(d) for d in days), horizon_days=horizon_days, shares=tuple(shares),
        centre=centre,
    )  # fmt: skip


def _columns(day: float, until: float, hours: Floats, risk: Floats, centre: float) -> Floats:
    left = np.maximum(day - hours / 24, _LEAST)
    share = np.clip(left / np.maximum(until - hours / 24, left), _LEAST, 1 - _LEAST)
    ones = np.ones(len(hours))
    return np.column_stack([ones, logit(share), _log_odds(risk) - centre])


def _log_odds(risk: Floats) -> Floats:
    return np.asarray(logit(np.clip(risk, _LEAST, 1 - _LEAST)))


def _share(X: Floats, early: Flags, weight: Floats) -> tuple[float, float, float]:
    """The factors that fit best, pulled towards a steady hazard."""
    sign = np.where(early, 1.0, -1.0)

    def cost(b: Floats) -> tuple[float, Floats]:
        eta = sign * (X @ b)
        pull = _STRENGTH * (b - _PRIOR)
        value = np.sum(weight * np.logaddexp(0.0, -eta)) + 0.5 * np.sum(pull * (b - _PRIOR))
        return float(value), -X.T @ (weight * sign * expit(-eta)) + pull

    constant, steady, risk = minimize(cost, _PRIOR, jac=True, method="L-BFGS-B").x.tolist()
    return constant, steady, risk
