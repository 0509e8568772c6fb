"""Plain words for a page: numbers with units, times, risks, and what codes stand for."""

import math
import re

from riskmodel.criteria import MET, NOT_ASSESSABLE, NOT_MET
from riskmodel.features import Feature
from riskmodel.models import HARDLY, odds, percent, risk_of
from riskmodel.scoring import Finding, OutOfScope

COURSE_EVIDENCE = {
    ("crs", NOT_MET): "severe CRS",
    ("crs", MET): "CRS, not severe",
    ("crs", NOT_ASSESSABLE): "CRS of unknown grade",
    ("rebound", MET): "a marker fell and rose again",
    ("rebound", NOT_MET): "no marker fell and rose again",
    ("rebound", NOT_ASSESSABLE): "whether a marker rose again cannot be judged",
}
"""What tells CRS from what is new after it, by series and state."""
NO_CRS = "no severe CRS recorded"
RULE_WORDS = {
    "recovery": "counts only after a nadir and a recovery since lymphodepletion",
    "infusion": "counts once the value stood at or above the limit since the infusion",
    "worsening": (
        "counts once the value stood at or above the limit since the infusion, or has fallen by "
        "half or more from the patient's own highest value since then; low neutrophils "
        "count after a recovery or from day 9 on: their nadir before it is expected"
    ),
    "any": "counts whenever the value is below the limit",
}
SCOPE_WORDS = {
    "onset_known": "by this time IEC-HS had already begun by the model's own label",
    "dead": "by this time the patient had died",
    "transplant": "by this time a transplant had ended the time at risk",
    "new_cell_therapy": "by this time a new cell therapy had ended the time at risk",
    "autoimmune_indication": "the indication is autoimmune, for which this model gives no risk",
    "onset_recorded": "by this time an adjudicated IEC-HS onset was recorded",
}
COLUMN_LABELS = {
    "product": "product",
    "target_antigen": "target antigen",
    "costimulatory_domain": "costimulatory domain",
    "disease": "disease",
}
_UNITS = {
    "10*9/L": "×10⁹/L",
    "10^6 CAR+ cells per kg": "million CAR+ cells per kg",
    "ng/mL per h": "ng/mL per hour",
    "/uL": "cells/µL",
    "cells/uL": "cells/µL",
    "ng/mL{FEU}": "ng/mL FEU",
    "ratio": "",
    "1": "",
}
_UNRECORDED = {  # an event that is not in the records may still have happened
    "event_seen": "none recorded",
    "highest_grade": "none recorded",
    "days_since_first": "none recorded, or begun now",
}
_LOG = ("log10", "log2", "log10_plus_1")
_STEADY = 0.1  # doublings a day under which a trend is called steady
_SAME = 1.005  # a rebound ratio up to which nothing rose again


def number(value: float) -> str:
    """A number as people write it: three significant digits, thousands separated.

    Examples
    --------
    >>> number(217412), number(12.34), number(0.0456), number(5.0)
    ('217,412', '12.3', '0.0456', '5')
    """
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def unit_words(unit: str) -> str:
    """A unit as it is printed on a page.

    Examples
    --------
    >>> unit_words("10*9/L"), unit_words("ng/mL"), unit_words("ratio")
    ('×10⁹/L', 'ng/mL', '')
    """
    return _UNITS.get(unit, unit)


def with_unit(value: float, unit: str, comparator: str = "") -> str:
    """A result with its unit; `comparator` is that of a bound.

    Examples
    --------
    >>> with_unit(100000, "ng/mL", ">")
    '> 100,000 ng/mL'
    """
    shown = f"{comparator} {number(value)}".strip()
    return f"{shown} {unit_words(unit)}".strip()


def natural(feature: Feature, value: float) -> str:
    """A feature's value in its natural unit, the transform undone; ``unknown`` where missing.

    Parameters
    ----------
    feature : Feature
    value : float
        As in the feature matrix.
    """
    if math.isnan(value):
        return "unknown"
    if value == 0 and feature.builder in _UNRECORDED:
        return _UNRECORDED[feature.builder]
    if value == feature.parameters.get("none"):
        return "none recorded"
    if feature.transform in _LOG:
        raw = {"log10": 10.0**value, "log2": 2.0**value}.get(feature.transform, 10.0**value - 1.0)
        inner = feature.unit.partition("(")[2].rpartition(")")[0].removesuffix(" + 1")
        if feature.builder == "rebound" and raw <= _SAME:
            return "not seen"
        if inner.startswith("ratio to "):
            return ratio(raw, inner.removeprefix("ratio to "))
        return with_unit(max(raw, 0.0), inner)
    return _untransformed(feature, value)


def _untransformed(feature: Feature, value: float) -> str:
    unit = feature.unit
    if unit == "log-odds":
        return f"reported in {percent(risk_of(value))}"
    if unit == "0/1":
        return "yes" if value else "no"
    if unit == "doublings per day":
        return trend(value)
    if unit.startswith("grade"):
        return f"grade {value:.0f}" if value else "none"
    if unit.startswith("1 ("):
        return f"{value:.2g} on a scale of {unit.removeprefix('1 (').removesuffix(')')}"
    if unit.startswith("h at"):
        return f"{value:.0f} h{unit.removeprefix('h').replace('>=', '≥')}"
    if unit in ("h", "days"):
        value = round(value, 1)
    if value == 1 and unit in ("days", "years", "lines", "signs"):
        unit = unit.removesuffix("s")
    return with_unit(value, unit)


def ratio(times: float, reference: str) -> str:
    """A ratio to something earlier.

    Examples
    --------
    >>> ratio(11.83, "before infusion"), ratio(0.373, "the low after a first fall")
    ('12 times the value before infusion', '37% of the low after a first fall')
    """
    article = "" if reference.startswith("the ") else "the value "
    shown = f"{100 * times:.2g}% of" if times < 0.95 else f"{float(f'{times:.2g}'):,g} times"
    return f"{shown} {article}{reference}"


def trend(doublings_per_day: float) -> str:
    """A slope in doublings a day as the time to double or halve.

    Examples
    --------
    >>> trend(2.0), trend(-0.25), trend(0.02)
    ('doubling every 12 h', 'halving every 4 days', 'steady')
    """
    if abs(doublings_per_day) < _STEADY:
        return "steady"
    verb = "doubling" if doublings_per_day > 0 else "halving"
    hours = 24 / abs(doublings_per_day)
    return f"{verb} every {hours:.0f} h" if hours < 48 else f"{verb} every {hours / 24:.0f} days"


def odds_words(contribution: float) -> str:
    """What a contribution, in log-odds, does to the risk.

    Examples
    --------
    >>> odds_words(0.588), odds_words(-0.3), odds_words(0.01)
    ('raises the risk, ×1.8 odds', 'lowers the risk, ×0.74 odds', 'hardly changes the risk')
    """
    if abs(contribution) < HARDLY:
        return "hardly changes the risk"
    verb = "raises" if contribution > 0 else "lowers"
    return f"{verb} the risk, ×{odds(contribution)} odds"


def finding_words(finding: Finding) -> str:
    """What there is to say of a score row, for a reader.

    Examples
    --------
    >>> from riskmodel.scoring import OutOfScope
    >>> finding_words(OutOfScope("dead"))
    'by this time the patient had died'
    """
    if not isinstance(finding, OutOfScope):
        return str(finding)
    words = SCOPE_WORDS.get(finding.code, finding.code)
    return f"{words}: {finding.said}" if finding.said else words


def cited(source: str) -> str:
    """A source without the section of the project's own collection, which a reader has not.

    Examples
    --------
    >>> cited("Pennisi 2021, PMC8525234 (EVIDENCE.md C.1)"), cited("A page, 2025-06-15 (A.2)")
    ('Pennisi 2021, PMC8525234', 'A page, 2025-06-15')
    """
    return re.sub(r" \((EVIDENCE\.md )?[A-G](\.\d+)?(, [A-G](\.\d+)?)*\)", "", source)


def frequency(risk: float) -> str:
    """A risk as a natural frequency.

    Examples
    --------
    >>> frequency(0.123), frequency(0.0042), frequency(0.00002), frequency(0.999)
    ('About 12 of 100', 'About 4 of 1,000', 'Fewer than 1 of 1,000', 'More than 99 of 100')
    """
    if risk >= 0.995:
        return "More than 99 of 100"
    if risk >= 0.0095:
        return f"About {100 * risk:.0f} of 100"
    if risk >= 0.0005:
        return f"About {1000 * risk:.0f} of 1,000"
    return "Fewer than 1 of 1,000"


def frequency_range(low: float, high: float) -> str:
    """An interval as natural frequencies of one denominator, so that its ends can be compared.

    Examples
    --------
    >>> frequency_range(0.036, 0.19), frequency_range(0.0081, 0.15), frequency_range(0.22, 0.999)
    ('about 4 to 19 of 100', 'about 8 to 150 of 1,000', 'about 22 to more than 99 of 100')
    >>> frequency_range(0.00002, 0.0301), frequency_range(0.00001, 0.0004)
    ('fewer than 1 to about 30 of 1,000', 'fewer than 1 of 1,000')
    """
    per = 1000 if low < 0.0095 else 100
    if high < 0.0005:
        return "fewer than 1 of 1,000"
    least = f"about {per * low:.0f}" if low >= 0.0005 else "fewer than 1"
    most = f"{per * high:.0f}" if high < 0.995 else f"more than {0.99 * per:.0f}"
    if low < 0.0005 and high < 0.995:
        most = f"about {most}"
    return f"{least} to {most} of {per:,}"


def when(hours: float) -> str:
    """A time from the infusion in days; whole days without a decimal.

    Examples
    --------
    >>> when(144), when(150), when(-12), when(0), when(0.5)
    ('day 6', 'day 6.2', 'day -0.5', 'day 0', 'day 0.02')
    """
    days = hours / 24
    digits = 2 if 0 < abs(days) < 0.1 else 1
    shown = f"{days:.{digits}f}".rstrip("0").rstrip(".") if days else "0"
    return f"day {shown}"


def ago(hours: float) -> str:
    """How long before the prediction time.

    Examples
    --------
    >>> ago(0), ago(5.2), ago(72)
    ('at the prediction time', '5 h earlier', '3 days earlier')
    """
    if hours < 0.5:
        return "at the prediction time"
    return f"{hours:.0f} h earlier" if hours < 48 else f"{hours / 24:.0f} days earlier"


def prediction_words(hours: float) -> str:
    """A prediction time, and which records it rests on.

    Examples
    --------
    >>> prediction_words(0)
    'before the infusion (records up to the infusion, hour 0)'
    >>> prediction_words(144)
    'day 6 after the infusion (records up to hour 144)'
    """
    if hours == 0:
        return "before the infusion (records up to the infusion, hour 0)"
    return f"{when(hours)} after the infusion (records up to hour {hours:g})"


def in_sentence(label: str) -> str:
    """A label within a sentence: its first letter small, unless it is an acronym.

    Examples
    --------
    >>> in_sentence("Ferritin"), in_sentence("NK activity"), in_sentence("AST or ALT")
    ('ferritin', 'NK activity', 'AST or ALT')
    """
    head = label.partition(" ")[0]
    return label if head.isupper() or not head[1:].islower() else label[:1].lower() + label[1:]
