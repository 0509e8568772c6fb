"""What the days of a patient look like: CRS, IEC-HS, both or neither.

What is counted, for how long it stands and how many signs make a picture stands in course.toml.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.arrays import Codes, Flags, Floats, States
from riskmodel.cohort import Cohort
from riskmodel.criteria.definitions.definition import Definition
from riskmodel.criteria.definitions.registry import definition_names, load_definition
from riskmodel.criteria.evaluation import evaluate_signs
from riskmodel.criteria.intervals import Moments, moments
from riskmodel.criteria.outcome import observed_until
from riskmodel.criteria.signs.after_crs import AfterCrsTable, Rebound
from riskmodel.criteria.signs.cytopenia import CYTOPENIA_RULES
from riskmodel.criteria.signs.sign import NormalTable, Shared
from riskmodel.criteria.toml_table import (
    Comparison,
    EventName,
    Events,
    Sourced,
    Texts,
    Whole,
    among,
    sentences,
)
from riskmodel.criteria.truth import (
    MET,
    NOT_ASSESSABLE,
    NOT_MET,
    STATE_NAMES,
    any_of,
    at_least,
)
from riskmodel.files import read_toml
from riskmodel.toml_model import Table, read

PICTURES = CRS_LIKE, IEC_HS_LIKE, BOTH, NEITHER, UNKNOWN = (
    "crs_like",
    "iec_hs_like",
    "both",
    "neither",
    "not_assessable",
)
CRS_SIGNS = ("crs", "fever")
IEC_HS_SIGNS = (
    "ferritin",
    "fibrinogen",
    "tissue_damage",
    "cytopenias",
    "rebound",
    "poor_response",
)
ACCOMPANYING = ("ferritin_moderate", "fibrinogen_kept", "response")
"""What speaks for CRS beside its signs: named where it holds, never counted."""


class _Days(Sourced):
    last: Whole


class Picture(Sourced):
    """How many of some signs make a picture, and on which days (both ends included)."""

    signs: Annotated[Texts, among(lambda: (*CRS_SIGNS, *IEC_HS_SIGNS))]
    at_least: Whole
    first_day: float = -np.inf
    last_day: float = np.inf


class Standing(Sourced):
    """An event that stands for some hours, that age included."""

    event: EventName
    standing_hours: float


class _Cytopenias(Sourced):
    part: str
    before: Annotated[str, among(lambda: CYTOPENIA_RULES)]
    after: Annotated[str, among(lambda: CYTOPENIA_RULES)]
    expected_recovery_day: float


class Response(Sourced):
    """What follows a dose: a signal from `from_hours` to `to_hours` after it is a poor response."""

    drug: EventName
    signals: Events
    from_hours: float
    to_hours: float
    standing_hours: float


class _Prolonged(Sourced):
    comparison: Comparison
    days: float
    longest_gap_hours: float


class _Signs(Table):
    crs: Standing
    fever: Standing
    ldh: NormalTable
    cytopenias: _Cytopenias
    rebound: Rebound
    poor_response: Response
    new_after_crs: AfterCrsTable


class CourseRules(Sourced):
    """Everything that course.toml says."""

    definition: Annotated[str, among(definition_names)]
    days: _Days
    crs_like: Picture
    iec_hs_like: Picture
    signs: _Signs
    prolonged_cytopenia: _Prolonged

    @property
    def last_day(self) -> int:
        """Last day that is judged, included."""
        return self.days.last

    @property
    def recovery_hours(self) -> float:
        """When counts are expected to have recovered."""
        return 24 * self.signs.cytopenias.expected_recovery_day


@cache
def course_rules() -> CourseRules:
    """Read course.toml.

    Raises
    ------
    SchemaError
        With every key that is missing, mistyped or left over.

    Examples
    --------
    >>> course_rules().crs_like.last_day
    10.0
    """
    return parsed(read_toml(Path(__file__).with_name("course.toml")))


def parsed(table: Mapping[str, Any]) -> CourseRules:
    """The rules of a parsed course.toml (see `course_rules`)."""
    return read(CourseRules, table, lambda found: sentences("course", found))


def daily_picture(cohort: Cohort, *, last_day: int | None = None) -> pd.DataFrame:
    """Whether each day looks like CRS, like IEC-HS, like both or like neither, and by what.

    Day k is judged at hour 24·k by records at or before it. An event that is not recorded did
    not happen; a result that is missing, or too old, leaves its sign not assessable.

    Parameters
    ----------
    cohort : Cohort
    last_day : int, optional
        Included; by default that of course.toml. No day after a patient's last record is judged.

    Returns
    -------
    DataFrame, one row per patient and day, in their order
        ``patient_id, day, hours, picture`` (one of `PICTURES`; ``neither`` only where IEC-HS-like
        was excluded), ``crs_state, iec_hs_state``, and tuples of names of signs:
        ``crs_signs`` and ``iec_hs_signs`` that hold (`ACCOMPANYING` only on a CRS-like day), and
        ``not_assessable_signs``.
    """
    rules = course_rules()
    last = rules.last_day if last_day is None else last_day
    when = moments(cohort)
    days = np.minimum(np.floor(observed_until(when) / 24), last).astype(np.int64) + 1
    patient = np.repeat(np.arange(len(cohort)), days)
    day = np.arange(len(patient)) - np.repeat(np.cumsum(days) - days, days)
    hours = (24 * day).astype(np.float64)
    signs = _states(cohort, rules, when, patient, hours)
    crs = _picture(rules.crs_like, signs, day)
    iec_hs = _picture(rules.iec_hs_like, signs, day)
    named = np.where(
        crs == MET,
        np.where(iec_hs == MET, BOTH, CRS_LIKE),
        np.where(iec_hs == MET, IEC_HS_LIKE, np.where(iec_hs == NOT_MET, NEITHER, UNKNOWN)),
    )
    shown = {name: signs[name] == MET for name in (*rules.crs_like.signs, *ACCOMPANYING)}
    for name in ACCOMPANYING:
        shown[name] &= crs == MET
    unknown = {name: signs[name] == NOT_ASSESSABLE for name in rules.iec_hs_like.signs}
    columns = {
        "patient_id": cohort.patient_id[patient],
        "day": day,
        "hours": hours,
        "picture": named,
        "crs_state": state_names(crs),
        "iec_hs_state": state_names(iec_hs),
        "crs_signs": _named(shown),
        "iec_hs_signs": _named({name: signs[name] == MET for name in rules.iec_hs_like.signs}),
        "not_assessable_signs": _named(unknown),
    }
    texts = ("patient_id", "picture", "crs_state", "iec_hs_state")
    return pd.DataFrame(columns).astype(dict.fromkeys(texts, "str"))


def _picture(picture: Picture, signs: dict[str, States], day: Codes) -> States:
    in_time = (day >= picture.first_day) & (day <= picture.last_day)
    enough = at_least(np.column_stack([signs[name] for name in picture.signs]), picture.at_least)
    return np.where(in_time, enough, NOT_MET).astype(np.int8)


def state_names(states: States) -> npt.NDArray[np.object_]:
    """States in words."""
    words = [STATE_NAMES[state] for state in (NOT_ASSESSABLE, NOT_MET, MET)]
    return np.array(words, dtype=object)[states + 1]


def _named(found: dict[str, Flags]) -> npt.NDArray[np.object_]:
    """Names of the flags that are set, a tuple a row."""
    rows = zip(*found.values(), strict=True)
    named = (tuple(n for n, there in zip(found, row, strict=True) if there) for row in rows)
    return np.fromiter(named, dtype=object)


def _states(
    cohort: Cohort, rules: CourseRules, when: Moments, patient: Codes, hours: Floats
) -> dict[str, States]:
    """State of every sign of both pictures at q asked times."""
    # Without a target antigen the definition reads ferritin by either of its rules.
    low = rules.signs.cytopenias
    anyone = replace(cohort, patients=cohort.patients.assign(target_antigen=np.nan))
    early = evaluate_signs(anyone, _definition(rules), low.before)
    states = early.standing(patient, hours).states
    late = evaluate_signs(anyone, rules.definition, low.after)
    late_states = late.standing(patient, hours).states
    found = dict(zip(early.signs, states.T, strict=True))
    recovered = hours >= rules.recovery_hours
    part = [part.name for part in late.definition.parts].index(low.part)
    crs_rule, fever_rule = rules.signs.crs, rules.signs.fever
    crs = _stands(cohort, when, (crs_rule.event,), crs_rule.standing_hours, patient, hours)
    fever = _stands(cohort, when, (fever_rule.event,), fever_rule.standing_hours, patient, hours)
    poor, response = _response(cohort, rules, when, patient, hours)
    return {
        "crs": crs.astype(np.int8),
        "fever": fever.astype(np.int8),
        "ferritin_moderate": (found["ferritin"] == NOT_MET).astype(np.int8),
        "fibrinogen_kept": (found["fibrinogen"] == NOT_MET).astype(np.int8),
        "response": response.astype(np.int8),
        "ferritin": found["ferritin"],
        "fibrinogen": found["fibrinogen"],
        "tissue_damage": any_of(found["ldh"], found["transaminases"]),
        "cytopenias": np.where(
            recovered,
            late.definition.part_states(late_states)[:, part],
            early.definition.part_states(states)[:, part],
        ).astype(np.int8),
        "rebound": found["rebound"],
        "poor_response": poor.astype(np.int8),
    }


def _definition(rules: CourseRules) -> Definition:
    """The definition whose limits are used, with the two results that it does not read."""
    base = load_definition(rules.definition)
    ldh = rules.signs.ldh.sign("ldh", Shared())
    return replace(base, readers=(*base.readers, ldh, rules.signs.rebound))


def _latest(
    cohort: Cohort, when: Moments, names: Sequence[str], patient: Codes, hours: Floats
) -> Floats:
    """Hour of the last of some events at or before each asked time, -inf where there is none."""
    return _latest_of(cohort.happened, when, names, patient, hours)


def _latest_of(
    events: pd.DataFrame, when: Moments, names: Sequence[str], patient: Codes, hours: Floats
) -> Floats:
    events = events[events["event"].isin(names).to_numpy(dtype=bool)]
    at = events["hours"].to_numpy(dtype=np.float64)
    records = when.keys(events["patient"].to_numpy(dtype=np.int64), at)
    position = when.latest(records, when.keys(patient, hours))
    found = np.full(len(hours), -np.inf)
    found[position >= 0] = at[position[position >= 0]]
    return found


def _stands(
    cohort: Cohort,
    when: Moments,
    names: Sequence[str],
    standing_hours: float,
    patient: Codes,
    hours: Floats,
) -> Flags:
    """Whether an event stands at each asked time: not too long ago, and not ended since."""
    begun = _latest(cohort, when, names, patient, hours)
    ends = cohort.events[(cohort.events["grade"] == 0).to_numpy(dtype=bool)]
    ended = _latest_of(ends, when, names, patient, hours) > begun
    return (hours - begun <= standing_hours) & ~ended


def _response(
    cohort: Cohort, rules: CourseRules, when: Moments, patient: Codes, hours: Floats
) -> tuple[Flags, Flags]:
    """Whether a poor response, and whether a good one, stands at each asked time."""
    rule = rules.signs.poor_response

    def dose_before(at: Floats) -> Floats:
        return _latest(cohort, when, (rule.drug,), patient, at - rule.from_hours)

    signal = _latest(cohort, when, rule.signals, patient, hours)
    dose = dose_before(signal)
    followed = np.isfinite(dose) & (signal <= dose + rule.to_hours)
    poor = followed & (hours - signal <= rule.standing_hours)
    dose = dose_before(hours)
    quiet = signal < dose + rule.from_hours
    return poor, np.isfinite(dose) & (hours - dose <= rule.to_hours) & quiet
