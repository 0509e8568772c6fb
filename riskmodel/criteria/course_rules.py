"""What course.toml says: signs, how long they stand, and how many make a picture."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from riskmodel.cohort import EVENT_NAMES, Cohort, analytes
from riskmodel.criteria.definitions.registry import definition_names, load_definition
from riskmodel.criteria.intervals import lab_samples, previous, running_max
from riskmodel.criteria.signs.cytopenia import CYTOPENIA_RULES
from riskmodel.criteria.signs.sign import LabSign, Sign, lab_series, read_uln_sign
from riskmodel.criteria.toml_table import Keys
from riskmodel.criteria.truth import decide
from riskmodel.files import read_toml

CRS_SIGNS = ("crs", "fever")
IEC_HS_SIGNS = (
    "ferritin",
    "fibrinogen",
    "tissue_damage",
    "cytopenias",
    "rebound",
    "poor_response",
)
_EVENTS = tuple(sorted(EVENT_NAMES))


@dataclass(frozen=True)
class Picture:
    """How many of some signs make a picture, and on which days (both ends included)."""

    signs: tuple[str, ...]
    at_least: int
    first_day: float = -np.inf
    last_day: float = np.inf


@dataclass(frozen=True)
class Standing:
    """An event that stands for some hours, that age included."""

    event: str
    hours: float


@dataclass(frozen=True)
class Rebound:
    """A marker that fell, then rose again, above a floor in its own unit."""

    fall: float
    rise: float
    floor: Mapping[str, float]
    carry_forward_hours: float

    def judge(self, cohort: Cohort) -> Sign:
        """Judge every result since the infusion; the first of an analyte decides nothing.

        Bounds (``>``) count where every value that they allow shows the rebound.
        """
        series = []
        for name, floor in self.floor.items():
            samples = lab_samples(cohort, name)
            samples = samples.where(samples.hours >= 0)
            patient, found = samples.patient, samples.interval
            peak = previous(running_max(found.low, patient), patient, 0.0)
            fallen = (found.high <= self.fall * peak) & (peak > 0)
            since = running_max(fallen.astype(np.int8), patient) > 0
            trough = -running_max(np.where(since, -found.high, -np.inf), patient)
            lowest = previous(trough, patient, np.inf)
            again = (found.low >= self.rise * lowest) & (found.low > floor)
            open_ended = running_max((found.low != found.high).astype(np.int8), patient) > 0
            first = previous(np.ones(len(samples), dtype=np.int8), patient, 0) == 0
            state = decide(again, ~open_ended & ~first)
            series.append(lab_series(samples, name, state, self.carry_forward_hours))
        return Sign("rebound", tuple(series))


@dataclass(frozen=True)
class Response:
    """What follows a dose: a signal from `from_hours` to `to_hours` after it is a poor response."""

    drug: str
    signals: tuple[str, ...]
    from_hours: float
    to_hours: float
    standing_hours: float


@dataclass(frozen=True)
class Prolonged:
    """How long an unbroken run of low counts must last."""

    comparison: str
    hours: float
    longest_gap_hours: float


@dataclass(frozen=True)
class CourseRules:
    """Everything that course.toml says."""

    definition: str
    last_day: int
    crs_like: Picture
    iec_hs_like: Picture
    crs: Standing
    fever: Standing
    ldh: LabSign
    cytopenia_part: str
    cytopenia_before: str
    cytopenia_after: str
    recovery_hours: float
    rebound: Rebound
    response: Response
    prolonged: Prolonged


@cache
def course_rules() -> CourseRules:
    """Read course.toml.

    Raises
    ------
    SchemaError
        When a key is missing, mistyped or left over.

    Examples
    --------
    >>> course_rules().crs_like.last_day
    10.0
    """
    keys = Keys(read_toml(Path(__file__).with_name("course.toml")), "course")
    keys.text("source")
    days, signs = keys.table("days"), keys.table("signs")
    crs_like, iec_hs_like = keys.table("crs_like"), keys.table("iec_hs_like")
    cytopenias, prolonged = signs.table("cytopenias"), keys.table("prolonged_cytopenia")
    for table in (days, crs_like, iec_hs_like, cytopenias, prolonged):
        table.text("source")
    definition = keys.text("definition", definition_names())
    parts = tuple(part.name for part in load_definition(definition).parts)
    rules = CourseRules(
        definition=definition,
        last_day=days.whole("last"),
        crs_like=Picture(
            crs_like.texts("signs", CRS_SIGNS),
            crs_like.whole("at_least"),
            crs_like.number("first_day"),
            crs_like.number("last_day"),
        ),
        iec_hs_like=Picture(
            iec_hs_like.texts("signs", IEC_HS_SIGNS), iec_hs_like.whole("at_least")
        ),
        crs=_standing(signs.table("crs")),
        fever=_standing(signs.table("fever")),
        ldh=read_uln_sign("ldh", signs.table("ldh")),
        cytopenia_part=cytopenias.text("part", parts),
        cytopenia_before=cytopenias.text("before", CYTOPENIA_RULES),
        cytopenia_after=cytopenias.text("after", CYTOPENIA_RULES),
        recovery_hours=24 * cytopenias.number("expected_recovery_day"),
        rebound=_rebound(signs.table("rebound")),
        response=_response(signs.table("poor_response")),
        prolonged=Prolonged(
            prolonged.comparison("comparison"),
            24 * prolonged.number("days"),
            prolonged.number("longest_gap_hours"),
        ),
    )
    keys.finish()
    return rules


def _standing(keys: Keys) -> Standing:
    keys.text("source")
    return Standing(keys.text("event", _EVENTS), keys.number("standing_hours"))


def _rebound(keys: Keys) -> Rebound:
    keys.text("source")
    floor = keys.table("floor")
    floor.text("source")
    return Rebound(
        keys.number("fall"),
        keys.number("rise"),
        {name: floor.number(name) for name in analytes() if name in floor.names()},
        keys.number("carry_forward_hours"),
    )


def _response(keys: Keys) -> Response:
    keys.text("source")
    return Response(
        keys.text("drug", _EVENTS),
        keys.texts("signals", _EVENTS),
        keys.number("from_hours"),
        keys.number("to_hours"),
        keys.number("standing_hours"),
    )
