"""Outcomes for a horizon: every patient has exactly one of five."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskmodel.arrays import Codes, Flags, Floats
from riskmodel.cohort import Cohort, first_event, latest
from riskmodel.criteria.intervals import Moments, previous
from riskmodel.criteria.truth import tidy
from riskmodel.errors import SchemaError

EVENT, NO_EVENT, COMPETING, LOST, NOT_ASSESSED = OUTCOMES = (
    "event",
    "no_event",
    "competing",
    "lost",
    "not_assessed",
)
CLOSED = LEFT, BOTH = ("left", "both")
"""Ends of a horizon that count as inside: its start alone (``<``), or both (``<=``)."""

_COMPETING_EVENTS = ("death", "transplant", "new_cell_therapy")


@dataclass(frozen=True)
class Outcomes:
    """Outcome of each patient and its time.

    Attributes
    ----------
    outcome : object array of shape (n,)
        One of `OUTCOMES`.
    hours : float64 array of shape (n,)
        Onset, competing event, end of follow-up or horizon; NaN for ``not_assessed``.
    """

    outcome: npt.NDArray[np.object_]
    hours: Floats


def horizon_hours(horizon_days: float) -> float:
    """Hours of a horizon.

    Raises
    ------
    SchemaError
        When it is not a positive number.
    """
    if not (np.isfinite(horizon_days) and horizon_days > 0):
        raise SchemaError(f"Horizon of {horizon_days} days is not positive. Give days above 0.")
    return 24.0 * horizon_days


def within(hours: Floats, horizon: float, closed: str) -> Flags:
    """Whether each hour lies in the horizon: in [0, horizon), or [0, horizon] where both ends do.

    Parameters
    ----------
    hours : float64 array
    horizon : float
        Hours.
    closed : {"left", "both"}

    Raises
    ------
    SchemaError
        For any other `closed`.

    Examples
    --------
    >>> within(np.array([0.0, 336.0]), 336.0, "left").tolist()
    [True, False]
    >>> within(np.array([0.0, 336.0]), 336.0, "both").tolist()
    [True, True]
    """
    if closed not in CLOSED:
        raise SchemaError(
            f"End '{closed}' of a horizon is unknown. Allowed: {', '.join(CLOSED)} "
            "(left excludes the horizon itself, both includes it)."
        )
    before_end = hours <= horizon if closed == BOTH else hours < horizon
    return np.asarray((hours >= 0) & before_end)


def observed_until(moments: Moments) -> Floats:
    """Hour of the last record of each patient, 0 where there is none after the infusion.

    Follow-up, death and every other event count, as do results.
    """
    return np.maximum(latest(moments.patients, moments.patient, moments.hours), 0.0)


def longest_gap(
    patients: int, patient: Codes, hours: Floats, horizon: float, closed: str
) -> Floats:
    """Longest time in [0, horizon] without one of the given moments, hours of each patient.

    Parameters
    ----------
    patients : int
    patient, hours : arrays of shape (k,)
        Moments at which the definition was excluded, sorted; those outside are ignored.
    horizon : float
        Hours.
    closed : {"left", "both"}
        Whether a moment at the horizon itself counts.
    """
    inside = within(hours, horizon, closed)
    patient, hours = patient[inside], hours[inside]
    gap = np.zeros(patients)
    np.maximum.at(gap, patient, hours - previous(hours, patient, 0.0))
    last = np.maximum(latest(patients, patient, hours), 0.0)
    return tidy(np.maximum(gap, horizon - last))


def outcomes(
    cohort: Cohort,
    onset_hours: Floats,
    until: Floats,
    excluded: Flags,
    horizon: float,
    closed: str,
) -> Outcomes:
    """Outcome of each patient in the horizon.

    Parameters
    ----------
    cohort : Cohort
    onset_hours : float64 array of shape (n,)
        NaN where the definition never held.
    until : float64 array of shape (n,)
        `observed_until`.
    excluded : bool array of shape (n,)
        Whether the definition was assessed well enough to say that it did not hold.
    horizon : float
        Hours.
    closed : {"left", "both"}
        Whether an onset, or a competing event, at the horizon itself counts.

    Notes
    -----
    Death, a transplant or a new cell therapy before the onset is competing; at the very hour of
    the onset the onset counts. A record at the horizon is observation up to it, whichever end.
    """
    competing = first_event(cohort, _COMPETING_EVENTS, since=0.0)
    onset = np.where(np.isnan(onset_hours), np.inf, onset_hours)
    conditions = [
        within(onset, horizon, closed) & (onset <= competing),
        within(competing, horizon, closed),
        until < horizon,
        excluded,
    ]
    at = [onset, competing, until, np.full(len(cohort), horizon)]
    names = [np.array(name, dtype=object) for name in (EVENT, COMPETING, LOST, NO_EVENT)]
    return Outcomes(
        np.select(conditions, names, np.array(NOT_ASSESSED, dtype=object)),
        np.select(conditions, at, np.nan),
    )
