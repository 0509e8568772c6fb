"""Diagnoses and treatments by the codes and names that exports hold.

The table is clinical_names.toml beside this module.
"""

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from riskmodel.cohort.products import choice
from riskmodel.files import read_toml

_TOLD = ("unverified", "source")


@cache
def _table() -> Mapping[str, Any]:
    return read_toml(Path(__file__).parent / "clinical_names.toml")


@cache
def _codes(system: str) -> Mapping[str, str]:
    entries = _table()["disease"][system].items()
    return {code: name for name, codes in entries if name not in _TOLD for code in codes}


@cache
def _words(*names: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(re.escape(name) for name in names)})\b", re.IGNORECASE)


def disease_of(code: str = "", text: str = "") -> str | None:
    """Disease of the cohort contract that a diagnosis means, None for any other diagnosis.

    Parameters
    ----------
    code : str
        ICD-10 or SNOMED CT.
    text : str
        Used where the code means none of them: the whole text must be a known name.

    Examples
    --------
    >>> disease_of("C83.38"), disease_of(text="Multiple myeloma"), disease_of("J18.9", "pneumonia")
    ('LBCL', 'MM', None)
    """
    if code.isdigit():
        found = _codes("snomed").get(code)
    else:
        folded = code.replace(".", "").upper()
        starts = [c for c in _codes("icd10") if folded.startswith(c)]
        found = _codes("icd10")[max(starts, key=len)] if starts else None
    named = choice("disease", text) if text and found is None else None
    return found or (named if named != "other" else None)


@lru_cache(maxsize=4096)
def treatment_of(text: str) -> str | None:
    """Treatment event that a text names, None for none, several or one given on a surface.

    Examples
    --------
    >>> treatment_of("Tocilizumab 400 MG Injection"), treatment_of("Dexamethasone eye drops")
    ('tocilizumab', None)
    """
    table = _table()
    if _words(*table["local"]["words"]).search(text):
        return None
    found = [name for name, names in table["treatment"].items() if _words(*names).search(text)]
    return found[0] if len(found) == 1 else None
