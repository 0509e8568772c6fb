"""What an Observation (FHIR R4) says: results, their analytes, units and reference ranges."""

import math
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from riskmodel.cohort.fhir.resources import (
    Resource,
    Told,
    codings,
    listed,
    mapping,
    names,
    number,
    text,
    told,
)
from riskmodel.cohort.schema import COMPARATORS
from riskmodel.cohort.source.values import joined_unit
from riskmodel.cohort.units import find_analyte, same_size, ucum, unit_in_name
from riskmodel.cohort.vocabulary.specimens import is_not_blood
from riskmodel.cohort.written.number_text import parse_result, read_limit, read_number

LOINC = frozenset(("http://loinc.org", "https://loinc.org", "urn:oid:2.16.840.1.113883.6.1"))
UCUM_SYSTEM = frozenset(("http://unitsofmeasure.org", "urn:oid:2.16.840.1.113883.6.8"))

# Observation.status (R4): what may be used, and the reason code of what may not.
USED = frozenset(("final", "amended", "corrected"))
UNUSED: Mapping[str, str] = {
    "preliminary": "not_final",
    "registered": "not_final",
    "cancelled": "cancelled",
    "entered-in-error": "entered_in_error",
    "unknown": "status_unknown",
}

_OFF_SCALE = {"off scale high": ">", "off scale low": "<"}
_BOUND = re.compile(r"([<>]=?)\s*([0-9][0-9.,]*[0-9]|[0-9])")
_UNVALUED = ("valueCodeableConcept", "valueBoolean", "valueRange", "valueRatio", "valueTime",
             "valueDateTime", "valuePeriod", "valueSampledData")  # fmt: skip


NO_UNIT = "(text without a unit)"
"""Unit of a result that is a bare text: that of the other results of the source, see assembly."""


class Result(NamedTuple):
    """One result of an Observation or of one of its components."""

    analyte: str
    value: float
    comparator: str
    unit: str
    low: float
    high: float
    refusal: str


@lru_cache(maxsize=65536)
def _by_code(code: str) -> str | None:
    return find_analyte("", code, internal=True)


@lru_cache(maxsize=65536)
def _by_name(name: str) -> str | None:
    return find_analyte(name, "", internal=True)


class _Meaning(NamedTuple):
    """What a code says by itself.

    The analyte of its LOINC codes, whether it has any, the analyte of its names, whether the LOINC
    codes mean several, and whether it is of another specimen than blood.
    """

    coded: str | None
    loinc: bool
    named: str | None
    contradicted: bool
    elsewhere: bool


@lru_cache(maxsize=65536)
def _meaning(concept: Told) -> _Meaning:
    own, found = concept
    codes = [code for system, code, _ in found if system in LOINC]
    meant = [analyte for analyte in map(_by_code, codes) if analyte is not None]
    called = [name for name in (own, *(display for _, _, display in found)) if name]
    named = next((a for a in map(_by_name, called) if a is not None), None)
    first = meant[0] if meant else None
    return _Meaning(first, bool(codes), named, len(set(meant)) > 1, of_other_specimen(concept))


@lru_cache(maxsize=65536)
def of_other_specimen(concept: Told) -> bool:
    """Whether the words or codes of a concept name a specimen that is not blood."""
    own, found = concept
    called = " / ".join(name for name in (own, *(display for _, _, display in found)) if name)
    return is_not_blood(called[:500], *(code for _, code, _ in found))


def analyte_of(concept: Any, own_codes: Mapping[str, str]) -> str | None:
    """Analyte of a code: LOINC first, then a centre's own codes, then the text.

    A text is believed only where no LOINC code stands: "Creatinine" under the LOINC code of
    urine is not the analyte.

    Parameters
    ----------
    concept : CodeableConcept
    own_codes : mapping of str to str
        Analyte by code or by ``system|code``.
    """
    return _analyte(told(concept), own_codes)


def _analyte(concept: Told, own_codes: Mapping[str, str]) -> str | None:
    meaning = _meaning(concept)
    if meaning.coded is None and own_codes:
        for system, code, _ in concept[1]:
            analyte = own_codes.get(f"{system}|{code}") or own_codes.get(code)
            if analyte is not None:
                return analyte
    return meaning.coded if meaning.loinc else meaning.named


def shown_code(concept: Any) -> str:
    """A code for people: the LOINC code or the first one, with its name."""
    found = codings(concept)
    coded = [c for c in found if c[0] in LOINC] or found
    name = next(names(concept), "")
    return f"{coded[0][1]} {name}".strip()[:80] if coded else name[:80] or "no code"


@lru_cache(maxsize=65536)
def _unit(system: str, code: str, unit: str) -> str:
    if code and system in UCUM_SYSTEM and (ucum(code) or not unit):
        return code
    return unit or code


@lru_cache(maxsize=65536)
def _unit_told(system: str, code: str, unit: str) -> tuple[str, str]:
    """Unit, and ``unit_conflict`` where the one as shown is another size than that of the code."""
    both = code and unit != code and ucum(unit) and ucum(code)
    conflict = "unit_conflict" if both and not same_size(unit, code) else ""
    return _unit(system, code, unit), conflict


def unit_of(quantity: Resource) -> str:
    """Unit of a Quantity: its UCUM code where that is known, else the unit as shown."""
    return _unit(
        text(quantity.get("system")), text(quantity.get("code")), text(quantity.get("unit"))
    )


def _is_normal(entry: Resource) -> bool:
    """Whether a reference range is the normal one: a type, where given, says so."""
    kind = mapping(entry.get("type"))
    codes = [code for _, code, _ in codings(kind)]
    if codes:
        return "normal" in codes
    words = next(names(kind), "").casefold()
    return not words or "normal" in words or "reference" in words


def _reference(part: Resource, unit: str, decimal: str) -> tuple[float, float]:
    """Low and high of the first normal range for everybody, in the unit of the result."""
    for entry in listed(part.get("referenceRange")):
        if entry.get("appliesTo") or entry.get("age") or not _is_normal(entry):
            continue
        bounds = []
        for name in ("low", "high"):
            bound = mapping(entry.get(name))
            other = unit_of(bound)
            same = not other or other == unit or same_size(other, unit)
            bounds.append(number(bound.get("value")) if same else math.nan)
        if "low" not in entry and "high" not in entry and (shown := text(entry.get("text"))):
            limits = read_limit(shown[:100], decimal)
            if limits is not None and not joined_unit(unit, limits.unit)[1]:
                bounds = [limits.low, limits.high]
        if bounds[1] <= max(bounds[0], 0.0):
            continue
        if not all(math.isnan(bound) for bound in bounds):
            return bounds[0], bounds[1]
    return math.nan, math.nan


def _off_scale(part: Resource, value: float) -> set[str]:
    """Comparators that interpretations and notes state around the same number."""
    found = set()
    for concept in listed(part.get("interpretation")):
        found |= {code for _, code, _ in codings(concept) if code in ("<", ">")}
        own = text(concept.get("text")).casefold()
        found |= {sign for words, sign in _OFF_SCALE.items() if words in own}
    for note in listed(part.get("note")):
        for sign, digits in _BOUND.findall(text(note.get("text"))[:500]):
            parsed = parse_result(digits)
            if parsed is not None and parsed[0] == value:
                found.add(sign)
    return found


def _worded(value: str, comparator: str, unit: str, decimal: str) -> tuple[float, str, str, str]:
    """Value, comparator, unit and refusal of a text, beside a comparator and a unit."""
    found = read_number(value, decimal)
    if isinstance(found, str):
        return math.nan, "", unit, found
    if not math.isnan(found.other):
        return math.nan, "", unit, "number_two_ways"
    sign = next(s for s, c in COMPARATORS.items() if c == found.comparator)
    if comparator and sign and comparator != sign:
        return math.nan, "", unit, "unknown_comparator"
    unit, conflict = joined_unit(unit, found.unit)
    return found.value, comparator or sign, unit, conflict


def _value(part: Resource, decimal: str) -> tuple[float, str, str, str]:
    """Value, comparator, unit and refusal of an Observation or component."""
    if "valueQuantity" in part:
        quantity = mapping(part["valueQuantity"])
        raw = quantity.get("value")
        unit, conflict = _unit_told(
            text(quantity.get("system")), text(quantity.get("code")), text(quantity.get("unit"))
        )
        comparator = text(quantity.get("comparator"))
        value = number(raw)
        if part.get("dataAbsentReason"):
            return math.nan, "", unit, "value_absent"
        if not math.isnan(value):
            return value, comparator, unit, conflict
        if isinstance(raw, str):
            return _worded(raw, comparator, unit, decimal)
        if raw is not None:
            return math.nan, "", unit, "value_not_a_number"
    elif "valueString" in part:
        value, comparator, unit, refusal = _worded(text(part["valueString"])[:200], "", "", decimal)
        return value, comparator, unit or NO_UNIT, refusal
    elif "valueInteger" in part:
        value = number(part["valueInteger"])
        return value, "", "", "value_not_a_number" if math.isnan(value) else ""
    elif any(name in part for name in _UNVALUED):
        return math.nan, "", "", "value_not_a_number"
    if part.get("dataAbsentReason"):
        return math.nan, "", "", "value_absent"
    return math.nan, "", "", "value_missing"


def results(
    observation: Resource, own_codes: Mapping[str, str], decimal: str = ""
) -> tuple[list[Result], list[str]]:
    """Results of an Observation and of its components, and the codes of no analyte.

    An Observation that only groups others (members, or components without a value of its own)
    is no result itself.

    Parameters
    ----------
    observation : resource
    own_codes : mapping of str to str
        See `analyte_of`.
    decimal : {"", ",", "."}
        Decimal sign of texts that can be read in two ways.

    Returns
    -------
    (list of Result, list of str)
    """
    found: list[Result] = []
    other: list[str] = []
    parts = listed(observation.get("component"))
    whole = told(observation.get("code"))
    elsewhere = _meaning(whole).elsewhere
    grouping = parts or observation.get("hasMember")
    for part in (observation, *parts):
        concept = whole if part is observation else told(part.get("code"))
        analyte = _analyte(concept, own_codes)
        if analyte is None:
            if part is not observation or not parts:
                other.append(shown_code(part.get("code")))
            continue
        value, comparator, unit, refusal = _value(part, decimal)
        if part is observation and grouping and refusal == "value_missing":
            continue
        meaning = _meaning(concept)
        if meaning.contradicted or meaning.elsewhere or elsewhere:
            refusal = refusal or ("code_conflict" if meaning.contradicted else "not_blood")
        if not math.isnan(value) and ("interpretation" in part or "note" in part):
            stated = _off_scale(part, value) | ({comparator} - {""})
            if len({sign[0] for sign in stated}) > 1:
                value, refusal = math.nan, "value_conflict"
            comparator = comparator or next(iter(sorted(stated)), "")
        if unit in ("", NO_UNIT):
            carried = (unit_in_name(analyte, name) for name in names(part.get("code")))
            unit = next((unit for unit in carried if unit), unit)
        low, high = (
            _reference(part, unit, decimal) if "referenceRange" in part else (math.nan, math.nan)
        )
        found.append(Result(analyte, value, comparator, unit, low, high, refusal))
    return found, other
