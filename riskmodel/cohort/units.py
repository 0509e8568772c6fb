"""Analytes and units: which spelling means which unit, and what it converts by.

The tables are analytes.toml and units.toml beside this module.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from riskmodel.cohort.unit_grammar import Unit, folded, parse_unit
from riskmodel.errors import SchemaError, UnitError
from riskmodel.files import read_toml

_HERE = Path(__file__).parent
_LOINC = re.compile(r"\d{1,7}-\d")


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
    loinc_confirming: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    omop: tuple[int, ...] = ()
    typical: float | None = None
    uln: float | None = None
    uln_unverified: bool = False
    percent: str | None = None
    unverified_units: tuple[str, ...] = ()
    internal: bool = False
    unit_of_name: Mapping[str, str] = field(default_factory=dict)
    days_before: int | None = None

    @property
    def unit_optional(self) -> bool:
        """Whether a missing unit cannot be misread: every accepted unit has the same factor."""
        return len(set(self.factors.values())) == 1


@cache
def recorded() -> Mapping[str, Analyte]:
    """All that is read from a source like a lab result: the analytes, and the internal ones."""
    table = read_toml(_HERE / "analytes.toml")
    found: dict[str, Analyte] = {}
    for name, entry in table.items():
        values: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()
        }
        found[name] = Analyte(name=name, **values)
    return found


@cache
def analytes() -> Mapping[str, Analyte]:
    """The analytes of the cohort contract by name.

    Examples
    --------
    >>> analytes()["ferritin"].unit
    'ng/mL'
    >>> "body_weight" in analytes()
    False
    """
    return {name: entry for name, entry in recorded().items() if not entry.internal}


@cache
def _spellings() -> Mapping[str, str]:
    return {spelling: unit for unit, spelling in _listed("units")}


@cache
def _count_spellings() -> Mapping[str, str]:
    return {spelling: unit for unit, spelling in _listed("counts")}


def _listed(name: str) -> list[tuple[str, str]]:
    """Units and their folded spellings of one table, the unit itself among them, last first."""
    table = read_toml(_HERE / "units.toml")[name]
    pairs = [(unit, folded(s)) for unit, spelled in table.items() for s in (unit, *spelled)]
    return pairs[::-1]


@cache
def _by_meaning() -> Mapping[Unit, str]:
    found: dict[Unit, str] = {}
    for _, unit in _spellings().items():
        meant = parse_unit(unit)
        if meant is not None:
            found.setdefault(meant, unit)
    return found


@cache
def _names(internal: bool) -> Mapping[str, str]:
    return {
        _fold_name(alias): analyte.name
        for analyte in (recorded() if internal else analytes()).values()
        for alias in (analyte.name, *analyte.aliases, *analyte.unit_of_name)
    }


@cache
def _codes(internal: bool) -> Mapping[str, str]:
    known = (recorded() if internal else analytes()).values()
    return {code: analyte.name for analyte in known for code in analyte.loinc}


@cache
def _confirming(internal: bool) -> Mapping[str, str]:
    """Codes that confirm a name: those of the analytes, and others of the same in blood."""
    known = (recorded() if internal else analytes()).values()
    also = {code: analyte.name for analyte in known for code in analyte.loinc_confirming}
    return {**also, **_codes(internal)}


@cache
def _dropped() -> frozenset[str]:
    return frozenset(read_toml(_HERE / "units.toml")["names"]["dropped"])


@lru_cache(maxsize=65536)
def _fold_name(name: str) -> str:
    """A name's telling words in one order: not the specimen blood, nor how it was measured.

    Any other word stays, so that an unknown one (urine, ratio) makes the name unknown.
    """
    plain = unicodedata.normalize("NFKD", re.sub(r"[\u200b-\u200f\ufeff]", "", name))
    text = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    text = (
        re.sub(r"\[[^\]]*/[^\]]*\]", " ", text).replace("%", " percent ").replace("#", " absolute ")
    )
    words = re.findall(r"[^\W_]+(?:\.\d+)?", text)
    told = {re.sub(r"(?<=[a-z]{3})(?<!s)s$", "", word) for word in words} - _dropped()
    return " ".join(sorted(told)) or text.strip()


def ucum(spelling: str) -> str | None:
    """UCUM unit of a spelling, None where it is unknown.

    A unit that stands in no table is given back as it is, where it is one by its grammar.

    Examples
    --------
    >>> ucum("K/mm3"), ucum("MG/DL"), ucum("furlong"), ucum("10*6/L"), ucum("mmol/mL")
    ('10*9/L', 'mg/dL', None, '/uL', 'mmol/mL')
    """
    found = _spellings().get(folded(spelling))
    if found is not None:
        return found
    meant = parse_unit(spelling)
    return None if meant is None else _by_meaning().get(meant, spelling.strip())


@lru_cache(maxsize=4096)
def same_size(one: str, other: str) -> bool:
    """Whether two spellings mean units of one size: a number is the same in both.

    Examples
    --------
    >>> same_size("ng/mL", "\u00b5g/L"), same_size("ng/mL", "mg/L"), same_size("odd", "odd")
    (True, False, True)
    """
    codes = [ucum(unit) or unit.strip() for unit in (one, other)]
    meant = [parse_unit(code) for code in codes]
    return codes[0] == codes[1] or (meant[0] is not None and meant[0] == meant[1])


def unit_factor(analyte: Analyte, unit: str) -> float | None:
    """What results of an analyte in a unit are multiplied by, None where it has no such unit.

    A unit of the same kind as one of the analyte's (nkat/L where ukat/L is one) converts exactly;
    one of mass only where it is the same size as one of them: a ferritin in mg/dL is a mistake.

    Examples
    --------
    >>> [unit_factor(analytes()["ldh"], unit) for unit in ("nkat/L", "mU/mL", "mg/dL")]
    [0.06, 1, None]
    >>> [unit_factor(analytes()[name], "G/L") for name in ("platelets", "fibrinogen")]
    [1, 100]
    """
    counted = analyte.factors.keys() & {"10*9/L", "/uL"}
    code = (_count_spellings().get(folded(unit)) if counted else None) or ucum(unit)
    if code is None or code in analyte.factors:
        return analyte.factors.get(code or "")
    meant = parse_unit(code)
    for own, factor in analyte.factors.items():
        like = parse_unit(own)
        if meant and like and (meant.dimension, meant.assay) == (like.dimension, like.assay):
            found = float(Fraction(str(factor)) * meant.factor / like.factor)
            if "g" not in dict(meant.dimension) or found in analyte.factors.values():
                return found
    return None


@dataclass(frozen=True)
class Resolution:
    """What a combination of analyte, LOINC code and unit means."""

    analyte: str
    factor: float
    note: str = ""


def find_analyte(name: str, loinc: str, *, internal: bool = False) -> str | None:
    """Analyte of a name or, where the name is empty or unknown, of a LOINC code.

    A code that contradicts the name goes before it: of white cells in cerebrospinal fluid none is
    found, whatever they are called.

    Examples
    --------
    >>> find_analyte("SGOT", ""), find_analyte("", "29463-7"), find_analyte("WBC", "26465-5")
    ('ast', None, None)
    >>> find_analyte("FERRITIN, SERUM", ""), find_analyte("Neutrophils Absolute", "")
    ('ferritin', 'anc')
    >>> find_analyte("", "29463-7", internal=True)
    'body_weight'
    """
    named = _names(internal).get(_fold_name(name)) if name else None
    code = loinc.strip()
    if named is None or not _LOINC.fullmatch(code):
        return named or _codes(internal).get(code)
    return _confirming(internal).get(code)


def unit_in_name(analyte: str, name: str) -> str:
    """Unit that a name of an analyte carries itself, empty where none.

    Examples
    --------
    >>> unit_in_name("body_weight", "Weight (Lbs)"), unit_in_name("body_weight", "Body weight")
    ('[lb_av]', '')
    """
    told = recorded()[analyte].unit_of_name
    return next((u for n, u in told.items() if _fold_name(n) == _fold_name(name)), "")


def resolve(name: str, loinc: str, unit: str, *, internal: bool = False) -> Resolution:
    """Resolve analyte, code and unit spelling to a canonical analyte and a factor.

    A percent under the code of an absolute count is the percentage: the unit is trusted.

    Parameters
    ----------
    name, loinc, unit : str
        As charted, empty where not given.
    internal : bool
        Whether to know what is read like a lab result but is none, such as body weight.

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
    found = find_analyte(name, loinc, internal=internal)
    if found is None:
        given = (f"name '{name}'" if name else "", f"LOINC code '{loinc}'" if loinc else "")
        shown = " and ".join(filter(None, given)) or "no name"
        raise SchemaError(
            f"Analyte with {shown} is unknown. Allowed: the analytes of the cohort contract. "
            "Rename it, or leave it: other rows are used."
        )
    analyte = recorded()[found]
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
    factor = unit_factor(analyte, unit)
    if factor is None:
        raise UnitError(
            f"Analyte '{found}' has unit '{unit}'. Known units: {', '.join(analyte.factors)}. "
            "Fix the input or add the unit to units.toml."
        )
    note = "unverified_unit_factor" if code in analyte.unverified_units else ""
    return Resolution(found, factor, note)
