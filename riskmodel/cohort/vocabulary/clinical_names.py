"""Diagnoses, treatments and intensive care by the codes and names that exports hold.

The table is clinical_names.toml beside this module.
"""

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from riskmodel.cohort.vocabulary.products import choice
from riskmodel.files import read_toml

_TOLD = ("unverified", "source")


def fold_code(code: str) -> str:
    """A code without case, spaces and dots, and without the system before it.

    Examples
    --------
    >>> fold_code("PROCEDURE//ICD10PCS//xw0 33c3"), fold_code("ICD10PCS:XW033C3")
    ('XW033C3', 'XW033C3')
    """
    return re.sub(r"[\s.]", "", re.split(r"//|[:|]", code)[-1]).upper()


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


@cache
def _treatment_codes() -> Mapping[str, str]:
    systems = _table()["treatment_codes"].values()
    entries = [entry for system in systems for entry in system.items() if entry[0] not in _TOLD]
    return {fold_code(code): name for name, codes in entries for code in codes}


def treatment_codes() -> tuple[str, ...]:
    """Codes that mean a treatment, folded."""
    return tuple(_treatment_codes())


def treatment_names() -> tuple[str, ...]:
    """Names that mean a treatment inside a longer text."""
    return tuple(name for names in _table()["treatment"].values() for name in names)


@lru_cache(maxsize=65536)
def treatment_of(text: str, *codes: str) -> str | None:
    """Treatment event that a code or a text means.

    None for no treatment, several, one not given or given on a surface. ``lymphodepletion`` is
    a conditioning drug: `riskmodel.cohort.source.lymphodepletion` says which one starts it.

    Examples
    --------
    >>> treatment_of("Tocilizumab 400 MG Injection"), treatment_of("Dexamethasone eye drops")
    ('tocilizumab', None)
    >>> treatment_of("", "ICD10PCS//30233R1"), treatment_of("Platelet count")
    ('transfusion_platelets', None)
    """
    coded = {_treatment_codes().get(fold_code(code)) for code in codes if code} - {None}
    if len(coded) == 1:
        return coded.pop()
    table = _table()
    if _words(*table["local"]["words"], *table["not_given"]["words"]).search(text):
        return None
    found = [name for name, names in table["treatment"].items() if _words(*names).search(text)]
    return found[0] if len(found) == 1 else None


def conditioning_days() -> int:
    """Days before the infusion in which a conditioning drug starts the lymphodepletion."""
    return int(_table()["lymphodepletion"]["days"])


def icu_concepts() -> tuple[int, ...]:
    """OMOP concepts of a stay or a place of intensive care."""
    return tuple(_table()["icu"]["omop"]["concepts"])


@lru_cache(maxsize=4096)
def is_intensive_care(text: str, *codes: str) -> bool:
    """Whether a unit, a place or a type of stay is intensive care.

    Examples
    --------
    >>> is_intensive_care("Medical Intensive Care Unit (MICU)"), is_intensive_care("", "305351004")
    (True, True)
    >>> is_intensive_care("Neuro Stepdown"), is_intensive_care("Discharge from intensive care")
    (False, False)
    """
    icu = _table()["icu"]
    if any(code in icu["codes"] for code in codes):
        return True
    named = _words(*icu["words"]).search(text) is not None
    return named and _words(*icu["not"]).search(text) is None
