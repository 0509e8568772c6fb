"""Results that are none: of another specimen than blood, withdrawn, or replaced."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from riskmodel.arrays import Codes, Flags, Floats
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.tables.grades import folded_answer
from riskmodel.cohort.text_codes import Texts, texts
from riskmodel.cohort.vocabulary.specimens import is_not_blood
from riskmodel.files import read_toml

USED, CORRECTED = "used", "corrected"


@cache
def _statuses() -> dict[str, str]:
    table = read_toml(Path(__file__).parent / "answers.toml")["status"]
    return {word: meant for meant, words in table.items() for word in words}


def status_of(text: str) -> str:
    """`USED`, `CORRECTED`, or the reason by which a result of this status is none.

    Examples
    --------
    >>> status_of("Final"), status_of("C"), status_of("entered-in-error"), status_of("maybe")
    ('used', 'corrected', 'entered_in_error', 'status_unknown')
    """
    return _statuses().get(folded_answer(text), "status_unknown")


def withdrawn(raw: pd.DataFrame, usable: Flags, ids: Texts, rejections: Rejections) -> Flags:
    """Usable rows whose specimen is blood, or unstated, and whose status lets them count.

    Parameters
    ----------
    raw : DataFrame of shape (n, any)
        With ``specimen`` and ``status``, both optional.
    usable : bool array of shape (n,)
    ids : Texts of shape (n,)
        Patients.
    rejections : Rejections
    """
    named = texts(raw, "specimen")
    other = named.each(lambda word: is_not_blood(word, word), False).astype(bool)[named.codes]
    rejections.add("labs", usable & other, ids, "not_blood", column="specimen")
    usable = usable & ~other
    stated = texts(raw, "status")
    meant = stated.each(status_of, USED)[stated.codes]
    for reason in sorted(set(meant[usable]) - {USED, CORRECTED}):
        mine = usable & (meant == reason)
        rejections.add("labs", mine, ids, reason, column="status")
        usable = usable & ~mine
    return usable


def replaced(
    raw: pd.DataFrame,
    patient: Codes,
    hours: Floats,
    analyte: Codes,
    usable: Flags,
    ids: Texts,
    rejections: Rejections,
) -> Flags:
    """Usable rows without those beside which a corrected one stands at the same time."""
    stated = texts(raw, "status")
    meant = stated.each(lambda word: status_of(word) == CORRECTED, False)
    corrected = meant.astype(bool)[stated.codes] & usable
    if not corrected.any():
        return usable
    keys = pd.MultiIndex.from_arrays([patient, hours, analyte])
    old = keys.isin(keys[np.flatnonzero(corrected)]) & usable & ~corrected
    rejections.add("labs", old, ids, "replaced", column="status")
    kept: Flags = usable & ~old
    return kept
