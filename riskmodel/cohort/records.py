"""First and last records of each patient: of a kind of event, of anything, of a course's start."""

from collections.abc import Sequence

import numpy as np

from riskmodel.arrays import Codes, Floats
from riskmodel.cohort.tables.cohort import Cohort
from riskmodel.cohort.vocabulary.clinical_names import conditioning_days


def earliest(patients: int, patient: Codes, hours: Floats) -> Floats:
    """Earliest hour of each patient, infinite where there is none.

    Parameters
    ----------
    patients : int
        How many there are.
    patient, hours : arrays of shape (k,)
        In any order.

    Examples
    --------
    >>> earliest(3, np.array([0, 2, 0]), np.array([5.0, 1.0, 3.0]))
    array([ 3., inf,  1.])
    """
    found = np.full(patients, np.inf)
    np.minimum.at(found, patient, hours)
    return found


def latest(patients: int, patient: Codes, hours: Floats) -> Floats:
    """Latest hour of each patient, minus infinity where there is none; as `earliest`."""
    return -earliest(patients, patient, -hours)


def first_event(
    cohort: Cohort, names: Sequence[str], *, since: float = -np.inf, until: float = np.inf
) -> Floats:
    """Hour of each patient's first event of some kinds in a window, infinite without one.

    Parameters
    ----------
    cohort : Cohort
    names : sequence of str
        Events of the contract. A record that ends one (grade 0) is none.
    since, until : float
        Hours from the infusion, both included.
    """
    events = cohort.happened
    hours = events["hours"].to_numpy(np.float64)
    chosen = events["event"].isin(names).to_numpy(bool) & (hours >= since) & (hours <= until)
    return earliest(len(cohort), events["patient"].to_numpy(np.int64)[chosen], hours[chosen])


def last_record(cohort: Cohort, until: float = np.inf) -> Floats:
    """Hour of each patient's last lab result or event up to a time, minus infinity without one."""
    last = np.full(len(cohort), -np.inf)
    for table in (cohort.labs, cohort.events):
        hours = table["hours"].to_numpy(np.float64)
        known = hours <= until
        patient = table["patient"].to_numpy(np.int64)[known]
        last = np.maximum(last, latest(len(cohort), patient, hours[known]))
    return last


def lymphodepletion_start(cohort: Cohort, within_hours: float | None = None) -> Floats:
    """Hour at which the lymphodepletion of this infusion began, NaN where no record says.

    It is the first record of its start in a window that ends with the infusion, both ends included:
    earlier ones belong to an earlier therapy.

    Parameters
    ----------
    cohort : Cohort
    within_hours : float, optional
        Length of the window; by default that of the readers, in clinical_names.toml.
    """
    within = 24.0 * conditioning_days() if within_hours is None else within_hours
    first = first_event(cohort, ("lymphodepletion_start",), since=-within, until=0.0)
    return np.where(np.isfinite(first), first, np.nan)
