"""Whole-number identifiers of patients, for forms that have no others."""

import hashlib

import numpy as np
import pandas as pd

from riskmodel.arrays import Codes
from riskmodel.errors import SchemaError

_HASHED = 1 << 62
"""Set in every number that stands for a text: such numbers are too large to be a hospital's own."""


def subject_id(patient_id: str) -> int:
    """A whole number for a patient, the same in every run and every cohort.

    A whole number stays itself; any other text becomes 62 bits of its SHA-256.

    Examples
    --------
    >>> subject_id("1042"), subject_id("0042") == subject_id("42")
    (1042, False)
    """
    if patient_id.isascii() and patient_id.removeprefix("-").isdecimal():
        number = int(patient_id)
        if str(number) == patient_id and abs(number) < _HASHED:
            return number
    digest = hashlib.sha256(patient_id.encode("utf-8")).digest()
    return _HASHED | (int.from_bytes(digest[:8], "big") >> 2)


def subject_ids(patient_ids: pd.Series) -> Codes:
    """`subject_id` of each."""
    return np.array([subject_id(name) for name in patient_ids], dtype=np.int64)


def check_distinct(patient_ids: pd.Series, numbers: Codes) -> None:
    """Refuse two patients under one number.

    Raises
    ------
    SchemaError
    """
    pairs = pd.DataFrame({"patient_id": patient_ids.to_numpy(), "number": numbers})
    twice = pairs.drop_duplicates()["number"].duplicated(keep=False)
    if twice.any():
        first, second = pairs.drop_duplicates()[twice]["patient_id"].tolist()[:2]
        raise SchemaError(
            f"Patients '{first}' and '{second}' would have the same whole number. Rename one."
        )
