"""What the tables of definitions and of the course may hold, and how a fault of them is said."""

from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, ValidationInfo

from riskmodel.cohort import EVENT_NAMES, analytes
from riskmodel.criteria.truth import COMPARISONS
from riskmodel.errors import SchemaError
from riskmodel.toml_model import Fault, Table, must, refuse


def among(allowed: Callable[[], Collection[str]]) -> AfterValidator:
    """A text, or every text of a list, is one of some."""

    def check(value: Any) -> Any:
        names = [value] if isinstance(value, str) else value
        if not set(names) <= set(allowed()):
            lead = "one of" if isinstance(value, str) else "some of"
            raise refuse(f"{lead} {', '.join(allowed())}")
        return value

    return AfterValidator(check)


def _from_one(value: int) -> int:
    if value < 1:
        raise refuse("a whole number from 1")
    return value


def _filled(value: list[str]) -> list[str]:
    if not value:
        raise refuse("a list of at least 1")
    return value


def _sign_names(value: list[str], info: ValidationInfo) -> list[str]:
    known = (info.context or {}).get("signs", ())
    if not set(value) <= set(known):
        raise refuse(f"some of {', '.join(known)}")
    return value


Whole = Annotated[int, AfterValidator(_from_one)]
Texts = Annotated[list[str], must("a list of texts")]
Filled = AfterValidator(_filled)
SignNames = Annotated[Texts, AfterValidator(_sign_names)]
Comparison = Annotated[str, among(lambda: COMPARISONS)]
Above = Annotated[str, among(lambda: (">", ">="))]
EventName = Annotated[str, among(lambda: sorted(EVENT_NAMES))]
Events = Annotated[Texts, among(lambda: sorted(EVENT_NAMES)), Filled]
AnalyteName = Annotated[str, among(analytes)]
Numbers = Annotated[list[float], must("a list of numbers")]


class Sourced(Table):
    """A table that says where its numbers come from.

    Attributes
    ----------
    source : str
    unverified : bool
        Whether what stands in it rests on memory, not on its source.
    """

    source: str
    unverified: Annotated[bool, must("true, or left out", bool)] = False


def canonical(value: str, info: ValidationInfo, per: str = "") -> str:
    """The unit is the canonical one of the table's ``analyte``, which stands before it."""
    analyte = info.data.get("analyte")
    if analyte is not None and value != analytes()[analyte].unit + per:
        raise refuse(f"one of {analytes()[analyte].unit}{per}")
    return value


CanonicalUnit = Annotated[str, AfterValidator(canonical)]
CanonicalRate = Annotated[str, AfterValidator(lambda v, info: canonical(v, info, "/h"))]


def sentences(where: str, found: list[Fault]) -> SchemaError:
    """Every fault of a definition, or of another table of criteria, in a sentence each."""
    said = []
    for fault in found:
        *above, key = fault.path or ("",)
        table = ".".join(map(str, (where, *above)))
        if fault.kind == "missing":
            said.append(f"Definition '{table}' has no key '{key}'. Add it.")
        elif fault.kind == "unknown":
            said.append(f"Definition '{table}' has unknown keys: {key}. Remove them.")
        else:
            seen = "a table" if isinstance(fault.seen, Mapping) else repr(fault.seen)
            said.append(
                f"Definition '{table}' has '{key}' = {seen}; it must be {fault.words}. Correct it."
            )
    return SchemaError(" ".join(said))


def unverified(table: Mapping[str, Any], path: str = "") -> tuple[str, ...]:
    """Paths of the tables that say ``unverified = true``: what judges before what counts it.

    Examples
    --------
    >>> unverified({"signs": {"fever": {"unverified": True}}})
    ('signs.fever',)
    """
    own = (path or "all of it",) if table.get("unverified") is True else ()
    inner = [
        found
        for key, value in sorted(table.items(), key=lambda item: item[0] == "parts")
        if isinstance(value, Mapping)
        for found in unverified(value, f"{path}.{key}".lstrip("."))
    ]
    return (*own, *inner)
