"""What the fields of a FHIR R4 resource say, as plain values: texts, codes, times, subjects.

Nothing here trusts its input: a field of another type than the standard's reads as absent.
"""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

Resource = Mapping[str, Any]

_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}(?:T|$)")


def text(value: Any) -> str:
    """A text of one line, empty for anything else."""
    return value.strip() if isinstance(value, str) else ""


def mapping(value: Any) -> Resource:
    """An object, empty for anything else."""
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Resource]:
    """The objects of a list, empty for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def number(value: Any) -> float:
    """A finite number, NaN for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        found = float(value)
    except OverflowError:
        return math.nan
    return found if math.isfinite(found) else math.nan


def codings(concept: Any) -> list[tuple[str, str, str]]:
    """System, code and display of each coding of a CodeableConcept."""
    return [
        (text(c.get("system")), text(c.get("code")), text(c.get("display")))
        for c in listed(mapping(concept).get("coding"))
    ]


Told = tuple[str, tuple[tuple[str, str, str], ...]]
"""A CodeableConcept as one value: its text, and system, code and display of each coding."""


def told(concept: Any) -> Told:
    """A CodeableConcept as a value that what it means can be remembered by."""
    return text(mapping(concept).get("text")), tuple(codings(concept))


def names(concept: Any) -> Iterator[str]:
    """The texts of a CodeableConcept: its own, then those of its codings."""
    own = text(mapping(concept).get("text"))
    if own:
        yield own
    for _, _, display in codings(concept):
        if display:
            yield display


def when(resource: Resource, name: str) -> str:
    """Time of a resource: ``<name>DateTime``, ``Instant`` or the start of ``Period``.

    `issued` is when a result was told, not when the sample was taken, and is not used.
    """
    for ending in ("DateTime", "Instant"):
        found = text(resource.get(name + ending))
        if found:
            return found
    period = mapping(resource.get(f"{name}Period"))
    return text(period.get("start")) or text(period.get("end"))


def time_fault(time: str) -> str:
    """Why a FHIR dateTime is no time of a sample, empty where it is one.

    Examples
    --------
    >>> time_fault("2024-05"), time_fault(""), time_fault("2024-05-13T12:00:00-05")
    ('time_not_a_day', 'time_missing', 'time_unreadable')
    >>> time_fault("2024-05-13T12:00:00-05:00")
    ''
    """
    if not time:
        return "time_missing"
    if _DAY.match(time) is None:
        return "time_not_a_day"
    # FHIR writes -05:00: a bare -05 may as well be the end of something that was cut off.
    return "time_unreadable" if time[-3] in "+-" and len(time) > 13 else ""


def reference(resource: Resource, name: str = "subject") -> str:
    """Reference of a subject as text: literal, or ``identifier`` as ``?system|value``."""
    found = mapping(resource.get(name)) or mapping(resource.get("patient"))
    literal = text(found.get("reference"))
    if literal:
        return literal
    identifier = mapping(found.get("identifier"))
    value = text(identifier.get("value"))
    return f"?{text(identifier.get('system'))}|{value}" if value else ""


def identifiers(resource: Resource) -> list[str]:
    """Business identifiers as ``system|value``."""
    given = resource.get("identifier")
    entries = listed(given) if isinstance(given, list) else listed([given])
    return [f"{text(e.get('system'))}|{text(e['value'])}" for e in entries if text(e.get("value"))]
