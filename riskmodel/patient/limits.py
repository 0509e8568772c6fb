"""What meets each sign of a definition, in words: of a patient, and by the definition's file."""

from dataclasses import dataclass

from riskmodel.cohort import Cohort, analytes
from riskmodel.criteria import NEW_AFTER_CRS, ULN, Definition, Limit, Part, Series, Threshold
from riskmodel.patient.wording import number, unit_words, with_unit

COMPARATOR_SIGNS = {-2: "<", -1: "≤", 0: "", 1: "≥", 2: ">"}
_RECORDED = {
    "hemophagocytosis": "seen in marrow",
    NEW_AFTER_CRS: "in severe CRS only where a marker rose again, or ferritin is beyond it",
}
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


@dataclass(frozen=True)
class Drawn:
    """A limit in the unit of its analyte, in words, and whether its ULN is a default of ours."""

    value: float
    words: str
    default_uln: bool


def limit_of(limit: Threshold, patient: Cohort) -> Drawn | None:
    """A limit for this patient's last result; None where it needs a ULN that nobody gives."""
    sign, unit = _PRINTED[limit.comparison], analytes()[limit.analyte].unit
    if limit.unit != ULN:
        return Drawn(limit.value, f"{sign} {with_unit(limit.value, unit)}", False)
    uln, default = upper_normal(limit.analyte, patient)
    if uln is None:
        return None
    words = f"{sign} {with_unit(limit.value * uln, unit)} ({number(limit.value)} × ULN)"
    if default:
        words = words.replace("ULN)", "ULN, unverified)")
    return Drawn(limit.value * uln, words, default)


def upper_normal(analyte: str, patient: Cohort) -> tuple[float | None, bool]:
    """ULN of the patient's last result, else the default, and whether it is the default."""
    rows = patient.labs[(patient.labs["analyte"] == analyte).to_numpy(dtype=bool)]
    if len(rows):
        last = rows[rows["hours"] == rows["hours"].max()]["reference_high"].max()
        if last > 0:
            return float(last), False
    return analytes()[analyte].uln, True


def ferritin_rule(definition: Definition, patient: Cohort) -> str:
    """``absolute``, ``rate`` or ``either``: what the ferritin sign reads for this target."""
    return definition.ferritin_rule(patient.patients["target_antigen"].iloc[0])


def limits_of(name: str, definition: Definition, patient: Cohort) -> tuple[tuple[str, ...], bool]:
    """What meets a sign of this patient in words, and whether a default ULN is among it."""
    thresholds = definition.thresholds[name]
    if not thresholds:
        return (_RECORDED.get(name, "recorded as an event"),), False
    words, default = [], False
    for limit in thresholds:
        drawn = limit_of(limit, patient)
        if drawn is not None:
            lead = f"{analytes()[limit.analyte].label} " if len(thresholds) > 1 else ""
            words.append(f"{lead}{drawn.words}")
            default |= drawn.default_uln
    lasting = definition.lasting_rise
    if name == "ferritin" and lasting is not None:
        rise = (
            f"rise {_PRINTED[lasting.comparison]} {number(lasting.per_hour)} "
            f"{unit_words('ng/mL per h')} for {_PRINTED[lasting.lasting_comparison]} "
            f"{number(lasting.lasting_hours)} h"
        )
        rule = ferritin_rule(definition, patient)
        if rule == "rate":
            words = [rise]
        elif rule == "either":
            words = [*words, f"or {rise} (the criteria name no rule for this target)"]
    return tuple(words), default


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


def result_words(series: Series, k: int, taken: float, patient: Cohort) -> str:
    """Sample `k` of an analyte, taken at an hour, with its unit; a bound as a bound."""
    labs = patient.labs
    same = ((labs["analyte"] == series.name) & (labs["hours"] == taken)).to_numpy(dtype=bool)
    signs = labs.loc[same, "comparator"].unique()
    bound = COMPARATOR_SIGNS[int(signs[0])] if len(signs) == 1 else ""
    return with_unit(float(series.value[k]), analytes()[series.name].unit, bound)
