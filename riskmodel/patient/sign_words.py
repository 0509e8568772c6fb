"""Signs of any definition in words: their names, and what meets them by the definition's file."""

import re

from riskmodel.cohort import analytes
from riskmodel.criteria import Definition, Limit, Part
from riskmodel.patient.wording import SIGN_LABELS, event_label, number, part_label, unit_words

_PRINTED = {"<": "<", "<=": "≤", ">": ">", ">=": "≥"}
_MULTIPLES = {
    "uln": "ULN",
    "baseline": "the own baseline",
    "higher": "the higher of ULN and the own baseline",
    "higher_known": "ULN, or of the own baseline where that is higher",
}
_ACRONYMS = ("ldh", "nk", "ast", "alt", "wbc")
_RULES = {
    "absolute": "by its value",
    "rate": "by its rate of rise",
    "both": "by its value and its rate of rise",
    "uln": "against the ULN",
    "baseline": "against the own baseline",
    "higher": "against the higher of ULN and the own baseline",
    "higher_known": "against the ULN, or the own baseline where that is higher",
    "reference_low": "against the lower limit of normal",
    "rise": "by its rise",
}


def sign_name(name: str) -> str:
    """Plain name of a sign.

    Examples
    --------
    >>> sign_name("cytopenia_wbc"), sign_name("ferritin_6000"), sign_name("nk_activity")
    ('White cells', 'Ferritin', 'NK activity')
    """
    if name in SIGN_LABELS:
        return SIGN_LABELS[name]
    bare = re.sub(r"_\d+$", "", name.removeprefix("cytopenia_"))
    if bare in analytes():
        label = analytes()[bare].label
        return label[:1].upper() + label[1:]
    return _capitals(event_label(bare))


def part_name(name: str) -> str:
    """Plain name of a part of a definition.

    Examples
    --------
    >>> part_name("coagulation_or_ldh")
    'Coagulation or LDH'
    """
    return _capitals(part_label(name))


def part_need(part: Part) -> str:
    """How much of a part is needed: points where its items have them, else items."""
    if any(item.points > 1 for item in part.items):
        return f"{part.at_least} points needed"
    return f"{part.at_least} of {len(part.items)} needed"


def rule_words(rule: str) -> str:
    """Which rule of a sign held, in words; empty where it has one."""
    return _RULES.get(rule, rule.replace("_", " "))


def limit_words(definition: Definition, name: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """What meets a sign.

    Parameters
    ----------
    definition : Definition
    name : str
    known : tuple of str
        Its limits in words where one limit is all there is to it; used unless the definition
        says more, or nothing is measured.
    """
    limits = definition.limits[name]
    if limits:
        return tuple(_limit(limit, len(limits) > 1) for limit in limits)
    if definition.thresholds[name]:
        return known
    events = definition.reported[name]
    return (f"recorded: {', '.join(e.replace('_', ' ') for e in events)}",) if events else ()


def _limit(limit: Limit, named: bool) -> str:
    label = analytes()[limit.analyte].label + " " if named and limit.analyte else ""
    multiple = _MULTIPLES.get(limit.multiple_of)
    unit = f"× {multiple}" if multiple else unit_words(limit.unit)
    unit = {"Cel": "°C"}.get(unit, unit)
    within = "" if limit.within_hours is None else f" within {number(limit.within_hours)} h"
    rise = "rise " if within else ""
    words = f"{_PRINTED[limit.comparison]} {number(limit.value)} {unit}".strip()
    return f"{label}{rise}{words}{within}"


def _capitals(words: str) -> str:
    found = " ".join(w.upper() if w.lower() in _ACRONYMS else w for w in words.split())
    return found[:1].upper() + found[1:]
