"""Analytes and units: which spelling means which unit, and what it converts by.

The tables are analytes.toml and units.toml beside this module.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from riskmodel.errors import SchemaError, UnitError
from riskmodel.files import read_toml

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Analyte:
    """One analyte of the cohort contract (a table of analytes.toml)."""

    name: str
    label: str
    unit: str
    factors: Mapping[str, float]
    loinc: tuple[str, ...]
    possible: tuple[float, float]
    plausible: tuple[float, float]
    aliases: tuple[str, ...] = ()
    omop: tuple[int, ...] = ()
    typical: float | None = None
    uln: float | None = None
    uln_unverified: bool = False
    percent: str | None = None
    unverified_units: tuple[str, ...] = ()

    @property
    def unit_optional(self) -> bool:
        """Whether a missing unit cannot be misread: every accepted unit has the same factor."""
        return len(set(self.factors.values())) == 1


@cache
def analytes() -> Mapping[str, Analyte]:
    """All analytes by name.

    Examples
    --------
    >>> analytes()["ferritin"].unit
    'ng/mL'
    """
    table = read_toml(_HERE / "analytes.toml")
    found: dict[str, Analyte] = {}
    for name, entry in table.items():
        values: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()
        }
        found[name] = Analyte(name=name, **values)
    return found


@cache
def _spellings() -> Mapping[str, str]:
    table = read_toml(_HERE / "units.toml")
    found: dict[str, str] = {}
    for ucum, spellings in table.items():
        for spelling in (ucum, *spellings):
            found.setdefault(_fold(spelling), ucum)
    return found


@cache
def _names() -> Mapping[str, str]:
    found = {}
    for analyte in analytes().values():
        for alias in (analyte.name, *analyte.aliases):
            found[_fold_name(alias)] = analyte.name
    return found


@cache
def _codes() -> Mapping[str, str]:
    return {code: analyte.name for analyte in analytes().values() for code in analyte.loinc}


def _fold(spelling: str) -> str:
    text = re.sub(r"\s+", "", spelling).casefold()
    return (
        text.replace("\u00b5", "u").replace("\u03bc", "u").replace("mcl", "ul").replace("mcg", "ug")
    )


def _fold_name(name: str) -> str:
    return re.sub(r"[\s_]+", " ", name.strip()).casefold()


def ucum(spelling: str) -> str | None:
    """UCUM unit of a spelling, None where it is unknown.

    Examples
    --------
    >>> ucum("K/mm3"), ucum("MG/DL"), ucum("furlong")
    ('10*9/L', 'mg/dL', None)
    """
    return _spellings().get(_fold(spelling))


@dataclass(frozen=True)
class Resolution:
    """What a combination of analyte, LOINC code and unit means."""

    analyte: str
    factor: float
    note: str = ""


def find_analyte(name: str, loinc: str) -> str | None:
    """Analyte of a name or, where the name is empty or unknown, of a LOINC code."""
    found = _names().get(_fold_name(name)) if name else None
    return found or _codes().get(loinc.strip())


def resolve(name: str, loinc: str, unit: str) -> Resolution:
    """Resolve analyte, code and unit spelling to a canonical analyte and a factor.

    A percent under the code of an absolute count is the percentage: the unit is trusted.

    Parameters
    ----------
    name, loinc, unit : str
        As charted, empty where not given.

    Raises
    ------
    SchemaError
        When neither name nor code is known.
    UnitError
        When the unit is unknown, missing where it is needed, or not one of the analyte's.

    Examples
    --------
    >>> resolve("crp", "", "mg/dL").factor
    10
    >>> resolve("", "731-0", "%").analyte
    'lymphocytes_percent'
    """
    found = find_analyte(name, loinc)
    if found is None:
        shown = f"name '{name}'" if name else f"LOINC code '{loinc}'" if loinc else "no name"
        raise SchemaError(
            f"Analyte with {shown} is unknown. Allowed: the analytes of the cohort contract. "
            "Rename it, or leave it: other rows are used."
        )
    analyte = analytes()[found]
    if not unit.strip():
        if not analyte.unit_optional:
            raise UnitError(
                f"Analyte '{found}' has no unit. Allowed: {', '.join(analyte.factors)}. "
                "Add the unit."
            )
        return Resolution(found, next(iter(analyte.factors.values())))
    code = ucum(unit)
    if code == "%" and analyte.percent:
        return Resolution(analyte.percent, 1.0, "percent_under_count_code")
    if code is None or code not in analyte.factors:
        raise UnitError(
            f"Analyte '{found}' has unit '{unit}'. Known units: {', '.join(analyte.factors)}. "
            "Fix the input or add the unit to units.toml."
        )
    note = "unverified_unit_factor" if code in analyte.unverified_units else ""
    return Resolution(found, analyte.factors[code], note)
