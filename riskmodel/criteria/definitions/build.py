"""Read a definition from its file: what the file says, and which reader each kind of sign has."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, model_validator

from riskmodel.criteria.definitions.definition import Definition, Exclusion, Item, Part
from riskmodel.criteria.definitions.points import ItemsTable, ProbabilityTable, Score
from riskmodel.criteria.grading import GradesTable
from riskmodel.criteria.signs.after_crs import CRS_RULES, NEW_AFTER_CRS, OFF, after_crs_sign
from riskmodel.criteria.signs.baseline import NormalLimits
from riskmodel.criteria.signs.cytopenia import (
    CYTOPENIA_RULES,
    CountTable,
    CytopeniaTable,
    SwitchTable,
)
from riskmodel.criteria.signs.events import EventTable, TemperatureTable, UnrecordedTable
from riskmodel.criteria.signs.ferritin import FerritinTable
from riskmodel.criteria.signs.fold_change import LowTable, RelativeTable, RiseTable
from riskmodel.criteria.signs.peaks import PeakSign, WindowTable
from riskmodel.criteria.signs.sign import (
    CohortSign,
    FindingTable,
    LabTable,
    Limit,
    NormalTable,
    Shared,
    SignTable,
)
from riskmodel.criteria.toml_table import (
    Filled,
    SignNames,
    Sourced,
    Whole,
    among,
    sentences,
    unverified,
)
from riskmodel.errors import SchemaError
from riskmodel.toml_model import Fault, Table, faults, must, read, refuse

KINDS: Mapping[str, type[SignTable]] = {
    "limit": LabTable,
    "limit_or_low": LowTable,
    "limit_of_normal": NormalTable,
    "relative": RelativeTable,
    "rise": RiseTable,
    "ferritin_by_target": FerritinTable,
    "cytopenia": CytopeniaTable,
    "count": CountTable,
    "finding": FindingTable,
    "events": EventTable,
    "temperature": TemperatureTable,
    "unrecorded": UnrecordedTable,
}
"""Table of each kind of sign that a definition's file may hold."""


class _OnsetTable(Sourced):
    from_hours: float


class _ExclusionTable(Sourced):
    window_hours: float
    not_routine: SignNames


class _ItemTable(Sourced):
    points: Whole = 1
    at_least: Whole
    signs: Annotated[SignNames, Filled]


class _PartTable(Sourced):
    """Its signs count one point each; an inner table is an item of several, or of other points."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, _ItemTable] = Field(init=False)

    at_least: Whole
    operational: Annotated[bool, must("true, or left out", bool)] = False
    signs: Annotated[SignNames, Filled] | None = None

    @model_validator(mode="after")
    def _counts_something(self) -> "_PartTable":
        if self.signs is None and not self.__pydantic_extra__:
            raise refuse("a table with 'signs'")
        return self

    def part(self, name: str) -> Part:
        """As the definition reads it."""
        items = [Item(sign, 1, 1, (sign,)) for sign in self.signs or ()]
        for inner, item in self.__pydantic_extra__.items():
            items.append(Item(inner, item.points, item.at_least, tuple(item.signs)))
        return Part(name, self.at_least, tuple(items), self.operational)


def _known_windows(windows: dict[str, WindowTable], info: ValidationInfo) -> dict[str, WindowTable]:
    asked = set((info.context or {}).get("windows", ()))
    if asked != set(windows):
        raise refuse(f"the windows that signs are reached in: {', '.join(sorted(asked)) or 'none'}")
    return windows


class _CourseTable(Sourced):
    require_new_after_crs: Annotated[str, among(lambda: CRS_RULES)]


class _File(Table):
    """Everything that the file of a definition says."""

    name: str
    title: str
    version: str
    source: str
    onset: _OnsetTable
    parts: dict[str, _PartTable]
    exclusion: _ExclusionTable
    signs: dict[str, dict[str, Any]]
    windows: Annotated[dict[str, WindowTable], AfterValidator(_known_windows)] = Field(
        default={}, validate_default=True
    )
    default_uln: NormalLimits | None = None
    course: _CourseTable | None = None
    cytopenia_switch: SwitchTable | None = None
    grades: GradesTable | None = None
    items: ItemsTable | None = None
    probability: ProbabilityTable | None = None


def read_definition(
    table: Mapping[str, Any], where: str, crs_rule: str | None = None
) -> Definition:
    """The definition of a parsed file.

    Parameters
    ----------
    table : mapping
    where : str
        How messages name it.
    crs_rule : str or None
        Position of its switch ``require_new_after_crs`` other than the file's own, which then
        stands in its name.

    Raises
    ------
    SchemaError
        With every key that is missing, mistyped or without a use; for a position that it does not
        have.
    """
    signs, found = _signs(table)
    context = {
        "signs": tuple(_tables(table, "signs")),
        "windows": [sign.reached_in for sign in signs.values() if sign.reached_in],
        "points": [
            row for part in _tables(table, "parts") for row in _tables(table["parts"], part)
        ],
    }
    found = [*faults(_File, table, context), *found]
    if found:
        raise sentences(where, found)
    file = read(_File, table, lambda seen: sentences(where, seen), context)
    switch = None if file.cytopenia_switch is None else file.cytopenia_switch.switch
    normal = {} if file.default_uln is None else file.default_uln.limits
    lineage = None if file.cytopenia_switch is None else signs[file.cytopenia_switch.picture]
    picture = lineage.lab(lineage.kind) if isinstance(lineage, CytopeniaTable) else None
    shared = Shared(normal, switch, picture)
    readers = tuple(_reader(name, sign, shared, file) for name, sign in signs.items())
    parts = tuple(part.part(name) for name, part in file.parts.items())
    default = "" if file.course is None else file.course.require_new_after_crs
    position = default if crs_rule is None else crs_rule
    if crs_rule is not None and (not default or crs_rule not in CRS_RULES):
        allowed = ", ".join(f"{where}/{rule}" for rule in CRS_RULES) if default else where
        raise SchemaError(f"Definition '{where}/{crs_rule}' is unknown. Allowed: {allowed}.")
    course: dict[str, tuple[Limit, ...]] = {}
    reported: dict[str, tuple[str, ...]] = {}
    if position not in ("", OFF):
        guard = after_crs_sign(position)
        readers = (*readers, guard)
        course, reported = {NEW_AFTER_CRS: ()}, {NEW_AFTER_CRS: (guard.rules.event,)}
        parts = (*parts, Part("course", 1, (Item(NEW_AFTER_CRS, 1, 1, (NEW_AFTER_CRS,)),)))
    rules: tuple[str, ...] = ()
    if switch is not None:
        rules = (switch.default, *(rule for rule in CYTOPENIA_RULES if rule != switch.default))
    definition = Definition(
        name=file.name if position == default else f"{file.name}/{position}",
        title=file.title,
        version=file.version,
        source=file.source,
        readers=readers,
        parts=parts,
        from_hours=file.onset.from_hours,
        exclusion=Exclusion(
            file.exclusion.window_hours, tuple(file.exclusion.not_routine), file.exclusion.source
        ),
        cytopenia_rules=rules,
        crs_rule=position,
        limits={name: sign.limits for name, sign in signs.items()} | course,
        reported={name: sign.reported for name, sign in signs.items()} | reported,
        grading=None if file.grades is None else file.grades.grading,
        unverified=unverified(table),
    )
    if file.items is None or file.probability is None:
        return definition
    chances = file.probability
    score = Score(
        parts[0],
        definition.signs,
        file.items.members,
        tuple(chances.totals),
        tuple(chances.percent),
    )
    return replace(definition, scores=score.columns)


def _tables(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """An inner table; empty where there is none: the file's own model says so."""
    found = table.get(key)
    return found if isinstance(found, Mapping) else {}


def _signs(table: Mapping[str, Any]) -> tuple[dict[str, SignTable], list[Fault]]:
    """The signs in the order of the file, and what is wrong with the others."""
    signs: dict[str, SignTable] = {}
    found: list[Fault] = []
    for name, entry in _tables(table, "signs").items():
        if not isinstance(entry, Mapping):
            continue  # the file's own model says so
        model = KINDS.get(str(entry.get("kind")))
        if "kind" not in entry:
            found.append(Fault(("signs", name, "kind"), "missing"))
        elif model is None:
            words = f"one of {', '.join(KINDS)}"
            found.append(Fault(("signs", name, "kind"), "wrong", words, entry["kind"]))
        else:
            wrong = faults(model, entry)
            found += [replace(fault, path=("signs", name, *fault.path)) for fault in wrong]
            if not wrong:
                signs[name] = model.model_validate(entry)
    picture = _tables(table, "cytopenia_switch").get("picture", "")
    lineages = [name for name, sign in signs.items() if sign.kind == "cytopenia"]
    if picture and picture not in lineages:
        words = f"one of {', '.join(lineages)}"
        found.append(Fault(("cytopenia_switch", "picture"), "wrong", words, picture))
    if "cytopenia_switch" not in table and "cytopenia" in {sign.kind for sign in signs.values()}:
        found.append(Fault(("cytopenia_switch",), "missing"))
    return signs, found


def _reader(name: str, sign: SignTable, shared: Shared, file: _File) -> CohortSign:
    reader = sign.sign(name, shared)
    if not sign.reached_in:
        return reader
    # A first sample says nothing about a rise before it.
    counts = not isinstance(sign, RiseTable)
    return PeakSign(reader, file.windows[sign.reached_in].window, first_counts=counts)
