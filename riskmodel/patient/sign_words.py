"""Signs of any definition in words: what meets them by the definition's file."""

from riskmodel.cohort import analytes
from riskmodel.criteria import Definition, Limit, Part
from riskmodel.patient.wording import number, unit_words

_PRINTED = {"<": "<", "<=": "≤", ">": ">", ">=": "≥"}
_MULTIPLES = {
    "uln": "ULN",
    "baseline": "the own baseline",
    "higher": "the higher of ULN and the own baseline",
    "higher_known": "ULN, or of the own baseline where that is higher",
}
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
