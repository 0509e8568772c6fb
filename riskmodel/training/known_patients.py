"""Patients that a model has seen: told again row by row, and not to be found out from the model.

A model keeps, of each training patient, one of many numbered places, by a hash of the first row of
features. A fifth of the places is taken, so that one patient's place being taken says little, while
a cohort that holds the training patients again, shuffled or without some, takes far too many.
"""

import base64
import hashlib

import numpy as np
import pandas as pd
from scipy.stats import binom

from riskmodel.arrays import Codes, Flags, Floats
from riskmodel.cohort import Cohort

PLACES_PER_PATIENT = 4
FEWEST_VALUES = 4
"""Known values, whole numbers left out, below which a row is nobody's in particular."""
CHANCE = 1e-6
"""Probability below which as many places are not taken by chance."""


def in_order(cohort: Cohort) -> Cohort:
    """The cohort by identifier: what is learnt from it does not depend on the order of its rows."""
    return cohort.take(np.argsort(cohort.patient_id.astype(str), kind="stable"))


def twins(X: pd.DataFrame, patient: Codes, hours: Floats) -> int:
    """Patients whose first row equals another's in every value: one person under two names."""
    rows = _first_rows(X, patient, hours)
    told = _telling(rows)
    hashes = pd.Series(_hashes(rows[told]))
    return int(hashes.duplicated(keep="first").sum())


def marks_of(X: pd.DataFrame, patient: Codes, hours: Floats) -> tuple[int, str]:
    """Places of the training patients.

    Parameters
    ----------
    X : DataFrame of shape (n, features)
    patient : int64 array of shape (n,)
    hours : float64 array of shape (n,)
        The earliest row of each patient is the one that counts.

    Returns
    -------
    (int, str)
        How many places there are, and which are taken, in base 64.
    """
    rows = _first_rows(X, patient, hours)
    rows = rows[_telling(rows)]
    places = max(PLACES_PER_PATIENT * len(rows), 1)
    taken = np.zeros(places, dtype=bool)
    taken[_places(rows, places)] = True
    return places, base64.b64encode(np.packbits(taken).tobytes()).decode("ascii")


def share_known(X: pd.DataFrame, patient: Codes, hours: Floats, marks: tuple[int, str]) -> float:
    """About which share of patients a model has seen; 0 where chance explains what is found.

    Parameters
    ----------
    X, patient, hours
        As for `marks_of`, with the same columns in the same order.
    marks : (int, str)
        Of the model; of one without them nothing can be told.
    """
    places, text = marks
    if not text:
        return 0.0
    taken = np.unpackbits(np.frombuffer(base64.b64decode(text), dtype=np.uint8))[:places]
    rows = _first_rows(X, patient, hours)
    rows = rows[_telling(rows)]
    if not len(rows):
        return 0.0
    # Rows that are alike count once: they take one place.
    hits = taken[np.unique(_places(rows, places))].astype(bool)
    by_chance = float(taken.mean())
    if binom.sf(hits.sum() - 1, len(hits), by_chance) >= CHANCE:
        return 0.0
    return float((hits.mean() - by_chance) / (1 - by_chance))


def _first_rows(X: pd.DataFrame, patient: Codes, hours: Floats) -> Floats:
    order = np.lexsort((hours, patient))
    first = np.unique(patient[order], return_index=True)[1]
    return np.round(X.to_numpy(np.float64)[order][first], 6) + 0.0


def _telling(rows: Floats) -> Flags:
    with np.errstate(invalid="ignore"):
        return np.asarray((rows != np.round(rows)).sum(axis=1, where=~np.isnan(rows))) >= (
            FEWEST_VALUES
        )


def _hashes(rows: Floats) -> list[int]:
    plain = np.where(np.isnan(rows), np.nan, rows)  # one kind of NaN
    return [
        int.from_bytes(hashlib.sha256(np.ascontiguousarray(row).tobytes()).digest()[:8], "big")
        for row in plain
    ]


def _places(rows: Floats, places: int) -> Codes:
    return np.array([h % places for h in _hashes(rows)], dtype=np.int64)
